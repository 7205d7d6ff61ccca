-- A second wall between workspaces, a record of who changed what, changes that wait for a second person, and answers kept
-- for requests that come again.

-- ── who changed what ────────────────────────────────────────────────────────────────────────────────────────────────

create table "033_omnichannel_journey_orchestrator_audit" (
    id           bigserial primary key,
    workspace_id varchar(255) not null,
    at           timestamp not null default clock_timestamp(),
    author_id    text not null,
    author_name  text not null,
    action       varchar(50) not null,
    subject_id   text not null,
    before       jsonb not null,
    after        jsonb not null,
    request_id   text not null default ''
);
comment on column "033_omnichannel_journey_orchestrator_audit".author_id is
    'the id of an API key, the subject of an access token, or steward';
comment on column "033_omnichannel_journey_orchestrator_audit".subject_id is 'of the journey, key or customer receipt; or workspace';
comment on column "033_omnichannel_journey_orchestrator_audit".before is
    'the fields that changed, as they were; of a definition its version, since versions are kept for ever';
create index "033_omnichannel_journey_orchestrator_audit_latest"
    on "033_omnichannel_journey_orchestrator_audit" (workspace_id, id desc);
create index "033_omnichannel_journey_orchestrator_audit_by_subject"
    on "033_omnichannel_journey_orchestrator_audit" (workspace_id, subject_id, id desc);

-- ── changes that wait for a second person ───────────────────────────────────────────────────────────────────────────

alter table "033_omnichannel_journey_orchestrator_workspaces" add column needs_approval boolean not null default false;
comment on column "033_omnichannel_journey_orchestrator_workspaces".needs_approval is
    'what reaches customers anew is published by a second person';

create table "033_omnichannel_journey_orchestrator_proposals" (
    id            uuid primary key default gen_random_uuid(),
    workspace_id  varchar(255) not null,
    config_id     uuid not null references "033_omnichannel_journey_orchestrator_configs" (id),
    patch         jsonb not null,
    etag          text not null,
    author_id     text not null,
    author_name   text not null,
    status        varchar(20) not null default 'open' check (status in ('open', 'approved', 'rejected')),
    reason        text not null default '',
    decider_id    text,
    decider_name  text,
    created_at    timestamp not null default clock_timestamp(),
    decided_at    timestamp
);
comment on column "033_omnichannel_journey_orchestrator_proposals".etag is
    'of the journey as it was: a proposal about a journey that has changed since is not carried out';
create index "033_omnichannel_journey_orchestrator_proposals_latest"
    on "033_omnichannel_journey_orchestrator_proposals" (workspace_id, created_at desc, id desc);
create index "033_omnichannel_journey_orchestrator_proposals_by_journey"
    on "033_omnichannel_journey_orchestrator_proposals" (config_id) where status = 'open';

-- ── requests that come again ────────────────────────────────────────────────────────────────────────────────────────

create table "033_omnichannel_journey_orchestrator_requests" (
    workspace_id varchar(255) not null,
    holder_id    text not null,
    key          varchar(255) not null,
    fingerprint  bytea not null check (octet_length(fingerprint) = 32),
    began_at     timestamp not null default clock_timestamp(),
    status       int,
    headers      jsonb,
    body         bytea,
    primary key (workspace_id, holder_id, key)
);
comment on column "033_omnichannel_journey_orchestrator_requests".key is 'of the header Idempotency-Key';
comment on column "033_omnichannel_journey_orchestrator_requests".status is 'of the answer; null while it is being made';
create index "033_omnichannel_journey_orchestrator_requests_by_age"
    on "033_omnichannel_journey_orchestrator_requests" (began_at);

-- ── API keys that end by themselves ─────────────────────────────────────────────────────────────────────────────────

alter table "033_omnichannel_journey_orchestrator_api_keys" add column expires_at timestamp;

-- ── the wall ────────────────────────────────────────────────────────────────────────────────────────────────────────
-- Each session says for which workspace it works (orchestrator.workspace_id; '*': for all, as the sink does), and sees and
-- writes the rows of no other. It holds for the tables' owner too; a superuser is above it, so the API works as the role
-- below. Who forgets a condition in a query then reads nothing of others.

alter table "033_omnichannel_journey_orchestrator_outbox"
    add column workspace_id varchar(255) not null default coalesce(current_setting('orchestrator.workspace_id', true), '');

do $$
begin
    create role journey_orchestrator_tenant nologin;
exception
    when duplicate_object or unique_violation then null; -- roles are those of the whole server
    when insufficient_privilege then
        raise notice 'this role may not create others: the API must then log in as one that row-level security binds';
end
$$;

do $$
declare
    prefix constant text := '033_omnichannel_journey_orchestrator_';
    mine constant text := 'current_setting(''orchestrator.workspace_id'', true)';
    own constant text[] := array[
        'configs', 'workspaces', 'api_keys', 'activities', 'metrics', 'refusals', 'runs', 'erasures', 'outbox',
        'audit', 'proposals', 'requests'
    ];
    of_journeys constant text[] := array['config_versions', 'participants', 'exposures', 'deliveries', 'shares'];
    part text;
    rule text;
begin
    foreach part in array own || of_journeys loop
        rule := case when part = any(own)
            then format('workspace_id = %s or %s = ''*''', mine, mine)
            else format('%s = ''*'' or config_id in (select id from %I)', mine, prefix || 'configs')
        end;
        execute format('alter table %I enable row level security', prefix || part);
        execute format('alter table %I force row level security', prefix || part);
        execute format('create policy own_workspace on %I using (%s) with check (%s)', prefix || part, rule, rule);
    end loop;
end
$$;

-- What the API does to each table, and no more.
do $$
declare
    prefix constant text := '033_omnichannel_journey_orchestrator_';
    tenant constant text := 'journey_orchestrator_tenant';
    part text;
begin
    if not exists (select from pg_roles where rolname = tenant) then
        return;
    end if;
    for part in select tablename from pg_tables where schemaname = current_schema() and starts_with(tablename, prefix) loop
        execute format('grant select on %I to %I', part, tenant);
    end loop;
    foreach part in array array['configs', 'workspaces', 'api_keys', 'proposals', 'requests'] loop
        execute format('grant insert, update on %I to %I', prefix || part, tenant);
    end loop;
    foreach part in array array['config_versions', 'outbox', 'audit'] loop
        execute format('grant insert on %I to %I', prefix || part, tenant);
    end loop;
    execute format('grant delete on %I to %I', prefix || 'requests', tenant);
    for part in select sequencename from pg_sequences where schemaname = current_schema() and starts_with(sequencename, prefix) loop
        execute format('grant usage on sequence %I to %I', part, tenant);
    end loop;
end
$$;
