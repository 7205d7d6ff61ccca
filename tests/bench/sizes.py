"""How many bytes an event of the six-step journey puts on each topic: what disks and networks are reckoned by."""

from collections import Counter
from collections.abc import Iterator

from orchestrator.journeys.replay import replay
from orchestrator.journeys.state import encode_state
from orchestrator.messages.activity import Activity
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import encode_activity, encode_command, encode_event
from orchestrator.messages.command import SendCommand
from orchestrator.messages.key import customer_key
from tests.bench.ground import Ground
from tests.bench.measurement import Measurement
from tests.bench.published import directory_of
from tests.bench.six_steps import DAY_MS, EVENTS_PER_CUSTOMER, SIX_STEPS, WORKSPACE, shoppers

CUSTOMERS = 500
FRAMING = 8  # bytes of a record in Kafka's format beside key, value and headers, about; the batch's own are shared
HEADER_FRAMING = 2  # two lengths


async def measure(ground: Ground) -> list[Measurement]:
    """Needs no broker: what the records consist of, before any compression."""
    events = shoppers(ground.size(CUSTOMERS, 20) * EVENTS_PER_CUSTOMER)
    directory = directory_of(SIX_STEPS, WORKSPACE)
    until_ms = events[-1].time_ms + 15 * DAY_MS
    effects = replay(directory, events, until_ms).effects
    on_topic: Counter[str] = Counter()
    for event in events:
        on_topic["events"] += _size(encode_event(event))
    for effect in effects:
        if isinstance(effect, Activity):
            on_topic["activities"] += _size(encode_activity(effect))
        elif isinstance(effect, SendCommand):
            on_topic["send commands"] += _size(encode_command(effect))
    states = list(_states(ground.size(100, 5)))
    on_topic["changelog"] = sum(states) * len(events) // len(states)
    bytes_ = {f"{name}, bytes per event": size / len(events) for name, size in on_topic.items()}
    details: dict[str, float | str] = {
        "events": len(events),
        **bytes_,
        "a state, bytes, on average over a customer's ten events": sum(states) / len(states),
        "without": "compression, copies, batch headers, timers and transaction markers",
    }
    note = "events, activities, send commands and changelog; one copy"
    return [Measurement("a six-step event on all topics", "bytes", None, sum(bytes_.values()), note, False, details)]


def _states(customers: int) -> Iterator[int]:
    """The size of a customer's record on the changelog after each event."""
    directory = directory_of(SIX_STEPS, WORKSPACE)
    lives: dict[str, list[int]] = {}
    events = shoppers(customers * EVENTS_PER_CUSTOMER)
    for number, event in enumerate(events):
        mine = lives.setdefault(event.customer_id, [])
        mine.append(number)
        found = replay(directory, [events[each] for each in mine], event.time_ms).states
        for state in found.values():
            yield FRAMING + len(customer_key(WORKSPACE, event.customer_id)) + len(encode_state(state))


def _size(record: Encoded) -> int:
    headers = sum(HEADER_FRAMING + len(name) + len(value) for name, value in record.headers)
    return FRAMING + len(record.key or b"") + len(record.value or b"") + headers
