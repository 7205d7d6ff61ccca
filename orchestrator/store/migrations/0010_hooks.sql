-- Webhooks of other systems: how each proves who sends, and what its payloads mean.

create table "033_omnichannel_journey_orchestrator_hooks" (
    id               uuid primary key default gen_random_uuid(),
    workspace_id     varchar(255) not null,
    name             text not null,
    mapping          jsonb not null,
    is_enabled       boolean not null default true,
    secret           bytea not null,
    old_secret       bytea,
    old_secret_until timestamp,
    refusals         jsonb not null default '[]',
    created_at       timestamp not null default clock_timestamp(),
    updated_at       timestamp not null default clock_timestamp(),
    check ((old_secret is null) = (old_secret_until is null))
);
comment on column "033_omnichannel_journey_orchestrator_hooks".secret is
    'sealed (store/seal.py): what the other system signs with';
comment on column "033_omnichannel_journey_orchestrator_hooks".old_secret is
    'sealed: what it signed with before, which counts until old_secret_until';
comment on column "033_omnichannel_journey_orchestrator_hooks".refusals is
    'the newest payloads that could not be used, newest first: when, why, where; nothing of what stood in them';
create index "033_omnichannel_journey_orchestrator_hooks_latest"
    on "033_omnichannel_journey_orchestrator_hooks" (workspace_id, created_at desc, id desc);

do $$
declare
    part constant text := '033_omnichannel_journey_orchestrator_hooks';
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
