-- What the list of journeys tells, for many journeys at once. Figures come from the days, never from the activities.
-- A day's figures are large, so each is taken apart once: "->" would read all of it again for every key.

-- name: newest_day -- the last day of which the workspace has figures
select max(date) from "033_omnichannel_journey_orchestrator_metrics" where workspace_id = $1;

-- name: figures -- the figures of each journey of the workspace over some days, both ends included; archived ones or not
select
    day.config_id,
    coalesce(sum(counted.entered), 0)::bigint as entered,
    coalesce(sum(counted.customers_entered), 0)::bigint as customers,
    coalesce(sum(counted.completed), 0)::bigint as completed,
    coalesce(sum((select sum(value::bigint) from jsonb_each_text(counted.exited))), 0)::bigint as exited,
    coalesce(sum((select sum(value::bigint) from jsonb_each_text(counted.send_requested))), 0)::bigint as sends,
    coalesce(sum((select sum(value::bigint) from jsonb_each_text(counted.send_suppressed))), 0)::bigint as suppressed,
    coalesce(sum(counted.goals), 0)::bigint as conversions,
    coalesce(sum(counted.customers_converted), 0)::bigint as customers_converted,
    coalesce(sum(counted.value), 0)::float8 as revenue,
    coalesce(sum(counted.cost), 0)::float8 as cost
from "033_omnichannel_journey_orchestrator_metrics" as day
join "033_omnichannel_journey_orchestrator_configs" as configs on configs.id = day.config_id
cross join lateral jsonb_to_record(day.metrics) as counted (
    entered bigint, customers_entered bigint, completed bigint, exited jsonb, send_requested jsonb,
    send_suppressed jsonb, goals bigint, customers_converted bigint, value numeric, cost numeric
)
where day.workspace_id = $1 and day.date between $2 and $3
    and (configs.status = $4 or ($4::text is null and configs.status <> 'ARCHIVED'))
group by day.config_id;

-- name: under_way -- how many runs of each journey are under way, without the holdout, which takes no step
select config_id, count(*) as runs
from "033_omnichannel_journey_orchestrator_runs"
where workspace_id = $1 and status = 'under_way' and arm <> 'holdout'
group by config_id;

-- name: lives -- what a comparison must know of these journeys beside their arms
select
    configs.id, configs.config -> 'goal' as goal, days.first_day, days.last_day, holdouts.percents
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
cross join lateral jsonb_each(day.metrics -> 'arms') as arm
cross join lateral jsonb_to_record(arm.value) as counted (
    customers_entered bigint, customers_converted bigint, goals bigint, value numeric, value_squares numeric,
    cost numeric, past jsonb, baseline jsonb
)
cross join lateral (select case when day.date < journey.first_open_day then counted.baseline end as counts) as settled
where day.workspace_id = $1
group by day.config_id, arm.key
order by day.config_id, arm.key;
