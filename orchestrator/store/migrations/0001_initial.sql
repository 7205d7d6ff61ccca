-- Tables of the journey orchestrator. Their names start with a digit, so every use quotes them.
-- All times are UTC, in columns without a zone; the program's sessions and this database run in UTC.

do $$
begin
    execute format('alter database %I set timezone to ''UTC''', current_database());
exception when insufficient_privilege then
    raise notice 'this role may not set the time zone of the database; sessions outside the program should set UTC';
end
$$;
set timezone to 'UTC';

-- ── what people configure ───────────────────────────────────────────────────────────────────────────────────────────

create table "033_omnichannel_journey_orchestrator_configs" (
    id              uuid primary key default gen_random_uuid(),
    workspace_id    varchar(255) not null,
    campaign_id     varchar(255),
    config          jsonb not null,
    status          varchar(50) not null default 'ACTIVE'
                    check (status in ('DRAFT', 'ACTIVE', 'PAUSED', 'STOPPED', 'ARCHIVED')),
    created_at      timestamp not null default now(),
    updated_at      timestamp not null default now(),
    name            varchar(255) not null default '',
    current_version int not null default 1 check (current_version >= 1),
    drain           boolean not null default false
);
comment on column "033_omnichannel_journey_orchestrator_configs".config is 'the definition of current_version';
comment on column "033_omnichannel_journey_orchestrator_configs".drain is
    'when STOPPED: customers under way finish (true) or leave at their next signal (false)';
create index "033_omnichannel_journey_orchestrator_configs_by_workspace"
    on "033_omnichannel_journey_orchestrator_configs" (workspace_id, created_at desc, id desc);

-- Published definitions never change.
create table "033_omnichannel_journey_orchestrator_config_versions" (
    config_id  uuid not null references "033_omnichannel_journey_orchestrator_configs" (id),
    version    int not null check (version >= 1),
    config     jsonb not null,
    created_at timestamp not null default now(),
    primary key (config_id, version)
);

create table "033_omnichannel_journey_orchestrator_workspaces" (
    workspace_id varchar(255) primary key,
    is_sending   boolean not null default true,
    created_at   timestamp not null default now(),
    updated_at   timestamp not null default now()
);
comment on column "033_omnichannel_journey_orchestrator_workspaces".is_sending is 'false: the kill switch, no command leaves';

-- Config records on their way to Kafka, written in the transaction of the change; the relay deletes what is acknowledged.
create table "033_omnichannel_journey_orchestrator_outbox" (
    id         bigserial primary key,
    key        text not null,
    value      bytea,
    created_at timestamp not null default now()
);

create function "033_omnichannel_journey_orchestrator_outbox_notify"() returns trigger language plpgsql as $$
begin
    perform pg_notify('journey_outbox', '');
    return null;
end
$$;
create trigger "033_omnichannel_journey_orchestrator_outbox_notify"
    after insert on "033_omnichannel_journey_orchestrator_outbox"
    for each statement execute function "033_omnichannel_journey_orchestrator_outbox_notify"();

create table "033_omnichannel_journey_orchestrator_api_keys" (
    id           uuid primary key default gen_random_uuid(),
    workspace_id varchar(255) not null,
    name         varchar(255) not null,
    role         varchar(50) not null,
    sha256       bytea not null unique check (octet_length(sha256) = 32),
    created_at   timestamp not null default now(),
    last_used_at timestamp,
    revoked_at   timestamp
);
comment on column "033_omnichannel_journey_orchestrator_api_keys".sha256 is 'of the key; the key itself is never stored';

-- ── what the sink writes ────────────────────────────────────────────────────────────────────────────────────────────

create table "033_omnichannel_journey_orchestrator_activities" (
    id            uuid primary key default gen_random_uuid(),
    config_id     uuid not null references "033_omnichannel_journey_orchestrator_configs" (id),
    workspace_id  varchar(255) not null,
    activity_type varchar(100) not null,
    details       jsonb not null,
    created_at    timestamp not null default now(),
    customer_id   text,
    run_id        uuid,
    version       int,
    step          text not null default '',
    arm           text not null default '',
    cause         text not null default '',
    recorded_at   timestamp not null default now()
);
comment on column "033_omnichannel_journey_orchestrator_activities".created_at is 'when the decision was made';
comment on column "033_omnichannel_journey_orchestrator_activities".recorded_at is 'when the sink wrote the row';
comment on column "033_omnichannel_journey_orchestrator_activities".cause is 'topic/partition/offset of the record that led to it';
create index "033_omnichannel_journey_orchestrator_activities_latest"
    on "033_omnichannel_journey_orchestrator_activities" (config_id, created_at desc, id desc);
create index "033_omnichannel_journey_orchestrator_activities_by_type"
    on "033_omnichannel_journey_orchestrator_activities" (config_id, activity_type, created_at desc, id desc);
create index "033_omnichannel_journey_orchestrator_activities_by_customer"
    on "033_omnichannel_journey_orchestrator_activities" (workspace_id, customer_id, created_at desc, id desc);

create table "033_omnichannel_journey_orchestrator_metrics" (
    id           uuid primary key default gen_random_uuid(),
    config_id    uuid not null references "033_omnichannel_journey_orchestrator_configs" (id),
    workspace_id varchar(255) not null,
    date         date not null,
    metrics      jsonb not null,
    created_at   timestamp not null default now(),
    updated_at   timestamp not null default now(),
    unique (config_id, date)
);
create index "033_omnichannel_journey_orchestrator_metrics_by_workspace"
    on "033_omnichannel_journey_orchestrator_metrics" (workspace_id, date);

-- One row a customer and journey: who has entered, in which arm, and what they have brought.
create table "033_omnichannel_journey_orchestrator_participants" (
    config_id        uuid not null references "033_omnichannel_journey_orchestrator_configs" (id),
    customer_id      text not null,
    arm              text not null,
    first_entered_at timestamp,
    entries          bigint not null,
    conversions      bigint not null,
    value            numeric not null,
    primary key (config_id, customer_id)
);

create table "033_omnichannel_journey_orchestrator_sink_offsets" (
    "group"     varchar(255) not null,
    topic       varchar(255) not null,
    partition   int not null,
    next_offset bigint not null,
    updated_at  timestamp not null default now(),
    primary key ("group", topic, partition)
);

-- Records the sink could not use, byte for byte. Nothing is lost: they can be read, mended and published again.
create table "033_omnichannel_journey_orchestrator_refusals" (
    id           uuid primary key,
    topic        varchar(255) not null,
    partition    int not null,
    "offset"     bigint not null,
    reason       varchar(100) not null,
    message      text not null,
    workspace_id text,
    journey_id   text,
    key          bytea,
    value        bytea,
    created_at   timestamp not null default now()
);
comment on column "033_omnichannel_journey_orchestrator_refusals".id is
    'follows from topic, partition, offset and value: refusing a record again changes nothing';
create index "033_omnichannel_journey_orchestrator_refusals_by_journey"
    on "033_omnichannel_journey_orchestrator_refusals" (journey_id);
