"""What is counted of webhooks is there before the first of them comes in."""

from prometheus_client import REGISTRY

from orchestrator.api.received_hooks import Doorkeeper


def test_what_can_become_of_a_webhook_is_counted_from_nought_on() -> None:
    Doorkeeper(per_minute=1)
    for result in ("accepted", "no_rule", "refused", "limited", "unavailable", "unknown_hook", "stale_signature"):
        assert REGISTRY.get_sample_value("orchestrator_hook_requests_total", {"result": result}) is not None
