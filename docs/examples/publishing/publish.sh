#!/usr/bin/env bash
# Publishes an order for each customer named, over HTTP: publish.sh CUSTOMER...
# API_KEY: that of a publisher (orchestrator keys create --role publisher). An id or a name with " in it needs escaping.
set -euo pipefail

for customer in "$@"; do
  curl --silent --show-error --fail-with-body --retry 5 \
    --header "Authorization: Bearer ${API_KEY}" \
    --header "Content-Type: application/json" \
    --data @- "${API_URL:-http://127.0.0.1:8080}/api/v1/events" <<JSON
{"events": [{
  "id": "order-of-${customer}",
  "source": "shop/curl",
  "type": "order.placed",
  "customer_id": "${customer}",
  "time": "$(date -u +%Y-%m-%dT%H:%M:%SZ)",
  "data": {"amount": 12.5, "items": 3}
}]}
JSON
  echo
done
