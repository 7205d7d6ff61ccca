-- name: take_turn -- lets one transaction after another change a workspace, also one that has no row yet
select pg_advisory_xact_lock(hashtextextended('workspace:' || $1, 33));

-- name: find_workspace -- a workspace's settings, and whether they have left the outbox
select workspace_id, is_sending, holdout_percent, guardrails, costs, needs_approval, updated_at,
       not exists (
           select from "033_omnichannel_journey_orchestrator_outbox" as outbox where outbox.key = $2
       ) as is_published
from "033_omnichannel_journey_orchestrator_workspaces"
where workspace_id = $1;

-- name: write_workspace -- sets what is not null; holds the row until the transaction ends
insert into "033_omnichannel_journey_orchestrator_workspaces" as workspace (
    workspace_id, is_sending, holdout_percent, guardrails, costs, needs_approval
)
values ($1, coalesce($2, true), coalesce($3::double precision, 0), coalesce($4, '{}'::jsonb), coalesce($5, '{}'::jsonb), coalesce($6, false))
on conflict (workspace_id) do update
set is_sending = coalesce($2, workspace.is_sending),
    holdout_percent = coalesce($3, workspace.holdout_percent),
    guardrails = coalesce($4, workspace.guardrails),
    costs = coalesce($5, workspace.costs),
    needs_approval = coalesce($6, workspace.needs_approval),
    updated_at = greatest(clock_timestamp()::timestamp, workspace.updated_at + interval '1 microsecond')
returning workspace_id, is_sending, holdout_percent, guardrails, costs, needs_approval, updated_at, false as is_published;
