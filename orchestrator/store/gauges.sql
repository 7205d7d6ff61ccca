-- What gauges read of limits. Every query is bound to a workspace.

-- name: counted -- Sends and their cost by channel, and runs begun, in some days and stretches of quarters of an hour.
with mine as (
    select id
    from "033_omnichannel_journey_orchestrator_configs"
    where workspace_id = $1 and ($2::uuid is null or id = $2)
),
counted as (
    select day.metrics, 1 as times
    from mine
    join "033_omnichannel_journey_orchestrator_metrics" as day on day.config_id = mine.id
    where day.date >= $3 and day.date <= $4
    union all
    select quarter.metrics, stretch.times
    from mine
    cross join unnest($5::timestamp[], $6::timestamp[], $7::int[]) as stretch (starts_at, ends_at, times)
    join "033_omnichannel_journey_orchestrator_quarters" as quarter
        on quarter.config_id = mine.id
        and quarter.quarter >= stretch.starts_at and quarter.quarter < stretch.ends_at
)
select 'entered' as figure, '' as channel, coalesce(sum(times * (metrics ->> 'entered')::numeric), 0) as amount
from counted
union all
select 'sends', channel, sum(times * amount::numeric)
from counted, jsonb_each_text(coalesce(metrics -> 'send_requested', '{}')) as sent (channel, amount)
group by channel
union all
select 'cost', channel, sum(times * amount::numeric)
from counted, jsonb_each_text(coalesce(metrics -> 'cost_by_channel', '{}')) as spent (channel, amount)
group by channel;

-- name: asked_for_in_minute -- How many messages were asked for in a minute.
select coalesce(sum(delivery.messages), 0)::bigint
from "033_omnichannel_journey_orchestrator_configs" as journey
join "033_omnichannel_journey_orchestrator_deliveries" as delivery on delivery.config_id = journey.id
where journey.workspace_id = $1 and ($2::uuid is null or journey.id = $2)
    and delivery.minute = $3 and delivery.outcome = 'asked_for';

-- name: held_back -- What rules held back in a journey, by the quarter of an hour.
select jsonb_strip_nulls(jsonb_build_object(
    'send_suppressed', quarter.metrics -> 'send_suppressed',
    'send_deferred', quarter.metrics -> 'send_deferred',
    'entry_refused', quarter.metrics -> 'entry_refused'
))::text as metrics
from "033_omnichannel_journey_orchestrator_configs" as journey
join "033_omnichannel_journey_orchestrator_quarters" as quarter on quarter.config_id = journey.id
where journey.workspace_id = $1 and journey.id = $2 and quarter.quarter >= $3;

-- name: resumed_at -- When a journey last became active.
select coalesce(resumed_at, created_at)
from "033_omnichannel_journey_orchestrator_configs"
where workspace_id = $1 and id = $2;

-- name: rules_of_versions -- The guardrails and the capacity of each version of a journey, in order.
select version.created_at, version.config -> 'guardrails' as guardrails, version.config #> '{entry,capacity}' as capacity
from "033_omnichannel_journey_orchestrator_config_versions" as version
join "033_omnichannel_journey_orchestrator_configs" as journey on journey.id = version.config_id
where journey.workspace_id = $1 and journey.id = $2
order by version.version;

-- name: rules_of_workspace -- Each change of a workspace's guardrails that is on record, in order.
select at, before -> 'guardrails' as before, after -> 'guardrails' as after
from "033_omnichannel_journey_orchestrator_audit"
where workspace_id = $1 and subject_id = 'workspace' and action = 'workspace_changed' and after ? 'guardrails'
order by id;
