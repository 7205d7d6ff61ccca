-- Subscriptions to the figures of each day: see store/subscriptions.py.

-- name: count -- how many a workspace has; it has no more until the transaction ends
select count(*)
from (
    select pg_advisory_xact_lock(hashtextextended('subscriptions:' || $1, 0))
) as locked
left join "033_omnichannel_journey_orchestrator_subscriptions" as subscription on subscription.workspace_id = $1
where subscription.id is not null;

-- name: create -- writes a subscription
insert into "033_omnichannel_journey_orchestrator_subscriptions" (
    workspace_id, url, at, zone, journeys, secret, author_id, author_name, due_at, next_attempt_at
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
returning *;

-- name: list_subscriptions -- those of a workspace, oldest first
select *
from "033_omnichannel_journey_orchestrator_subscriptions"
where workspace_id = $1
order by created_at, id;

-- name: find -- one of a workspace
select * from "033_omnichannel_journey_orchestrator_subscriptions" where workspace_id = $1 and id = $2;

-- name: delete -- ends one
delete from "033_omnichannel_journey_orchestrator_subscriptions" where workspace_id = $1 and id = $2 returning *;

-- name: due -- those of all workspaces whose next attempt is due, longest first
select *
from "033_omnichannel_journey_orchestrator_subscriptions"
where next_attempt_at <= $1
order by next_attempt_at, id
limit $2;

-- name: move_on -- what an attempt has come to; nothing when somebody else has moved it on meanwhile, or it has ended
update "033_omnichannel_journey_orchestrator_subscriptions"
set due_at = $4, next_attempt_at = $5, attempts = $6, failure = $7,
    last_sent_at = coalesce($8, last_sent_at), last_day = coalesce($9, last_day), failed_day = coalesce($10, failed_day)
where workspace_id = $1 and id = $2 and next_attempt_at = $3
returning id;
