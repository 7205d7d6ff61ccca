-- What a comparison with a reference needs to know of every single activity.

-- name: activity_ids -- The ids of all activities of a workspace.
select id
from "033_omnichannel_journey_orchestrator_activities"
where workspace_id = $1;

-- name: activity_count -- How many activities a workspace has.
select count(*)
from "033_omnichannel_journey_orchestrator_activities"
where workspace_id = $1;
