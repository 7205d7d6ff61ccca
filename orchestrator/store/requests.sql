-- name: claim -- makes the request this caller's under its key: when it is new, when its process died, or after a day
insert into "033_omnichannel_journey_orchestrator_requests" as request (workspace_id, holder_id, key, fingerprint)
values ($1, $2, $3, $4)
on conflict (workspace_id, holder_id, key) do update
set fingerprint = excluded.fingerprint, began_at = excluded.began_at, status = null, headers = null, body = null
where request.began_at < clock_timestamp() - $6::interval
    or (
        request.status is null and request.fingerprint = excluded.fingerprint
        and request.began_at < clock_timestamp() - $5::interval
    )
returning true;

-- name: find -- what was answered under a key
select fingerprint, status, headers, body
from "033_omnichannel_journey_orchestrator_requests"
where workspace_id = $1 and holder_id = $2 and key = $3;

-- name: keep -- keeps the answer
update "033_omnichannel_journey_orchestrator_requests"
set status = $4, headers = $5, body = $6
where workspace_id = $1 and holder_id = $2 and key = $3;

-- name: let_go -- the request was refused, so it may be made anew under the same key
delete from "033_omnichannel_journey_orchestrator_requests"
where workspace_id = $1 and holder_id = $2 and key = $3 and status is null;

-- name: forget -- deletes what is older than a day
delete from "033_omnichannel_journey_orchestrator_requests" where began_at < $1;
