-- What reporting systems read: views with stable names in a schema of their own, and who may read which workspace.
--
-- A reader is a login of PostgreSQL that has the views and nothing else (`orchestrator db reader`). The views read the
-- tables as their owner; whose rows they show follows from session_user, which no reader can change: not by SET, not by
-- SET ROLE. What a session says of itself in orchestrator.workspace_id counts only for logins that have the tables.

do $$
begin
    if to_regnamespace('reporting') is null then -- else somebody with the right has made it for us
        create schema reporting;
    end if;
exception when insufficient_privilege then
    raise insufficient_privilege using message = format(
        'this login may not make the schema reporting; an administrator can: create schema reporting authorization %I',
        current_user
    );
end
$$;
comment on schema reporting is
    'the figures of the journey orchestrator, for reporting systems; columns are added, and never renamed or removed within a major version';

create table "033_omnichannel_journey_orchestrator_readers" (
    login        name not null,
    workspace_id varchar(255) not null,
    created_at   timestamp not null default now(),
    primary key (login, workspace_id)
);
comment on table "033_omnichannel_journey_orchestrator_readers" is 'logins that read the views in the schema reporting';
comment on column "033_omnichannel_journey_orchestrator_readers".workspace_id is '*: every workspace';

-- The tables' owner is bound by the wall of migration 0004 unless it is a superuser. So that the views show a reader what
-- is theirs whatever that session says of itself, the owner also sees what the login of the session may read; for any
-- other login that is nothing. Tables without a workspace follow from the journeys that are seen.
do $$
declare
    prefix constant text := '033_omnichannel_journey_orchestrator_';
    mine constant text := 'current_setting(''orchestrator.workspace_id'', true)';
    tenant constant text := 'journey_orchestrator_tenant';
    part text;
begin
    execute format('alter table %I enable row level security', prefix || 'readers');
    execute format('alter table %I force row level security', prefix || 'readers');
    execute format(
        'create policy own_workspace on %I using (workspace_id = %s or %s = ''*'') with check (workspace_id = %s or %s = ''*'')',
        prefix || 'readers', mine, mine, mine, mine
    );
    execute format(
        'create policy own_login on %I for select to current_user using (login = session_user)', prefix || 'readers'
    );
    foreach part in array array['configs', 'metrics', 'activities', 'runs'] loop
        execute format(
            'create policy reader on %I for select to current_user using ('
            'workspace_id in (select workspace_id from %I where login = session_user) '
            'or ''*'' in (select workspace_id from %I where login = session_user))',
            prefix || part, prefix || 'readers', prefix || 'readers'
        );
    end loop;
    if exists (select from pg_roles where rolname = tenant) then
        execute format('grant select on %I to %I', prefix || 'readers', tenant);
    end if;
end
$$;

-- Which workspaces this session may read; '*': every one. A login that has the tables sees through the views what the
-- wall would show it in the tables.
create view "033_omnichannel_journey_orchestrator_readable" as
select workspace_id::text as workspace_id
from "033_omnichannel_journey_orchestrator_readers"
where login = session_user
union all
select current_setting('orchestrator.workspace_id', true)
where has_table_privilege(session_user, '"033_omnichannel_journey_orchestrator_configs"'::regclass, 'select');

create view reporting.journeys with (security_barrier) as
select
    workspace_id,
    id as journey_id,
    name,
    campaign_id,
    status,
    current_version as version,
    config #>> '{goal,event}' as goal_event,
    config #>> '{goal,window}' as goal_window,
    coalesce((config #>> '{holdout,percent}')::float8, 0) as holdout_percent,
    paused_reason,
    created_at,
    activated_at,
    updated_at
from "033_omnichannel_journey_orchestrator_configs"
where workspace_id in (select workspace_id from "033_omnichannel_journey_orchestrator_readable")
    or '*' in (select workspace_id from "033_omnichannel_journey_orchestrator_readable");

create view reporting.journey_versions with (security_barrier) as
select
    journey.workspace_id,
    version.config_id as journey_id,
    version.version,
    version.created_at,
    version.policy,
    version.config #>> '{goal,event}' as goal_event,
    version.config #>> '{goal,window}' as goal_window,
    coalesce((version.config #>> '{holdout,percent}')::float8, 0) as holdout_percent,
    version.config as definition
from "033_omnichannel_journey_orchestrator_config_versions" as version
join "033_omnichannel_journey_orchestrator_configs" as journey on journey.id = version.config_id
where journey.workspace_id in (select workspace_id from "033_omnichannel_journey_orchestrator_readable")
    or '*' in (select workspace_id from "033_omnichannel_journey_orchestrator_readable");

create view reporting.journey_days with (security_barrier) as
select
    workspace_id,
    config_id as journey_id,
    date,
    entered,
    customers,
    "033_omnichannel_journey_orchestrator_sum_of"(metrics -> 'entry_refused') as entry_refused,
    completed,
    exited,
    sends,
    suppressed,
    "033_omnichannel_journey_orchestrator_sum_of"(metrics -> 'send_deferred') as deferred,
    conversions,
    customers_converted,
    revenue::numeric(38, 6) as revenue,
    cost::numeric(38, 6) as cost
from "033_omnichannel_journey_orchestrator_metrics"
where workspace_id in (select workspace_id from "033_omnichannel_journey_orchestrator_readable")
    or '*' in (select workspace_id from "033_omnichannel_journey_orchestrator_readable");

create view reporting.journey_arm_days with (security_barrier) as
select
    day.workspace_id,
    day.config_id as journey_id,
    day.date,
    arm.key as arm,
    coalesce(counted.entered, 0) as entered,
    coalesce(counted.customers_entered, 0) as customers,
    coalesce(counted.customers_converted, 0) as customers_converted,
    coalesce(counted.goals, 0) as conversions,
    coalesce(counted.value, 0)::numeric(38, 6) as revenue,
    coalesce(counted.cost, 0)::numeric(38, 6) as cost,
    coalesce(counted.value_squares, 0)::float8 as revenue_squares,
    coalesce((counted.past ->> 'customers')::bigint, 0) as past_customers,
    coalesce((counted.past ->> 'events')::bigint, 0) as past_events,
    coalesce((counted.past ->> 'squares')::bigint, 0) as past_squares,
    coalesce((counted.past ->> 'converted')::bigint, 0) as past_converted,
    coalesce((counted.past ->> 'events_of_converted')::bigint, 0) as past_events_of_converted,
    coalesce((counted.baseline ->> 'customers')::bigint, 0) as baseline_customers,
    coalesce((counted.baseline ->> 'before')::bigint, 0) as baseline_before,
    coalesce((counted.baseline ->> 'after')::bigint, 0) as baseline_after,
    coalesce((counted.baseline ->> 'both')::bigint, 0) as baseline_both
from "033_omnichannel_journey_orchestrator_metrics" as day
cross join lateral jsonb_each(day.metrics -> 'arms') as arm
cross join lateral jsonb_to_record(arm.value) as counted (
    entered bigint, customers_entered bigint, customers_converted bigint, goals bigint, value numeric, cost numeric,
    value_squares numeric, past jsonb, baseline jsonb
)
where day.workspace_id in (select workspace_id from "033_omnichannel_journey_orchestrator_readable")
    or '*' in (select workspace_id from "033_omnichannel_journey_orchestrator_readable");

create view reporting.journey_channel_days with (security_barrier) as
select
    day.workspace_id,
    day.config_id as journey_id,
    day.date,
    channel.name as channel,
    coalesce((counted.send_requested ->> channel.name)::bigint, 0) as sends,
    coalesce((counted.suppressed_by_channel ->> channel.name)::bigint, 0) as suppressed,
    coalesce((counted.deferred_by_channel ->> channel.name)::bigint, 0) as deferred,
    coalesce((counted.cost_by_channel ->> channel.name)::numeric, 0)::numeric(38, 6) as cost,
    coalesce(reported.sent, 0) as sent,
    coalesce(reported.delivered, 0) as delivered,
    coalesce(reported.opened, 0) as opened,
    coalesce(reported.clicked, 0) as clicked,
    coalesce(reported.bounced, 0) as bounced,
    coalesce(reported.complained, 0) as complained,
    coalesce(reported.unsubscribed, 0) as unsubscribed,
    coalesce(reported.failed, 0) as failed
from "033_omnichannel_journey_orchestrator_metrics" as day
cross join lateral jsonb_to_record(day.metrics) as counted (
    send_requested jsonb, suppressed_by_channel jsonb, deferred_by_channel jsonb, cost_by_channel jsonb,
    message_reported jsonb
)
cross join lateral (
    select jsonb_object_keys(counted.send_requested)
    union
    select jsonb_object_keys(counted.suppressed_by_channel)
    union
    select jsonb_object_keys(counted.deferred_by_channel)
    union
    select jsonb_object_keys(counted.message_reported)
) as channel (name)
left join lateral jsonb_to_record(counted.message_reported -> channel.name) as reported (
    sent bigint, delivered bigint, opened bigint, clicked bigint, bounced bigint, complained bigint,
    unsubscribed bigint, failed bigint
) on true
where day.workspace_id in (select workspace_id from "033_omnichannel_journey_orchestrator_readable")
    or '*' in (select workspace_id from "033_omnichannel_journey_orchestrator_readable");

create view reporting.journey_rule_days with (security_barrier) as
select
    day.workspace_id,
    day.config_id as journey_id,
    day.date,
    rule.name as rule,
    coalesce((counted.send_suppressed ->> rule.name)::bigint, 0) as sends_suppressed,
    coalesce((counted.send_deferred ->> rule.name)::bigint, 0) as sends_deferred,
    coalesce((counted.entry_refused ->> rule.name)::bigint, 0) as entries_refused
from "033_omnichannel_journey_orchestrator_metrics" as day
cross join lateral jsonb_to_record(day.metrics) as counted (
    send_suppressed jsonb, send_deferred jsonb, entry_refused jsonb
)
cross join lateral (
    select jsonb_object_keys(counted.send_suppressed)
    union
    select jsonb_object_keys(counted.send_deferred)
    union
    select jsonb_object_keys(counted.entry_refused)
) as rule (name)
where day.workspace_id in (select workspace_id from "033_omnichannel_journey_orchestrator_readable")
    or '*' in (select workspace_id from "033_omnichannel_journey_orchestrator_readable");

create view reporting.journey_exit_days with (security_barrier) as
select
    day.workspace_id,
    day.config_id as journey_id,
    day.date,
    exited.key as reason,
    exited.value::bigint as runs
from "033_omnichannel_journey_orchestrator_metrics" as day
cross join lateral jsonb_each_text(day.metrics -> 'exited') as exited
where day.workspace_id in (select workspace_id from "033_omnichannel_journey_orchestrator_readable")
    or '*' in (select workspace_id from "033_omnichannel_journey_orchestrator_readable");

create view reporting.journey_step_days with (security_barrier) as
select
    day.workspace_id,
    day.config_id as journey_id,
    day.date,
    step.key as step,
    coalesce(counted.passed, 0) as passed,
    coalesce(counted.waits, 0) as waits,
    coalesce(counted.sends, 0) as sends,
    coalesce(counted.suppressed, 0) as suppressed,
    coalesce(counted.deferred, 0) as deferred,
    coalesce(counted.cost, 0)::numeric(38, 6) as cost,
    coalesce(counted.exits, 0) as exits
from "033_omnichannel_journey_orchestrator_metrics" as day
cross join lateral jsonb_each(day.metrics -> 'steps') as step
cross join lateral jsonb_to_record(step.value) as counted (
    passed bigint, waits bigint, sends bigint, suppressed bigint, deferred bigint, cost numeric, exits bigint
)
where day.workspace_id in (select workspace_id from "033_omnichannel_journey_orchestrator_readable")
    or '*' in (select workspace_id from "033_omnichannel_journey_orchestrator_readable");

create view reporting.variant_days with (security_barrier) as
select
    journey.workspace_id,
    variant.config_id as journey_id,
    variant.quarter::date as date,
    variant.step,
    variant.arm,
    sum(variant.customers)::bigint as customers,
    sum(variant.customers_converted)::bigint as customers_converted
from "033_omnichannel_journey_orchestrator_variants" as variant
join "033_omnichannel_journey_orchestrator_configs" as journey on journey.id = variant.config_id
where journey.workspace_id in (select workspace_id from "033_omnichannel_journey_orchestrator_readable")
    or '*' in (select workspace_id from "033_omnichannel_journey_orchestrator_readable")
group by 1, 2, 3, 4, 5;

create view reporting.results with (security_barrier) as
select
    day.workspace_id,
    day.config_id as journey_id,
    arm.key as arm,
    min(day.date) as first_day,
    max(day.date) as last_day,
    coalesce(sum(counted.customers_entered), 0)::bigint as customers,
    coalesce(sum(counted.customers_converted), 0)::bigint as customers_converted,
    coalesce(sum(counted.goals), 0)::bigint as conversions,
    coalesce(sum(counted.value), 0)::numeric(38, 6) as revenue,
    coalesce(sum(counted.cost), 0)::numeric(38, 6) as cost,
    coalesce(sum(counted.value_squares), 0)::float8 as revenue_squares,
    coalesce(sum((counted.past ->> 'customers')::bigint), 0)::bigint as past_customers,
    coalesce(sum((counted.past ->> 'events')::bigint), 0)::bigint as past_events,
    coalesce(sum((counted.past ->> 'squares')::bigint), 0)::bigint as past_squares,
    coalesce(sum((counted.past ->> 'converted')::bigint), 0)::bigint as past_converted,
    coalesce(sum((counted.past ->> 'events_of_converted')::bigint), 0)::bigint as past_events_of_converted
from "033_omnichannel_journey_orchestrator_metrics" as day
cross join lateral jsonb_each(day.arms) as arm
cross join lateral jsonb_to_record(arm.value) as counted (
    customers_entered bigint, customers_converted bigint, goals bigint, value numeric, value_squares numeric,
    cost numeric, past jsonb
)
where day.workspace_id in (select workspace_id from "033_omnichannel_journey_orchestrator_readable")
    or '*' in (select workspace_id from "033_omnichannel_journey_orchestrator_readable")
group by day.workspace_id, day.config_id, arm.key;

create view reporting.activities with (security_barrier) as
select
    workspace_id,
    config_id as journey_id,
    id,
    created_at as at,
    activity_type as type,
    customer_id,
    run_id,
    version,
    step,
    arm,
    details,
    cause,
    sequence,
    recorded_at
from "033_omnichannel_journey_orchestrator_activities"
where workspace_id in (select workspace_id from "033_omnichannel_journey_orchestrator_readable")
    or '*' in (select workspace_id from "033_omnichannel_journey_orchestrator_readable");

create view reporting.runs with (security_barrier) as
select
    workspace_id,
    config_id as journey_id,
    run_id,
    customer_id,
    version,
    step,
    arm,
    status,
    reason,
    entered_at,
    moved_at,
    coalesce(arrived_at, moved_at) as arrived_at
from "033_omnichannel_journey_orchestrator_runs"
where workspace_id in (select workspace_id from "033_omnichannel_journey_orchestrator_readable")
    or '*' in (select workspace_id from "033_omnichannel_journey_orchestrator_readable");

create view reporting.participants with (security_barrier) as
select
    journey.workspace_id,
    participant.config_id as journey_id,
    participant.customer_id,
    participant.arm,
    participant.first_entered_at,
    participant.entries,
    participant.conversions,
    participant.value::numeric(38, 6) as revenue,
    participant.past as events_before,
    participant.was_active
from "033_omnichannel_journey_orchestrator_participants" as participant
join "033_omnichannel_journey_orchestrator_configs" as journey on journey.id = participant.config_id
where journey.workspace_id in (select workspace_id from "033_omnichannel_journey_orchestrator_readable")
    or '*' in (select workspace_id from "033_omnichannel_journey_orchestrator_readable");

create view reporting.exposures with (security_barrier) as
select
    journey.workspace_id,
    exposure.config_id as journey_id,
    exposure.step,
    exposure.customer_id,
    exposure.arm,
    exposure.run_id,
    exposure.exposed_at,
    exposure.converted_at
from "033_omnichannel_journey_orchestrator_exposures" as exposure
join "033_omnichannel_journey_orchestrator_configs" as journey on journey.id = exposure.config_id
where journey.workspace_id in (select workspace_id from "033_omnichannel_journey_orchestrator_readable")
    or '*' in (select workspace_id from "033_omnichannel_journey_orchestrator_readable");

-- What each view and column means: as orchestrator/api/view_meanings.py has it, which a test compares.
-- A view of null: all that have the column.
do $$
declare
    said record;
    place record;
begin
    for said in select * from (values
        (null, 'workspace_id', 'The workspace that it belongs to.'),
        (null, 'journey_id', 'By which the API knows the journey.'),
        (null, 'goal_event', 'The type of the event that is the goal; null: there is none.'),
        (null, 'goal_window', 'How long after the entry the goal counts, as an ISO 8601 duration.'),
        (null, 'holdout_percent', 'Of the customers who enter, those who get nothing. [percent]'),
        (null, 'date', 'The UTC day.'),
        (null, 'sends', 'Send commands given to the channels. [count]'),
        (null, 'suppressed', 'Sends that a guardrail forbade. [count]'),
        (null, 'deferred', 'Times a guardrail put a send off; one send may be put off repeatedly. [count]'),
        (null, 'conversions', 'Goals reached, within the goal''s window. [count]'),
        (null, 'customers_converted', 'Customers who reached the goal the first time. [count]'),
        (null, 'cost', 'What the sends cost. [money, in the unit of the events]'),
        (null, 'arm', 'Treatment takes the journey''s way, holdout gets nothing; of a step: its variants.'),
        (null, 'past_customers', 'Of customers whose past is known: those who first entered. [count]'),
        (null, 'past_events', 'Of customers whose past is known: the goal''s events before they entered. [count]'),
        (null, 'past_squares', 'Of customers whose past is known: the sum of each one''s number squared. [count]'),
        (null, 'past_converted', 'Of customers whose past is known: those who reached the goal. [count]'),
        (null, 'past_events_of_converted', 'Of customers whose past is known: the goal''s events before, of those who reached the goal. [count]'),
        (null, 'step', 'A step of the journey''s definition.'),
        (null, 'customer_id', 'Whom it concerns.'),
        (null, 'run_id', 'One passage of a customer through the journey.'),
        ('journeys', null, 'The journeys as they are now. One row a journey.'),
        ('journeys', 'name', 'The journey''s name.'),
        ('journeys', 'campaign_id', 'The campaign that the journey belongs to.'),
        ('journeys', 'status', 'DRAFT, ACTIVE, PAUSED, STOPPED or ARCHIVED.'),
        ('journeys', 'version', 'The number of the definition that is in force. [count]'),
        ('journeys', 'paused_reason', 'Which brake paused it; empty: none did.'),
        ('journeys', 'created_at', 'When it was created. [UTC]'),
        ('journeys', 'activated_at', 'When it first became ACTIVE; null: not yet. [UTC]'),
        ('journeys', 'updated_at', 'When it was last changed. [UTC]'),
        ('journey_versions', null, 'Their published definitions. One row a version.'),
        ('journey_versions', 'version', 'The number of the published definition. [count]'),
        ('journey_versions', 'created_at', 'When it was written. [UTC]'),
        ('journey_versions', 'policy', 'pin: stay on theirs; follow, map, drain: go over to this one.'),
        ('journey_versions', 'definition', 'All of it, as JSON.'),
        ('journey_days', null, 'What happened, over all arms. One row a journey and UTC day.'),
        ('journey_days', 'entered', 'Runs begun, in all arms. [count]'),
        ('journey_days', 'customers', 'Customers whose first entry into the journey this is. [count]'),
        ('journey_days', 'entry_refused', 'Entries that a rule forbade. [count]'),
        ('journey_days', 'completed', 'Runs that reached an exit step. [count]'),
        ('journey_days', 'exited', 'Runs that ended before an exit step. [count]'),
        ('journey_days', 'revenue', 'Value of the goals reached, in all arms; it is not what the journey added. [money, in the unit of the events]'),
        ('journey_arm_days', null, 'What happened, by arm, with the sums that statistics are made of. One row a journey, UTC day and arm.'),
        ('journey_arm_days', 'entered', 'Runs begun, by the arm of the run. [count]'),
        ('journey_arm_days', 'customers', 'Customers whose first entry this is, by the arm of that entry. [count]'),
        ('journey_arm_days', 'revenue', 'Value of the goals of the arm''s customers. [money, in the unit of the events]'),
        ('journey_arm_days', 'cost', 'What the sends to the arm cost. [money, in the unit of the events]'),
        ('journey_arm_days', 'revenue_squares', 'By how much the sum of the squares of the customers'' total values changed; over all days it is that sum. [number]'),
        ('journey_arm_days', 'baseline_customers', 'Of those who first entered on this day, those whose time before is known. [count]'),
        ('journey_arm_days', 'baseline_before', 'Those of them who did it within the goal''s window before the entry. [count]'),
        ('journey_arm_days', 'baseline_after', 'Those of them who did it within the goal''s window after it, on whatever day. [count]'),
        ('journey_arm_days', 'baseline_both', 'Those of them who did it before and after. [count]'),
        ('journey_channel_days', null, 'What became of messages. One row a journey, UTC day and channel.'),
        ('journey_channel_days', 'channel', 'By which messages go.'),
        ('journey_channel_days', 'sent', 'Messages that the channel says it has passed on. [count]'),
        ('journey_channel_days', 'delivered', 'Messages that the channel says have arrived. [count]'),
        ('journey_channel_days', 'opened', 'Reports of an opened message. [count]'),
        ('journey_channel_days', 'clicked', 'Reports of a click in a message. [count]'),
        ('journey_channel_days', 'bounced', 'Messages that could not be delivered. [count]'),
        ('journey_channel_days', 'complained', 'Messages that were called unwanted. [count]'),
        ('journey_channel_days', 'unsubscribed', 'Messages that were answered by unsubscribing. [count]'),
        ('journey_channel_days', 'failed', 'Messages that the channel could not handle. [count]'),
        ('journey_rule_days', null, 'What guardrails did. One row a journey, UTC day and rule.'),
        ('journey_rule_days', 'rule', 'The rule that forbade or put off.'),
        ('journey_rule_days', 'sends_suppressed', 'Sends that the rule forbade. [count]'),
        ('journey_rule_days', 'sends_deferred', 'Times the rule put a send off. [count]'),
        ('journey_rule_days', 'entries_refused', 'Entries that the rule forbade. [count]'),
        ('journey_exit_days', null, 'Why runs ended early. One row a journey, UTC day and reason.'),
        ('journey_exit_days', 'reason', 'Why runs ended early.'),
        ('journey_exit_days', 'runs', 'Runs that ended early for this reason. [count]'),
        ('journey_step_days', null, 'What happened at each step, over all arms. One row a journey, UTC day and step.'),
        ('journey_step_days', 'passed', 'How often a run went on from the step, or reached it where it is an exit. [count]'),
        ('journey_step_days', 'waits', 'How often a run began to wait at the step. [count]'),
        ('journey_step_days', 'exits', 'Runs that ended early while at the step. [count]'),
        ('variant_days', null, 'How the arms of experiments fared. One row a journey, UTC day, experiment step and arm.'),
        ('variant_days', 'arm', 'The arm of the experiment step.'),
        ('variant_days', 'customers', 'Customers who were given the variant first in the period. [count]'),
        ('variant_days', 'customers_converted', 'Customers with the variant whose same run reached the goal in the period. [count]'),
        ('results', null, 'Treatment and holdout over the whole life of a journey: the counts and sums of which every comparison can be made. Intervals, p-values and the verdict are the API''s (GET /api/v1/033-omnichannel-journey-orchestrator/{id}/metrics). One row a journey and arm.'),
        ('results', 'first_day', 'The first UTC day on which the arm has figures.'),
        ('results', 'last_day', 'The last UTC day on which the arm has figures.'),
        ('results', 'customers', 'Who have entered, by the arm of their first entry. [count]'),
        ('results', 'customers_converted', 'Distinct customers who reached the goal. [count]'),
        ('results', 'conversions', 'Goals reached by the arm''s customers. [count]'),
        ('results', 'revenue', 'Value of the arm''s goals, over the whole life. [money, in the unit of the events]'),
        ('results', 'cost', 'What all sends to the arm have cost. [money, in the unit of the events]'),
        ('results', 'revenue_squares', 'The sum over the customers of their total value squared. [number]'),
        ('activities', null, 'Every decision and outcome on record; older ones are deleted where the installation says so. Ask about one journey and a stretch of time. One row an activity.'),
        ('activities', 'id', 'Of the activity; the same activity never has two.'),
        ('activities', 'at', 'When the decision was made. [UTC]'),
        ('activities', 'type', 'What was decided or done.'),
        ('activities', 'version', 'The version of the definition it was decided by. [count]'),
        ('activities', 'step', 'The step it was decided at; empty: at none.'),
        ('activities', 'arm', 'The arm of the run.'),
        ('activities', 'details', 'All that the engine put on record, as JSON.'),
        ('activities', 'cause', 'topic/partition/offset of the record that led to it.'),
        ('activities', 'sequence', 'The order in which activities of one moment were made. [count]'),
        ('activities', 'recorded_at', 'When it was written down. [UTC]'),
        ('runs', null, 'Where each run stands, or how it ended. One row a run.'),
        ('runs', 'version', 'The version of the definition it is on. [count]'),
        ('runs', 'step', 'Where it waits; empty: it has ended, or is of the holdout.'),
        ('runs', 'status', 'under_way or ended.'),
        ('runs', 'reason', 'Why it ended; empty: it has not.'),
        ('runs', 'entered_at', 'When it began. [UTC]'),
        ('runs', 'moved_at', 'When it was last told of. [UTC]'),
        ('runs', 'arrived_at', 'Since when it stands at its step, at the latest. [UTC]'),
        ('participants', null, 'What each customer has brought a journey, over all runs. One row a journey and customer.'),
        ('participants', 'arm', 'The arm they first entered in; it never changes.'),
        ('participants', 'first_entered_at', 'When they first entered; null: a goal is on record and no entry. [UTC]'),
        ('participants', 'entries', 'How often they entered. [count]'),
        ('participants', 'conversions', 'How often they reached the goal. [count]'),
        ('participants', 'revenue', 'Value of the goals they reached. [money, in the unit of the events]'),
        ('participants', 'events_before', 'The goal''s events before the first entry, 16 at most; null: that was not kept. [count]'),
        ('participants', 'was_active', 'Whether one of them came within the goal''s window before it; null: that was not kept. [yes or no]'),
        ('exposures', null, 'Which arm of an experiment a customer was given first. One row a journey, step and customer.'),
        ('exposures', 'step', 'The experiment step.'),
        ('exposures', 'arm', 'The arm that the customer was given first.'),
        ('exposures', 'run_id', 'The run in which it was given.'),
        ('exposures', 'exposed_at', 'When it was given. [UTC]'),
        ('exposures', 'converted_at', 'When that run reached the goal after it; null: it has not. [UTC]')
    ) as said (of_view, of_column, meaning) loop
        if said.of_column is null then
            execute format('comment on view reporting.%I is %L', said.of_view, said.meaning);
        end if;
        for place in
            select table_name from information_schema.columns
            where table_schema = 'reporting' and column_name = said.of_column
                and table_name = coalesce(said.of_view, table_name)
        loop
            execute format('comment on column reporting.%I.%I is %L', place.table_name, said.of_column, said.meaning);
        end loop;
    end loop;
end
$$;
