-- The sink's statements. All but the lock run inside one transaction; every set of rows is one statement.

-- name: try_lock -- Makes this session the one that writes under this name; false: another session is.
select pg_try_advisory_lock(hashtextextended($1, 0));

-- name: offsets -- Where this group goes on reading, by partition.
select partition, next_offset
from "033_omnichannel_journey_orchestrator_sink_offsets"
where "group" = $1 and topic = $2;

-- name: save_offsets -- Where this group goes on reading from now on.
insert into "033_omnichannel_journey_orchestrator_sink_offsets" ("group", topic, partition, next_offset)
select $1, $2, partition, next_offset from unnest($3::int[], $4::bigint[]) as read (partition, next_offset)
on conflict ("group", topic, partition)
do update set next_offset = excluded.next_offset, updated_at = excluded.updated_at;

-- name: journeys -- The workspace of each journey that exists; they stay until the transaction ends.
select id::text, workspace_id
from "033_omnichannel_journey_orchestrator_configs"
where id = any($1::uuid[])
order by id
for key share;

-- name: insert_activities -- Writes activities and returns the ids that were not there before.
insert into "033_omnichannel_journey_orchestrator_activities" (
    id, config_id, workspace_id, activity_type, details, created_at, customer_id, run_id, version, step, arm, cause
)
select
    id, config_id, workspace_id, activity_type, details::jsonb, timestamp 'epoch' + at_ms * interval '1 millisecond',
    customer_id, nullif(run_id, '')::uuid, version, step, arm, cause
from unnest(
    $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bigint[],
    $7::text[], $8::text[], $9::int[], $10::text[], $11::text[], $12::text[]
) with ordinality as activity (
    id, config_id, workspace_id, activity_type, details, at_ms, customer_id, run_id, version, step, arm, cause, place
)
order by place
on conflict (id) do nothing
returning id::text;

-- name: participants -- What is on record of these customers in these journeys.
select
    config_id::text, customer_id, arm, entries, conversions, value,
    (extract(epoch from first_entered_at) * 1000)::bigint as first_entered_ms
from "033_omnichannel_journey_orchestrator_participants"
join unnest($1::uuid[], $2::text[]) as wanted (config_id, customer_id) using (config_id, customer_id);

-- name: save_participants -- The new record of these customers in these journeys.
insert into "033_omnichannel_journey_orchestrator_participants" (
    config_id, customer_id, arm, first_entered_at, entries, conversions, value
)
select
    config_id, customer_id, arm, timestamp 'epoch' + first_entered_ms * interval '1 millisecond',
    entries, conversions, value
from unnest(
    $1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::numeric[]
) as participant (config_id, customer_id, arm, first_entered_ms, entries, conversions, value)
on conflict (config_id, customer_id) do update set
    arm = excluded.arm,
    first_entered_at = excluded.first_entered_at,
    entries = excluded.entries,
    conversions = excluded.conversions,
    value = excluded.value;

-- name: days -- The figures of these days, locked in one order so that writers cannot wait for each other in a circle.
select config_id::text, date, metrics::text as metrics
from "033_omnichannel_journey_orchestrator_metrics"
join unnest($1::uuid[], $2::date[]) as wanted (config_id, date) using (config_id, date)
order by config_id, date
for update of "033_omnichannel_journey_orchestrator_metrics";

-- name: save_days -- The new figures of these days.
insert into "033_omnichannel_journey_orchestrator_metrics" (config_id, workspace_id, date, metrics)
select config_id, journey.workspace_id, date, metrics::jsonb
from unnest($1::uuid[], $2::date[], $3::text[]) as day (config_id, date, metrics)
join "033_omnichannel_journey_orchestrator_configs" as journey on journey.id = day.config_id
on conflict (config_id, date) do update set metrics = excluded.metrics, updated_at = excluded.updated_at;

-- name: save_positions -- Where these runs stand now.
insert into "033_omnichannel_journey_orchestrator_runs" as run (
    run_id, config_id, workspace_id, customer_id, version, step, arm, status, reason, moved_at
)
select
    run_id, config_id, workspace_id, customer_id, version, step, arm, status, reason,
    timestamp 'epoch' + moved_ms * interval '1 millisecond'
from unnest(
    $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int[],
    $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[]
) as moved (run_id, config_id, workspace_id, customer_id, version, step, arm, status, reason, moved_ms)
on conflict (run_id) do update set
    customer_id = excluded.customer_id,
    version = excluded.version,
    step = excluded.step,
    status = excluded.status,
    reason = excluded.reason,
    moved_at = excluded.moved_at
where run.status <> 'ended' and excluded.moved_at >= run.moved_at;

-- name: save_receipt -- Notes that a customer is being erased; nothing comes back when that was noted before.
insert into "033_omnichannel_journey_orchestrator_erasures" (receipt, workspace_id, customer_sha256, requested_at)
values ($1::uuid, $2, $3, timestamp 'epoch' + $4::bigint * interval '1 millisecond')
on conflict (receipt) do nothing
returning receipt;

-- name: erase_activities -- Deletes what is on record of a customer.
delete from "033_omnichannel_journey_orchestrator_activities" where workspace_id = $1 and customer_id = $2;

-- name: erase_runs -- Deletes where a customer's runs stand.
delete from "033_omnichannel_journey_orchestrator_runs" where workspace_id = $1 and customer_id = $2;

-- name: erase_participants -- Deletes what a customer brought to each journey; the figures of the days stay.
delete from "033_omnichannel_journey_orchestrator_participants" as participant
using "033_omnichannel_journey_orchestrator_configs" as journey
where journey.id = participant.config_id and journey.workspace_id = $1 and participant.customer_id = $2;

-- name: count_erased -- Notes how many rows are gone.
update "033_omnichannel_journey_orchestrator_erasures"
set activities = $2, runs = $3, participants = $4
where receipt = $1::uuid;

-- name: save_refusals -- Keeps records that could not be used and returns those that were not there before.
insert into "033_omnichannel_journey_orchestrator_refusals" (
    id, topic, partition, "offset", reason, message, key, value, workspace_id, journey_id
)
select * from unnest(
    $1::uuid[], $2::text[], $3::int[], $4::bigint[], $5::text[],
    $6::text[], $7::bytea[], $8::bytea[], $9::text[], $10::text[]
)
on conflict (id) do nothing
returning reason;
