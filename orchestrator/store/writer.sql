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

-- name: make_incoming -- Where activities arrive by COPY, the cheapest way into PostgreSQL: empty in each transaction.
create temporary table if not exists incoming (
    place int, id uuid, config_id uuid, workspace_id text, activity_type text, details text, at_ms bigint,
    customer_id text, run_id uuid, version int, step text, arm text, cause text
) on commit delete rows;

-- name: insert_activities -- Writes what has arrived and returns the ids that were not there before.
insert into "033_omnichannel_journey_orchestrator_activities" (
    id, config_id, workspace_id, activity_type, details, created_at, customer_id, run_id, version, step, arm, cause
)
select
    id, config_id, workspace_id, activity_type, details::jsonb, timestamp 'epoch' + at_ms * interval '1 millisecond',
    customer_id, run_id, version, step, arm, cause
from pg_temp.incoming
order by place
on conflict (id) do nothing
returning id::text;

-- name: participants -- What is on record of these customers in these journeys.
select
    config_id::text, customer_id, arm, entries, conversions, value, past, was_active,
    (extract(epoch from first_entered_at) * 1000)::bigint as first_entered_ms
from "033_omnichannel_journey_orchestrator_participants"
join unnest($1::uuid[], $2::text[]) as wanted (config_id, customer_id) using (config_id, customer_id);

-- name: save_participants -- The new record of these customers in these journeys.
insert into "033_omnichannel_journey_orchestrator_participants" (
    config_id, customer_id, arm, first_entered_at, entries, conversions, value, past, was_active
)
select
    config_id, customer_id, arm, timestamp 'epoch' + first_entered_ms * interval '1 millisecond',
    entries, conversions, value, past, was_active
from unnest(
    $1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::numeric[], $8::int[],
    $9::boolean[]
) as participant (config_id, customer_id, arm, first_entered_ms, entries, conversions, value, past, was_active)
on conflict (config_id, customer_id) do update set
    arm = excluded.arm,
    first_entered_at = excluded.first_entered_at,
    entries = excluded.entries,
    conversions = excluded.conversions,
    value = excluded.value,
    past = excluded.past,
    was_active = excluded.was_active;

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

-- name: quarters -- The figures of these quarters of an hour, by number since 1970; locked as the days are.
select recorded.config_id::text, wanted.number, recorded.metrics::text as metrics
from unnest($1::uuid[], $2::bigint[]) as wanted (config_id, number)
join "033_omnichannel_journey_orchestrator_quarters" as recorded
    on recorded.config_id = wanted.config_id
    and recorded.quarter = timestamp 'epoch' + wanted.number * interval '15 minutes'
order by recorded.config_id, recorded.quarter
for update of recorded;

-- name: save_quarters -- The new figures of these quarters of an hour.
insert into "033_omnichannel_journey_orchestrator_quarters" (config_id, quarter, metrics)
select config_id, timestamp 'epoch' + number * interval '15 minutes', metrics::jsonb
from unnest($1::uuid[], $2::bigint[], $3::text[]) as counted (config_id, number, metrics)
on conflict (config_id, quarter) do update set metrics = excluded.metrics;

-- name: save_positions -- Where these runs stand now.
insert into "033_omnichannel_journey_orchestrator_runs" as run (
    run_id, config_id, workspace_id, customer_id, version, step, arm, status, reason, entered_at, moved_at, arrived_at
)
select
    run_id, config_id, workspace_id, customer_id, version, step, arm, status, reason,
    timestamp 'epoch' + entered_ms * interval '1 millisecond', timestamp 'epoch' + moved_ms * interval '1 millisecond',
    timestamp 'epoch' + arrived_ms * interval '1 millisecond'
from unnest(
    $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int[],
    $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[]
) as moved (
    run_id, config_id, workspace_id, customer_id, version, step, arm, status, reason, entered_ms, moved_ms, arrived_ms
)
on conflict (run_id) do update set
    customer_id = excluded.customer_id,
    version = excluded.version,
    step = excluded.step,
    status = excluded.status,
    reason = excluded.reason,
    moved_at = excluded.moved_at,
    arrived_at = case
        when excluded.arrived_at is null and run.step = excluded.step then coalesce(run.arrived_at, run.moved_at)
        else coalesce(excluded.arrived_at, excluded.moved_at)
    end
where run.status <> 'ended' and excluded.moved_at >= run.moved_at;

-- name: save_conversions -- These runs have reached the goal: whom they had given an arm before counts as converted.
-- What is counted by the quarter follows from the rows that change, so that what comes again counts once.
with converted as (
    update "033_omnichannel_journey_orchestrator_exposures" as exposure
    set converted_at = timestamp 'epoch' + converted_ms * interval '1 millisecond'
    from unnest($1::uuid[], $2::bigint[]) as conversion (run_id, converted_ms)
    where exposure.run_id = conversion.run_id and exposure.converted_at is null
    returning exposure.config_id, exposure.step, exposure.arm, exposure.converted_at
)
insert into "033_omnichannel_journey_orchestrator_variants" as variant (
    config_id, quarter, step, arm, customers, customers_converted
)
select config_id, date_bin('15 minutes', converted_at, timestamp 'epoch'), step, arm, 0, count(*)
from converted
group by 1, 2, 3, 4
order by 1, 2, 3, 4
on conflict (config_id, quarter, step, arm)
do update set customers_converted = variant.customers_converted + excluded.customers_converted;

-- name: save_exposures -- Who was given which arm of an experiment, the first time; counted by the quarter likewise.
with exposed as (
    insert into "033_omnichannel_journey_orchestrator_exposures" (
        config_id, step, customer_id, arm, run_id, exposed_at, converted_at
    )
    select
        config_id, step, customer_id, arm, run_id,
        timestamp 'epoch' + exposed_ms * interval '1 millisecond',
        timestamp 'epoch' + converted_ms * interval '1 millisecond'
    from unnest(
        $1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::bigint[], $7::bigint[]
    ) as exposure (config_id, step, customer_id, arm, run_id, exposed_ms, converted_ms)
    on conflict (config_id, customer_id, step) do nothing
    returning config_id, step, arm, exposed_at, converted_at
)
insert into "033_omnichannel_journey_orchestrator_variants" as variant (
    config_id, quarter, step, arm, customers, customers_converted
)
select config_id, date_bin('15 minutes', at, timestamp 'epoch'), step, arm, sum(customers), sum(customers_converted)
from (
    select config_id, step, arm, exposed_at as at, 1 as customers, 0 as customers_converted from exposed
    union all
    select config_id, step, arm, converted_at, 0, 1 from exposed where converted_at is not null
) as counted
group by 1, 2, 3, 4
order by 1, 2, 3, 4
on conflict (config_id, quarter, step, arm) do update set
    customers = variant.customers + excluded.customers,
    customers_converted = variant.customers_converted + excluded.customers_converted;

-- name: save_deliveries -- Adds to the messages of these minutes; in one order, so that no writers wait in a circle.
insert into "033_omnichannel_journey_orchestrator_deliveries" as delivery (config_id, minute, outcome, messages)
select config_id, timestamp 'epoch' + minute * interval '1 minute', outcome, messages
from unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[]) as counted (config_id, minute, outcome, messages)
order by 1, 2, 3
on conflict (config_id, minute, outcome) do update set messages = delivery.messages + excluded.messages;

-- name: last_erasures -- Of these partitions, the offset of the last erasure; a partition without one is absent.
select partition, last_offset
from
    unnest($2::int[]) as wanted (partition),
    lateral (
        select max("offset") as last_offset
        from "033_omnichannel_journey_orchestrator_erasures" as erasure
        where erasure.topic = $1 and erasure.partition = wanted.partition
    ) as erasures
where last_offset is not null;

-- name: erasures_of -- The erasures of these customers, by their digests.
select customer_sha256, partition, "offset", (extract(epoch from decided_at) * 1000)::bigint as decided_ms
from "033_omnichannel_journey_orchestrator_erasures"
where topic = $1 and customer_sha256 = any($2::bytea[]);

-- name: save_receipt -- Notes that a customer is being erased; nothing comes back when that was noted before.
insert into "033_omnichannel_journey_orchestrator_erasures" (
    receipt, workspace_id, customer_sha256, requested_at, decided_at, topic, partition, "offset"
)
values (
    $1::uuid, $2, $3, timestamp 'epoch' + $4::bigint * interval '1 millisecond',
    timestamp 'epoch' + $5::bigint * interval '1 millisecond', $6, $7, $8
)
on conflict (receipt) do nothing
returning receipt;

-- name: names_of_customer -- The customer's id, and those of customers who were merged into this one with a run under way.
with recursive names (customer_id) as (
    select $2::text
    union
    select activity.details ->> 'from_customer_id'
    from names
    join "033_omnichannel_journey_orchestrator_activities" as activity
        on activity.workspace_id = $1 and activity.customer_id = names.customer_id
        and activity.activity_type = 'run_adopted'
    where activity.details ->> 'from_customer_id' is not null
)
select customer_id from names;

-- name: erase_activities -- Deletes what is on record of a customer.
delete from "033_omnichannel_journey_orchestrator_activities" where workspace_id = $1 and customer_id = any($2::text[]);

-- name: erase_runs -- Deletes where a customer's runs stand; found by the activities, which must still be there.
delete from "033_omnichannel_journey_orchestrator_runs" as run
using (
    select distinct run_id
    from "033_omnichannel_journey_orchestrator_activities"
    where workspace_id = $1 and customer_id = any($2::text[]) and run_id is not null
) as theirs
where run.run_id = theirs.run_id and run.customer_id = any($2::text[]);

-- name: erase_participants -- Deletes what a customer brought to each journey; the figures of the days stay.
delete from "033_omnichannel_journey_orchestrator_participants" as participant
using "033_omnichannel_journey_orchestrator_configs" as journey
where journey.id = participant.config_id and journey.workspace_id = $1 and participant.customer_id = any($2::text[]);

-- name: erase_exposures -- Deletes which arms of experiments a customer was given.
delete from "033_omnichannel_journey_orchestrator_exposures" as exposure
using "033_omnichannel_journey_orchestrator_configs" as journey
where journey.id = exposure.config_id and journey.workspace_id = $1 and exposure.customer_id = any($2::text[]);

-- name: erase_refusals -- Deletes records of a customer that could not be used.
delete from "033_omnichannel_journey_orchestrator_refusals" where key = any($1::bytea[]);

-- name: count_erased -- Notes how many rows are gone.
update "033_omnichannel_journey_orchestrator_erasures" set rows = $2 where receipt = $1::uuid;

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
