-- name: propose -- writes a change that waits for a second person
insert into "033_omnichannel_journey_orchestrator_proposals" (
    id, workspace_id, config_id, before, patch, etag, author_id, author_name
)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (id) do nothing;

-- name: find_proposal -- one proposal, and what it is about as that is now
select proposals.*, configs.name as journey_name, configs.current_version as journey_version,
       configs.updated_at as journey_updated_at, workspaces.updated_at as workspace_updated_at
from "033_omnichannel_journey_orchestrator_proposals" as proposals
left join "033_omnichannel_journey_orchestrator_configs" as configs on configs.id = proposals.config_id
left join "033_omnichannel_journey_orchestrator_workspaces" as workspaces on workspaces.workspace_id = proposals.workspace_id
where proposals.workspace_id = $1 and proposals.id = $2;

-- name: list_proposals -- a page of proposals, newest first, and what they are about as that is now
select proposals.*, configs.name as journey_name, configs.current_version as journey_version,
       configs.updated_at as journey_updated_at, workspaces.updated_at as workspace_updated_at
from "033_omnichannel_journey_orchestrator_proposals" as proposals
left join "033_omnichannel_journey_orchestrator_configs" as configs on configs.id = proposals.config_id
left join "033_omnichannel_journey_orchestrator_workspaces" as workspaces on workspaces.workspace_id = proposals.workspace_id
where proposals.workspace_id = $1
    and ($2::text is null or proposals.status = $2)
    and ($3::uuid is null or proposals.config_id = $3)
    and ($4::timestamp is null or (proposals.created_at, proposals.id) < ($4::timestamp, $5::uuid))
order by proposals.created_at desc, proposals.id desc
limit $6;

-- name: decide -- ends a proposal that is open
update "033_omnichannel_journey_orchestrator_proposals"
set status = $3, reason = $4, decider_id = $5, decider_name = $6, decided_at = clock_timestamp()
where workspace_id = $1 and id = $2 and status = 'open'
returning id;
