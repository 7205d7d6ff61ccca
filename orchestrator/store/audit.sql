-- name: note -- writes who changed what
insert into "033_omnichannel_journey_orchestrator_audit" (
    workspace_id, author_id, author_name, action, subject_id, before, after, request_id
)
values ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: audit_page -- what was changed in a workspace, newest first, before a place in that order
select id, at, author_id, author_name, action, subject_id, before, after, request_id
from "033_omnichannel_journey_orchestrator_audit"
where workspace_id = $1
    and ($2::text is null or subject_id = $2) and ($3::text is null or author_id = $3)
    and at >= $4 and at < $5 and id < $6
order by id desc
limit $7;
