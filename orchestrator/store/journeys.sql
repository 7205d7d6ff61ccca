-- name: insert_journey -- writes a new journey in its first version
insert into "033_omnichannel_journey_orchestrator_configs"
    (id, workspace_id, name, campaign_id, config, status, drain, current_version, activated_at, resumed_at)
values (
    $1, $2, $3, $4, $5, $6::varchar, $7, $8,
    case when $6::varchar = 'ACTIVE' then now() end, case when $6::varchar = 'ACTIVE' then now() end
)
returning created_at, updated_at;

-- name: insert_version -- keeps a definition for ever
insert into "033_omnichannel_journey_orchestrator_config_versions" (
    config_id, version, config, policy, steps, drained_at
)
values ($1, $2, $3, $4, $5, timestamp 'epoch' + $6::bigint * interval '1 millisecond');

-- name: update_journey -- writes what has changed
update "033_omnichannel_journey_orchestrator_configs"
set name = $3, campaign_id = $4, config = $5, status = $6::varchar, drain = $7, current_version = $8,
    paused_reason = $9,
    activated_at = case when $6::varchar = 'ACTIVE' then coalesce(activated_at, now()) else activated_at end,
    resumed_at = case when $6::varchar = 'ACTIVE' and status <> 'ACTIVE' then now() else resumed_at end,
    -- Two changes never have the same time, so that the time tells one state from the next.
    updated_at = greatest(clock_timestamp()::timestamp, updated_at + interval '1 microsecond')
where workspace_id = $1 and id = $2
returning created_at, updated_at;

-- name: find_journey -- one journey, and whether its last change has left the outbox
select id, workspace_id, name, campaign_id, config, status, drain, paused_reason, current_version,
       created_at, updated_at,
       (
           select jsonb_agg(jsonb_build_object(
               'version', versions.version, 'policy', versions.policy, 'steps', versions.steps,
               'until_ms', (extract(epoch from versions.drained_at) * 1000)::bigint
           ) order by versions.version)
           from "033_omnichannel_journey_orchestrator_config_versions" as versions
           where versions.config_id = configs.id and versions.policy <> 'pin'
       ) as migrations,
       not exists (
           select from "033_omnichannel_journey_orchestrator_outbox" as outbox where outbox.key = $3
       ) as is_published
from "033_omnichannel_journey_orchestrator_configs" as configs
where workspace_id = $1 and id = $2;

-- name: lock_journey -- holds one journey until the transaction ends
select
from "033_omnichannel_journey_orchestrator_configs"
where workspace_id = $1 and id = $2
for no key update; -- lets the sink, whose rows refer to this one, go on

-- name: list_journeys -- a page of a workspace's journeys, newest first
select id, workspace_id, name, campaign_id, null::jsonb as config, status, drain, paused_reason, current_version,
       created_at, updated_at, null::jsonb as migrations,
       not exists (
           select from "033_omnichannel_journey_orchestrator_outbox" as outbox where outbox.key = $8 || configs.id::text
       ) as is_published
from "033_omnichannel_journey_orchestrator_configs" as configs
where workspace_id = $1 and
  -- include: sought
  and ($5::timestamp is null or (created_at, id) < ($5::timestamp, $6::uuid))
order by created_at desc, id desc
limit $7;

-- name: every_journey -- all journeys of a workspace in the order in which they were made, and whether each is sought
select id, name, coalesce(
    -- include: sought
    , false) as is_sought
from "033_omnichannel_journey_orchestrator_configs"
where workspace_id = $1
order by created_at, id;

-- name: journeys_of -- some of a workspace's journeys
select id, workspace_id, name, campaign_id, null::jsonb as config, status, drain, paused_reason, current_version,
       created_at, updated_at, null::jsonb as migrations,
       not exists (
           select from "033_omnichannel_journey_orchestrator_outbox" as outbox where outbox.key = $3 || configs.id::text
       ) as is_published
from "033_omnichannel_journey_orchestrator_configs" as configs
where workspace_id = $1 and id = any($2::uuid[]);

-- name: holdout_percents -- the different holdout shares that a journey's versions have had
select distinct coalesce((versions.config #>> '{holdout,percent}')::float8, 0) as percent
from "033_omnichannel_journey_orchestrator_config_versions" as versions
join "033_omnichannel_journey_orchestrator_configs" as configs on configs.id = versions.config_id
where configs.workspace_id = $1 and configs.id = $2;

-- name: journey_names -- what some of a workspace's journeys are called
select id, name
from "033_omnichannel_journey_orchestrator_configs"
where workspace_id = $1 and id = any($2::uuid[]);

-- name: list_versions -- a journey's versions, newest first
select versions.version, versions.created_at, versions.policy, versions.steps, versions.drained_at
from "033_omnichannel_journey_orchestrator_config_versions" as versions
join "033_omnichannel_journey_orchestrator_configs" as configs on configs.id = versions.config_id
where configs.workspace_id = $1 and configs.id = $2
order by versions.version desc
limit $3;

-- name: find_version -- one version with its definition
select versions.version, versions.config, versions.created_at, versions.policy, versions.steps, versions.drained_at
from "033_omnichannel_journey_orchestrator_config_versions" as versions
join "033_omnichannel_journey_orchestrator_configs" as configs on configs.id = versions.config_id
where configs.workspace_id = $1 and configs.id = $2 and versions.version = $3;

-- name: find_definitions -- some versions' definitions
select versions.version, versions.config
from "033_omnichannel_journey_orchestrator_config_versions" as versions
join "033_omnichannel_journey_orchestrator_configs" as configs on configs.id = versions.config_id
where configs.workspace_id = $1 and configs.id = $2 and versions.version = any($3::int[]);

-- name: step_names -- the steps that any version of a journey has
select distinct jsonb_object_keys(versions.config -> 'steps') as step
from "033_omnichannel_journey_orchestrator_config_versions" as versions
join "033_omnichannel_journey_orchestrator_configs" as configs on configs.id = versions.config_id
where configs.workspace_id = $1 and configs.id = $2;

-- name: count_under_way -- how many runs stand at each step of each version
-- Those of the holdout take no step; nor, for a moment, does one whose entry is on record and whose first step is not yet.
select runs.version, runs.step, count(*) as runs
from "033_omnichannel_journey_orchestrator_runs" as runs
where runs.config_id = $1 and runs.workspace_id = $2 and runs.status = 'under_way' and runs.step <> ''
group by runs.version, runs.step
order by runs.version, runs.step;

-- name: live_journeys -- the journeys of a workspace that run or are paused, with their definitions
select id, workspace_id, name, campaign_id, config, status, drain, paused_reason, current_version,
       created_at, updated_at, null::jsonb as migrations, true as is_published
from "033_omnichannel_journey_orchestrator_configs"
where workspace_id = $1 and status in ('ACTIVE', 'PAUSED')
order by created_at desc, id desc
limit $2;
