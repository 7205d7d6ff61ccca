-- What the whole journey language needs: where every run stands, how customers go over to a new version, what holds for
-- a workspace, requests for entries on their way to Kafka, and receipts for what was erased.

-- Several decisions of one turn have one time: this tells in which order they were made.
alter table "033_omnichannel_journey_orchestrator_activities" add column sequence bigserial;

-- One row a run: where it stands, by the newest activity that moved it. It refers to a journey without a constraint: the
-- sink holds the journey's row while it writes, and to have PostgreSQL look again for each run took a fifth of the time.
create table "033_omnichannel_journey_orchestrator_runs" (
    run_id       uuid primary key,
    config_id    uuid not null,
    workspace_id varchar(255) not null,
    customer_id  text not null,
    version      int not null,
    step         text not null,
    arm          text not null,
    status       varchar(20) not null check (status in ('under_way', 'ended')),
    reason       text not null default '',
    entered_at   timestamp not null,
    moved_at     timestamp not null
) with (fillfactor = 70); -- a run moves often, and only columns without an index change
comment on column "033_omnichannel_journey_orchestrator_runs".step is 'where it waits; empty for the holdout and when ended';
comment on column "033_omnichannel_journey_orchestrator_runs".reason is 'why it ended';
comment on column "033_omnichannel_journey_orchestrator_runs".entered_at is 'by the first activity that told of the run';

-- Runs that began before this table was there: as sink/positions.py would have it.
insert into "033_omnichannel_journey_orchestrator_runs" (
    run_id, config_id, workspace_id, customer_id, version, step, arm, status, reason, entered_at, moved_at
)
select
    run_id, config_id, workspace_id, customer_id, version,
    case
        when activity_type in ('run_completed', 'run_exited', 'journey_entered') then ''
        when activity_type = 'step_passed' then coalesce(details ->> 'next', step)
        else step
    end,
    arm,
    case when activity_type in ('run_completed', 'run_exited') then 'ended' else 'under_way' end,
    case when activity_type in ('run_completed', 'run_exited') then coalesce(details ->> 'reason', '') else '' end,
    entered_at, created_at
from (
    select
        activities.*,
        min(created_at) over run as entered_at,
        row_number() over (
            run order by activity_type in ('run_completed', 'run_exited') desc, created_at desc, sequence desc
        ) as place
    from "033_omnichannel_journey_orchestrator_activities" as activities
    where run_id is not null
        and activity_type in (
            'journey_entered', 'wait_started', 'send_deferred', 'step_passed', 'run_completed', 'run_exited'
        )
    window run as (partition by run_id)
) as moves
where place = 1;

create index "033_omnichannel_journey_orchestrator_runs_under_way"
    on "033_omnichannel_journey_orchestrator_runs" (config_id) where status = 'under_way';

-- One row a customer and experiment step: the arm they were first given, and whether that run reached the goal after it.
create table "033_omnichannel_journey_orchestrator_exposures" (
    config_id    uuid not null references "033_omnichannel_journey_orchestrator_configs" (id),
    step         text not null,
    customer_id  text not null,
    arm          text not null,
    run_id       uuid not null,
    exposed_at   timestamp not null,
    converted_at timestamp,
    primary key (config_id, customer_id, step)
);
create index "033_omnichannel_journey_orchestrator_exposures_by_run"
    on "033_omnichannel_journey_orchestrator_exposures" (run_id);

-- How many messages of a journey were asked for, and how many met which outcome, by minute: what brakes look at.
create table "033_omnichannel_journey_orchestrator_deliveries" (
    config_id uuid not null references "033_omnichannel_journey_orchestrator_configs" (id),
    minute    timestamp not null,
    outcome   varchar(20) not null,
    messages  bigint not null,
    primary key (config_id, minute, outcome)
);
comment on column "033_omnichannel_journey_orchestrator_deliveries".outcome is
    'asked_for, or what makes a brake trip: bounced, complained, unsubscribed, failed';

-- What the steward has last decided of an experiment.
create table "033_omnichannel_journey_orchestrator_shares" (
    config_id  uuid not null references "033_omnichannel_journey_orchestrator_configs" (id),
    step       text not null,
    epoch      int not null check (epoch >= 1),
    shares     jsonb not null,
    is_final   boolean not null,
    evidence   jsonb not null,
    decided_at timestamp not null,
    primary key (config_id, step)
);

alter table "033_omnichannel_journey_orchestrator_configs"
    add column paused_reason text not null default '',
    add column activated_at timestamp,
    add column resumed_at timestamp;
comment on column "033_omnichannel_journey_orchestrator_configs".paused_reason is
    'when PAUSED by itself: which brake did it, and on what evidence';
comment on column "033_omnichannel_journey_orchestrator_configs".activated_at is 'when it first became ACTIVE';
comment on column "033_omnichannel_journey_orchestrator_configs".resumed_at is
    'when it last became ACTIVE: brakes look at nothing from before';
update "033_omnichannel_journey_orchestrator_configs" set activated_at = created_at, resumed_at = created_at
where status <> 'DRAFT';

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
create index "033_omnichannel_journey_orchestrator_outbox_configs"
    on "033_omnichannel_journey_orchestrator_outbox" (id) where topic is null;

-- What is left of a customer who was erased: that it was done, and when. The hash is of workspace_id:customer_id.
-- The place of the record tells what was written before it, should the topic be read again from there.
create table "033_omnichannel_journey_orchestrator_erasures" (
    receipt         uuid primary key,
    workspace_id    varchar(255) not null,
    customer_sha256 bytea not null check (octet_length(customer_sha256) = 32),
    requested_at    timestamp not null,
    decided_at      timestamp not null,
    topic           varchar(255) not null,
    partition       int not null,
    "offset"        bigint not null,
    erased_at       timestamp not null default now(),
    rows            jsonb not null default '{}'
);
comment on column "033_omnichannel_journey_orchestrator_erasures".rows is 'how many were deleted, by table';
create index "033_omnichannel_journey_orchestrator_erasures_by_place"
    on "033_omnichannel_journey_orchestrator_erasures" (topic, partition, "offset");
create index "033_omnichannel_journey_orchestrator_erasures_by_customer"
    on "033_omnichannel_journey_orchestrator_erasures" (customer_sha256);
create index "033_omnichannel_journey_orchestrator_refusals_by_key"
    on "033_omnichannel_journey_orchestrator_refusals" using hash (key);
