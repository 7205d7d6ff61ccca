"""Real purchases as ``order.placed`` events: see ``data/NOTICE`` for where they come from.

The data has dates only. The time of day is made up: from a hash of the line, between 08:00 and 22:00 UTC. Everything
else of these events (who, when to the day, how many, how much) is as it happened.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files

from orchestrator.messages.event import EngagementEvent
from orchestrator.simulator.chance import between

SOURCE = "/demo/shop"
ORDER_PLACED = "order.placed"
CUSTOMER_PREFIX = "cdnow-"

HOUR_MS = 3_600_000
OPENS_MS = 8 * HOUR_MS  # after midnight UTC
CLOSES_MS = 22 * HOUR_MS


def read_purchases(workspace_id: str) -> list[EngagementEvent]:
    """Every purchase, in order of time."""
    text = files("orchestrator.simulator").joinpath("data", "cdnow_sample.txt").read_text(encoding="ascii")
    return sorted(parse_purchases(workspace_id, text), key=lambda event: event.time_ms)


def parse_purchases(workspace_id: str, text: str) -> Iterator[EngagementEvent]:
    """The purchases in ``text``, one a line, in the order of the lines.

    Raises:
        ValueError: a line does not have the five columns of the data set; it names the line.
    """
    for number, line in enumerate(text.splitlines(), 1):
        try:
            _, customer, date, items, amount = line.split()
            midnight = datetime.strptime(date, "%Y%m%d").replace(tzinfo=UTC)
            data: dict[str, object] = {"amount": float(amount), "items": int(items)}
        except ValueError as error:
            raise ValueError(f"reading purchases: line {number} is {line!r}; expected five columns") from error
        id_ = f"cdnow-{number}"
        yield EngagementEvent(
            id=id_,
            source=SOURCE,
            type=ORDER_PLACED,
            time_ms=int(midnight.timestamp()) * 1_000 + between(OPENS_MS, CLOSES_MS, "time of day", id_),
            workspace_id=workspace_id,
            customer_id=CUSTOMER_PREFIX + customer,
            data=data,
        )
