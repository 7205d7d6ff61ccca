-- What the whole journey language needs: where every run stands, how customers go over to a new version, what holds for
-- a workspace, requests for entries on their way to Kafka, and receipts for what was erased.

-- Several decisions of one turn have one time: this tells in which order they were made.
alter table "033_omnichannel_journey_orchestrator_activities" add column sequence bigserial;

-- One row a run: where it stands, by the newest activity that moved it.
create table "033_omnichannel_journey_orchestrator_runs" (
    run_id       uuid primary key,
    config_id    uuid not null references "033_omnichannel_journey_orchestrator_configs" (id),
    workspace_id varchar(255) not null,
    customer_id  text not null,
    version      int not null,
    step         text not null,
    arm          text not null,
    status       varchar(20) not null check (status in ('under_way', 'ended')),
    reason       text not null default '',
    moved_at     timestamp not null
) with (fillfactor = 70); -- a run moves often, and only columns without an index change
comment on column "033_omnichannel_journey_orchestrator_runs".step is 'where it waits; empty for the holdout and when ended';
comment on column "033_omnichannel_journey_orchestrator_runs".reason is 'why it ended';
create index "033_omnichannel_journey_orchestrator_runs_by_journey"
    on "033_omnichannel_journey_orchestrator_runs" (config_id);
create index "033_omnichannel_journey_orchestrator_runs_by_customer"
    on "033_omnichannel_journey_orchestrator_runs" (workspace_id, customer_id);

-- How customers on older versions go on when this one is published: see messages/config.py, Migration.
alter table "033_omnichannel_journey_orchestrator_config_versions"
    add column policy varchar(20) not null default 'pin' check (policy in ('pin', 'follow', 'map', 'drain')),
    add column steps jsonb not null default '{}',
    add column drained_at timestamp;
comment on column "033_omnichannel_journey_orchestrator_config_versions".drained_at is
    'of a drain: who is still on an older version then leaves';

alter table "033_omnichannel_journey_orchestrator_workspaces"
    add column holdout_percent double precision not null default 0 check (holdout_percent between 0 and 95),
    add column guardrails jsonb not null default '{}',
    add column costs jsonb not null default '{}';

-- Records for other topics than that of the configs: null is the config topic.
alter table "033_omnichannel_journey_orchestrator_outbox" add column topic varchar(255);
comment on column "033_omnichannel_journey_orchestrator_outbox".topic is 'by role: null or events';
alter table "033_omnichannel_journey_orchestrator_outbox" add column headers jsonb not null default '[]';

-- What is left of a customer who was erased: that it was done, and when. The hash is of workspace_id:customer_id.
create table "033_omnichannel_journey_orchestrator_erasures" (
    receipt         uuid primary key,
    workspace_id    varchar(255) not null,
    customer_sha256 bytea not null check (octet_length(customer_sha256) = 32),
    requested_at    timestamp not null,
    erased_at       timestamp not null default now(),
    activities      bigint not null default 0,
    runs            bigint not null default 0,
    participants    bigint not null default 0
);
