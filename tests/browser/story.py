"""What the pages in these tests show: a journey of 1998 with both arms, many kinds of activity, a hostile customer."""

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

from orchestrator.messages.activity import Activity, ActivityType
from orchestrator.messages.ids import derived_id
from tests.builders import DAY, HOUR, WORKSPACE, a_journey

HOSTILE = "<img src=x onerror=\"document.body.dataset.harmed='yes'\">"
FIRST_MS = int(datetime(1998, 4, 1, 9, tzinfo=UTC).timestamp() * 1000)
LAST_DAY = "1998-06-29"
DAYS = 90
CUSTOMERS_A_DAY = 12
HOLDOUT_PERCENT = 20
CONVERTED = {"treatment": 0.4, "holdout": 0.15}  # so far apart that the comparison must find it

JOURNEY = a_journey(
    name="Win back",
    goal={"event": "order.placed", "window": "P7D", "value": "amount", "compare_before": "P30D"},
    holdout={"percent": HOLDOUT_PERCENT},
)


def story(journey_id: str, seed: int = 1, *, hostile: str = HOSTILE) -> list[Activity]:
    """Ninety days of customers who enter, get something or not, and buy or not; ``hostile`` stands where names do."""
    random = Random(seed)
    numbers = range(DAYS * CUSTOMERS_A_DAY)
    return [activity for number in numbers for activity in _customer(journey_id, number, random, hostile)]


def _customer(journey_id: str, number: int, random: Random, hostile: str) -> Iterator[Activity]:
    """One customer's day."""
    at_ms = FIRST_MS + number // CUSTOMERS_A_DAY * DAY + number % CUSTOMERS_A_DAY * 60_000
    arm = "holdout" if number % 100 < HOLDOUT_PERCENT else "treatment"
    customer = hostile if number == DAYS * CUSTOMERS_A_DAY - 1 else f"customer-{number:04}"

    def activity(type_: ActivityType, after_ms: int, **details: Any) -> Activity:
        return Activity(
            id=derived_id("activity", journey_id, str(number), type_, str(after_ms)),
            workspace_id=WORKSPACE,
            customer_id=customer,
            journey_id=journey_id,
            version=1,
            run_id=derived_id("run", journey_id, str(number)),
            type=type_,
            at_ms=at_ms + after_ms,
            step="" if type_ == "journey_entered" else "hello",
            arm=arm,
            details=details,
            cause=f"engagement.events.v1/0/{number}",
        )

    message = {"channel": random.choice(["email", "push"]), "template": "welcome", "category": "marketing"}
    yield activity("journey_entered", 0, arm=arm, entry_event="shopped", before=number % 5, was_active=number % 5 > 2)
    if arm == "treatment" and number % 9 == 0:
        yield activity("send_suppressed", 1_000, rule="frequency_cap", reason="2 of 2 sends in P7D", **message)
    elif arm == "treatment":
        yield activity("send_requested", 1_000, command_id=derived_id("command", str(number)), cost=0.01, **message)
        yield activity("message_reported", 2_000, outcome="delivered", **message)
        if number % 3:
            yield activity("message_reported", 3_000, outcome="opened", **message)
        if number % 41 == 1:
            outcome = "unsubscribed" if number % 2 else "complained"
            yield activity("message_reported", 4_000, outcome=outcome, **message)
    if number % 13 == 0:
        yield activity(
            "send_deferred", 500, rule="quiet_hours", reason="21:00-08:00", until_ms=at_ms + 1_000, **message
        )
    if random.random() < CONVERTED[arm]:
        yield activity("goal_reached", 3 * HOUR, event_type="order.placed", value=random.randrange(500, 9_000) / 100)
        yield activity("run_exited", 3 * HOUR, reason="goal")
    elif number % 4:
        yield activity("run_completed", 4 * HOUR, reason=hostile)
