"""Consumed records for unit tests of the streams room, without Kafka."""

from typing import NamedTuple

from orchestrator.catalog import Catalog
from orchestrator.messages.codec import encode_event, encode_timer
from orchestrator.messages.event import EngagementEvent
from orchestrator.messages.headers import Headers
from orchestrator.messages.timer import TimerDue
from orchestrator.settings import Settings
from orchestrator.streams.wire import wire_of

PARTITIONS = 4
CATALOG = Catalog(Settings(partitions=PARTITIONS))
WIRE = wire_of(CATALOG)


class Record(NamedTuple):
    """A consumed record."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    timestamp: int = 1_000


def event(offset: int, customer: str, **changes: object) -> Record:
    """An engagement event of a customer at an offset."""
    fields: dict[str, object] = {
        "id": f"e{offset}",
        "source": "/shop",
        "type": "cart.added",
        "time_ms": 500,
        "workspace_id": "acme",
        "customer_id": customer,
    }
    encoded = encode_event(EngagementEvent(**{**fields, **changes}))  # type: ignore[arg-type]
    return Record(offset, encoded.key, encoded.value, tuple(encoded.headers))


def timer(offset: int, customer: str, due_ms: int) -> Record:
    """A timer of a customer at an offset."""
    encoded = encode_timer(TimerDue(workspace_id="acme", customer_id=customer, due_ms=due_ms))
    return Record(offset, encoded.key, encoded.value)
