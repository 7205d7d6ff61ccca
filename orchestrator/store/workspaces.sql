-- name: find_workspace -- a workspace's settings, and whether they have left the outbox
select workspace_id, is_sending, updated_at,
       not exists (
           select from "033_omnichannel_journey_orchestrator_outbox" as outbox where outbox.key = $2
       ) as is_published
from "033_omnichannel_journey_orchestrator_workspaces"
where workspace_id = $1;

-- name: write_workspace -- sets the kill switch; holds the row until the transaction ends
insert into "033_omnichannel_journey_orchestrator_workspaces" (workspace_id, is_sending)
values ($1, $2)
on conflict (workspace_id) do update
set is_sending = excluded.is_sending,
    updated_at = greatest(clock_timestamp()::timestamp, "033_omnichannel_journey_orchestrator_workspaces".updated_at + interval '1 microsecond')
returning updated_at;
