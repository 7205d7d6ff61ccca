-- What the list of journeys tells, for many journeys at once. Figures come from the days, never from the activities.
-- A day's figures are large, so what is read of every day stands in columns of its own (migrations/0007_…); and where
-- figures are taken apart, each is once: "->" would read all of it again for every key.

-- name: newest_day -- the last day of which the workspace has figures
select max(date) from "033_omnichannel_journey_orchestrator_metrics" where workspace_id = $1;

-- name: oldest_day -- the first day of which the workspace has figures
select min(date) from "033_omnichannel_journey_orchestrator_metrics" where workspace_id = $1;

-- name: oldest_quarter -- the first quarter of an hour of a UTC day that has figures
select min(oldest.quarter)
from "033_omnichannel_journey_orchestrator_metrics" as day
cross join lateral (
    select min(quarter) as quarter
    from "033_omnichannel_journey_orchestrator_quarters" as quarter
    where quarter.config_id = day.config_id and quarter.quarter >= day.date::timestamp
) as oldest
where day.workspace_id = $1 and day.date = $2;

-- name: newest_quarter -- the last quarter of an hour of a UTC day, or after it, that has figures
select max(newest.quarter)
from "033_omnichannel_journey_orchestrator_metrics" as day
cross join lateral (
    select max(quarter) as quarter
    from "033_omnichannel_journey_orchestrator_quarters" as quarter
    where quarter.config_id = day.config_id and quarter.quarter >= day.date::timestamp
) as newest
where day.workspace_id = $1 and day.date = $2;

-- name: figures -- the figures of each journey sought: of some days, both ends included, and of some stretches of time,
-- each so many times
with sought as (
    select id
    from "033_omnichannel_journey_orchestrator_configs"
    where workspace_id = $1 and
        -- include: sought
), counted as (
    select day.config_id, day.entered, day.customers, day.completed, day.exited, day.sends, day.suppressed,
           day.conversions, day.customers_converted, day.revenue, day.cost
    from "033_omnichannel_journey_orchestrator_metrics" as day
    join sought on sought.id = day.config_id
    where day.workspace_id = $1 and day.date between $5 and $6
    union all
    select sought.id, times * counted.entered, times * counted.customers_entered, times * counted.completed,
           times * (select sum(value::bigint) from jsonb_each_text(counted.exited)),
           times * (select sum(value::bigint) from jsonb_each_text(counted.send_requested)),
           times * (select sum(value::bigint) from jsonb_each_text(counted.send_suppressed)),
           times * counted.goals, times * counted.customers_converted, times * counted.value, times * counted.cost
    from unnest($7::timestamp[], $8::timestamp[], $9::int[]) as stretch (starts_at, ends_at, times)
    cross join sought
    cross join lateral (
        select quarter.metrics
        from "033_omnichannel_journey_orchestrator_quarters" as quarter
        where quarter.config_id = sought.id
          and quarter.quarter >= stretch.starts_at and quarter.quarter < stretch.ends_at
        offset 0 -- one journey and stretch after the other, along the index: planned as a whole, all quarters are read
    ) as quarter
    cross join lateral jsonb_to_record(quarter.metrics) as counted (
        entered bigint, customers_entered bigint, completed bigint, exited jsonb, send_requested jsonb,
        send_suppressed jsonb, goals bigint, customers_converted bigint, value numeric, cost numeric
    )
)
select
    config_id,
    coalesce(sum(entered), 0)::bigint as entered,
    coalesce(sum(customers), 0)::bigint as customers,
    coalesce(sum(completed), 0)::bigint as completed,
    coalesce(sum(exited), 0)::bigint as exited,
    coalesce(sum(sends), 0)::bigint as sends,
    coalesce(sum(suppressed), 0)::bigint as suppressed,
    coalesce(sum(conversions), 0)::bigint as conversions,
    coalesce(sum(customers_converted), 0)::bigint as customers_converted,
    coalesce(sum(revenue), 0)::float8 as revenue,
    coalesce(sum(cost), 0)::float8 as cost
from counted
group by config_id;

-- name: undivided_days -- of these UTC days, those on which figures of journeys sought are not all known by the quarter
-- of an hour; see the query of this name for one journey
select distinct day.date
from "033_omnichannel_journey_orchestrator_metrics" as day
join "033_omnichannel_journey_orchestrator_configs" as configs on configs.id = day.config_id
where day.workspace_id = $1 and day.date = any($5::date[]) and
    -- include: sought
    and (
        day.created_at < (
            select applied_at from "033_omnichannel_journey_orchestrator_migrations"
            where number = 5
        )
        or not exists (
            select from "033_omnichannel_journey_orchestrator_quarters" as quarter
            where quarter.config_id = day.config_id
              and quarter.quarter >= day.date::timestamp and quarter.quarter < (day.date + 1)::timestamp
        )
    )
order by day.date;

-- name: under_way -- how many runs of each journey are under way, without the holdout, which takes no step
select config_id, count(*) as runs
from "033_omnichannel_journey_orchestrator_runs"
where workspace_id = $1 and status = 'under_way' and arm <> 'holdout'
group by config_id;

-- name: lives -- what a comparison must know of these journeys beside their arms
select
    configs.id, configs.config -> 'goal' as goal, configs.status, configs.updated_at,
    days.first_day, days.last_day, holdouts.percents
from "033_omnichannel_journey_orchestrator_configs" as configs
cross join lateral (
    select min(date) as first_day, max(date) as last_day
    from "033_omnichannel_journey_orchestrator_metrics" as day
    where day.config_id = configs.id
) as days
cross join lateral (
    select array_agg(distinct coalesce((version.config #>> '{holdout,percent}')::float8, 0)) as percents
    from "033_omnichannel_journey_orchestrator_config_versions" as version
    where version.config_id = configs.id
) as holdouts
where configs.workspace_id = $1 and configs.id = any($2::uuid[]) and days.first_day is not null;

-- name: arms -- the arms of these journeys over all days; before and after: of the days before one, which may be null
select
    day.config_id, arm.key as arm,
    coalesce(sum(counted.customers_entered), 0)::bigint as customers_entered,
    coalesce(sum(counted.customers_converted), 0)::bigint as customers_converted,
    coalesce(sum(counted.goals), 0)::bigint as goals,
    coalesce(sum(counted.value), 0)::float8 as value,
    coalesce(sum(counted.value_squares), 0)::float8 as value_squares,
    coalesce(sum(counted.cost), 0)::float8 as cost,
    coalesce(sum((counted.past ->> 'customers')::bigint), 0)::bigint as past_customers,
    coalesce(sum((counted.past ->> 'events')::bigint), 0)::bigint as past_events,
    coalesce(sum((counted.past ->> 'squares')::bigint), 0)::bigint as past_squares,
    coalesce(sum((counted.past ->> 'converted')::bigint), 0)::bigint as past_converted,
    coalesce(sum((counted.past ->> 'events_of_converted')::bigint), 0)::bigint as past_events_of_converted,
    coalesce(sum((settled.counts ->> 'customers')::bigint), 0)::bigint as baseline_customers,
    coalesce(sum((settled.counts ->> 'before')::bigint), 0)::bigint as baseline_before,
    coalesce(sum((settled.counts ->> 'after')::bigint), 0)::bigint as baseline_after,
    coalesce(sum((settled.counts ->> 'both')::bigint), 0)::bigint as baseline_both
from unnest($2::uuid[], $3::date[]) as journey (id, first_open_day)
join "033_omnichannel_journey_orchestrator_metrics" as day on day.config_id = journey.id
cross join lateral jsonb_each(day.arms) as arm
cross join lateral jsonb_to_record(arm.value) as counted (
    customers_entered bigint, customers_converted bigint, goals bigint, value numeric, value_squares numeric,
    cost numeric, past jsonb, baseline jsonb
)
cross join lateral (select case when day.date < journey.first_open_day then counted.baseline end as counts) as settled
where day.workspace_id = $1
group by day.config_id, arm.key
order by day.config_id, arm.key;
