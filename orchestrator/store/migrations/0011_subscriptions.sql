-- Who wants the figures of each day sent to an address of theirs, and how the sending goes.

create table "033_omnichannel_journey_orchestrator_subscriptions" (
    id              uuid primary key default gen_random_uuid(),
    workspace_id    varchar(255) not null,
    url             text not null,
    at              varchar(5) not null,
    zone            varchar(100) not null,
    journeys        uuid[],
    secret          bytea not null,
    author_id       text not null,
    author_name     text not null,
    created_at      timestamp not null default clock_timestamp(),
    due_at          timestamp not null,
    next_attempt_at timestamp not null,
    attempts        int not null default 0 check (attempts >= 0),
    last_sent_at    timestamp,
    last_day        date,
    failure         text not null default '',
    failed_day      date
);
comment on column "033_omnichannel_journey_orchestrator_subscriptions".at is 'hours and minutes on the clock of the zone';
comment on column "033_omnichannel_journey_orchestrator_subscriptions".journeys is 'null: all but the archived';
comment on column "033_omnichannel_journey_orchestrator_subscriptions".secret is 'sealed: see store/seal.py';
comment on column "033_omnichannel_journey_orchestrator_subscriptions".due_at is
    'of the message that is sent next: it tells the day before, in the zone';
comment on column "033_omnichannel_journey_orchestrator_subscriptions".next_attempt_at is
    'due_at, or later where that message could not be delivered yet';
comment on column "033_omnichannel_journey_orchestrator_subscriptions".failure is
    'why the last attempt failed; empty: it has not';
comment on column "033_omnichannel_journey_orchestrator_subscriptions".failed_day is
    'the last day whose message was given up';
create index "033_omnichannel_journey_orchestrator_subscriptions_listed"
    on "033_omnichannel_journey_orchestrator_subscriptions" (workspace_id, created_at, id);
create index "033_omnichannel_journey_orchestrator_subscriptions_due"
    on "033_omnichannel_journey_orchestrator_subscriptions" (next_attempt_at);

do $$
declare
    part constant text := '033_omnichannel_journey_orchestrator_subscriptions';
    mine constant text := 'current_setting(''orchestrator.workspace_id'', true)';
    tenant constant text := 'journey_orchestrator_tenant';
    rule constant text := format('workspace_id = %s or %s = ''*''', mine, mine);
begin
    execute format('alter table %I enable row level security', part);
    execute format('alter table %I force row level security', part);
    execute format('create policy own_workspace on %I using (%s) with check (%s)', part, rule, rule);
    if exists (select from pg_roles where rolname = tenant) then
        execute format('grant select, insert, update, delete on %I to %I', part, tenant);
    end if;
end
$$;
