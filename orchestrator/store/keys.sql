-- name: create_key -- writes a key's digest; the key itself is never stored
insert into "033_omnichannel_journey_orchestrator_api_keys" (workspace_id, name, role, sha256, expires_at)
values ($1, $2, $3, $4, $5)
returning id, created_at;

-- name: find_key -- whom a key that is in force belongs to
select id, workspace_id, name, role
from "033_omnichannel_journey_orchestrator_api_keys"
where sha256 = $1 and revoked_at is null and (expires_at is null or expires_at > now());

-- name: touch_key -- notes that a key was used; at most one write a minute
update "033_omnichannel_journey_orchestrator_api_keys"
set last_used_at = now()
where id = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute');

-- name: revoke_key -- ends a key; its row stays for the record
update "033_omnichannel_journey_orchestrator_api_keys"
set revoked_at = now()
where workspace_id = $1 and id = $2 and revoked_at is null
returning name;

-- name: list_keys -- every key of a workspace, newest first
select id, workspace_id, name, role, created_at, expires_at, last_used_at, revoked_at
from "033_omnichannel_journey_orchestrator_api_keys"
where workspace_id = $1
order by created_at desc, id;
