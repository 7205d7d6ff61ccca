"""Journeys for a single test, and customers who stand at their steps."""

from typing import Any

from orchestrator.messages.activity import Activity, ActivityType
from orchestrator.messages.ids import derived_id
from tests.api_session import BASE
from tests.browser.conftest import Site
from tests.browser.story import FIRST_MS
from tests.builders import HOUR, WORKSPACE


async def created(site: Site, config: dict[str, Any]) -> str:
    """A new journey, published; its id."""
    answer = await site.client.post(BASE, json={"config": config})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def standing_at(step: str, journey_id: str, version: int, customers: int) -> list[Activity]:
    """The activities of so many customers of a version who wait at a step."""
    names = [f"of-version-{version}-{number}" for number in range(customers)]

    def activity(customer: str, type_: ActivityType, after_ms: int, at: str, **details: Any) -> Activity:
        return Activity(
            id=derived_id("activity", journey_id, customer, type_),
            workspace_id=WORKSPACE,
            customer_id=customer,
            journey_id=journey_id,
            version=version,
            run_id=derived_id("run", journey_id, customer),
            type=type_,
            at_ms=FIRST_MS + after_ms,
            step=at,
            arm="treatment",
            details=details,
            cause="engagement.events.v1/0/0",
        )

    entered = [activity(name, "journey_entered", 0, "", arm="treatment") for name in names]
    waiting = [activity(name, "wait_started", HOUR, step, kind="wait", until_ms=FIRST_MS + 9 * HOUR) for name in names]
    return entered + waiting
