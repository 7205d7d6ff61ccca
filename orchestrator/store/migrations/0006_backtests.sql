-- Definitions that were run over the history of their workspace, on somebody's request.

create table "033_omnichannel_journey_orchestrator_backtests" (
    id           uuid primary key,
    workspace_id varchar(255) not null,
    config_id    uuid references "033_omnichannel_journey_orchestrator_configs" (id),
    definition   jsonb not null,
    options      jsonb not null,
    author_id    text not null,
    author_name  text not null,
    status       varchar(20) not null default 'RUNNING' check (status in ('RUNNING', 'DONE', 'FAILED', 'CANCELLED')),
    progress     jsonb,
    result       jsonb,
    failure      text not null default '',
    created_at   timestamp not null default clock_timestamp(),
    ended_at     timestamp,
    heartbeat_at timestamp not null default clock_timestamp(),
    check ((status = 'RUNNING') = (ended_at is null))
);
comment on column "033_omnichannel_journey_orchestrator_backtests".config_id is
    'of the journey it is about; null: one that is not yet created';
comment on column "033_omnichannel_journey_orchestrator_backtests".heartbeat_at is
    'when the API process that runs it last said so; one that is silent for long has died';
comment on column "033_omnichannel_journey_orchestrator_backtests".result is
    'figures only: it names no customer, so an erasure need not look here';
create index "033_omnichannel_journey_orchestrator_backtests_latest"
    on "033_omnichannel_journey_orchestrator_backtests" (workspace_id, created_at desc, id desc);
create index "033_omnichannel_journey_orchestrator_backtests_by_age"
    on "033_omnichannel_journey_orchestrator_backtests" (created_at) where status <> 'RUNNING';
create unique index "033_omnichannel_journey_orchestrator_backtests_one_at_a_time"
    on "033_omnichannel_journey_orchestrator_backtests" (workspace_id) where status = 'RUNNING';

do $$
declare
    part constant text := '033_omnichannel_journey_orchestrator_backtests';
    mine constant text := 'current_setting(''orchestrator.workspace_id'', true)';
    tenant constant text := 'journey_orchestrator_tenant';
    rule constant text := format('workspace_id = %s or %s = ''*''', mine, mine);
begin
    execute format('alter table %I enable row level security', part);
    execute format('alter table %I force row level security', part);
    execute format('create policy own_workspace on %I using (%s) with check (%s)', part, rule, rule);
    if exists (select from pg_roles where rolname = tenant) then
        execute format('grant select, insert, update on %I to %I', part, tenant);
    end if;
end
$$;
