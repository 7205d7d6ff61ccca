-- name: find_receipt -- what is left of a customer who was erased
select receipt, customer_sha256, requested_at, erased_at, rows
from "033_omnichannel_journey_orchestrator_erasures"
where workspace_id = $1 and receipt = $2;
