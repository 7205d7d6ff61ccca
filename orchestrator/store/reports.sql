-- What people read. Every query is bound to a workspace: a journey of another one has no rows.

-- name: daily_metrics -- The figures of a journey's days, both ends included.
select date, metrics::text as metrics
from "033_omnichannel_journey_orchestrator_metrics"
where workspace_id = $1 and config_id = $2
    and ($3::date is null or date >= $3) and ($4::date is null or date <= $4)
order by date;

-- name: newest_quarter -- The last quarter of an hour of which a journey has figures.
select max(quarter)
from "033_omnichannel_journey_orchestrator_quarters"
where config_id = (select id from "033_omnichannel_journey_orchestrator_configs" where workspace_id = $1 and id = $2);

-- name: quarters_within -- The figures of the quarters of an hour within these stretches, each with its stretch's place.
select stretch.place, quarter.metrics::text as metrics
from unnest($3::timestamp[], $4::timestamp[]) with ordinality as stretch (starts_at, ends_at, place)
cross join lateral (
    select quarter.metrics
    from "033_omnichannel_journey_orchestrator_quarters" as quarter
    where quarter.config_id = $2 and quarter.quarter >= stretch.starts_at and quarter.quarter < stretch.ends_at
    offset 0 -- one stretch after the other, along the index: planned as a whole, each looks through all quarters
) as quarter
where exists (select from "033_omnichannel_journey_orchestrator_configs" where workspace_id = $1 and id = $2);

-- name: undivided_days -- Days with figures of which not all, or nothing, is known by the quarter of an hour.
-- A day whose figures began before the table was there may lack the quarters up to then.
select day.date
from "033_omnichannel_journey_orchestrator_metrics" as day
where workspace_id = $1 and config_id = $2 and date >= $3 and date <= $4
    and (
        created_at < (
            select applied_at from "033_omnichannel_journey_orchestrator_migrations"
            where number = 5
        )
        or not exists (
            select from "033_omnichannel_journey_orchestrator_quarters" as quarter
            where quarter.config_id = $2
              -- As timestamps: row-level security lets no other comparison use the index.
              and quarter.quarter >= day.date::timestamp and quarter.quarter < (day.date + 1)::timestamp
        )
    )
order by date;

-- name: variants_by_day -- How the arms of experiments fared on these days.
select day.date, variant.step, variant.arm,
       sum(customers)::bigint as customers, sum(customers_converted)::bigint as customers_converted
from unnest($3::date[], $4::timestamp[], $5::timestamp[]) as day (date, starts_at, ends_at)
cross join lateral (
    select variant.step, variant.arm, variant.customers, variant.customers_converted
    from "033_omnichannel_journey_orchestrator_variants" as variant
    where variant.config_id = $2 and variant.quarter >= day.starts_at and variant.quarter < day.ends_at
    offset 0 -- as above
) as variant
where exists (select from "033_omnichannel_journey_orchestrator_configs" where workspace_id = $1 and id = $2)
group by 1, 2, 3
order by 1, 2, 3;

-- name: date_span -- The first and the last day of which a journey has figures.
select min(date) as first, max(date) as last
from "033_omnichannel_journey_orchestrator_metrics"
where workspace_id = $1 and config_id = $2;

-- Three ways to page through activities, each along an index of its own whatever plan is kept. Bounds are always given.

-- name: activities -- Activities of a journey, newest first, after a place in that order.
select id, activity_type, created_at, customer_id, run_id, version, step, arm, details, cause, sequence
from "033_omnichannel_journey_orchestrator_activities"
where workspace_id = $1 and config_id = $2
    and created_at >= $3 and created_at < $4 and (created_at, id) < ($5, $6)
order by created_at desc, id desc
limit $7;

-- name: activities_of_type -- The same, of one type.
select id, activity_type, created_at, customer_id, run_id, version, step, arm, details, cause, sequence
from "033_omnichannel_journey_orchestrator_activities"
where workspace_id = $1 and config_id = $2 and activity_type = $8
    and created_at >= $3 and created_at < $4 and (created_at, id) < ($5, $6)
order by created_at desc, id desc
limit $7;

-- name: activities_of_customer -- The same, of one customer, and of one type where that is given.
select id, activity_type, created_at, customer_id, run_id, version, step, arm, details, cause, sequence
from "033_omnichannel_journey_orchestrator_activities"
where workspace_id = $1 and config_id = $2 and customer_id = $8 and ($9::text is null or activity_type = $9)
    and created_at >= $3 and created_at < $4 and (created_at, id) < ($5, $6)
order by created_at desc, id desc
limit $7;

-- name: refusals -- How many records about a journey the sink could not use, by reason.
select reason, count(*) as records
from "033_omnichannel_journey_orchestrator_refusals"
where journey_id = $2 and workspace_id = $1
group by reason
order by reason;

-- name: standings -- Where the runs under way stand, by arm, step and version, and since when the first of them does.
-- Who has been there since before that was kept stands there at the latest since the last thing that was told of them.
select arm, step, version, count(*) as runs, min(coalesce(arrived_at, moved_at)) as since
from "033_omnichannel_journey_orchestrator_runs"
where config_id = $1 and workspace_id = $2 and status = 'under_way'
group by arm, step, version
order by step, version, arm;
