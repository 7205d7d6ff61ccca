"""What lies in Kafka before a worker starts: events of many customers, in order of time, by partition."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice

from msgspec.structs import replace

from orchestrator.demo.scenario import WORKSPACE
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import encode_event
from orchestrator.messages.event import EngagementEvent
from orchestrator.messages.key import partition_of
from orchestrator.simulator.people import introduce
from orchestrator.simulator.purchases import read_purchases

MINUTE_MS = 60_000
VIEWS_PER_EVENT = 9
PAGE_VIEWED = "page.viewed"

Backlog = dict[int, list[Encoded]]


def backlog(events: Iterable[EngagementEvent], partitions: int) -> Backlog:
    """The events as records, each in the partition of its key."""
    place = lru_cache(maxsize=None)(lambda key: partition_of(key, partitions))
    records: defaultdict[int, list[Encoded]] = defaultdict(list)
    for event in events:
        record = encode_event(event)
        records[place(record.key)].append(record)
    return dict(records)


def purchases(most: int) -> list[EngagementEvent]:
    """The first ``most`` events, in order of time, of the demo's real customers, cloned as often as that takes.

    Every clone is a customer of its own, introduced and buying as the original does.
    """
    history = introduce(read_purchases(WORKSPACE))
    return list(islice(_cloned(history, -(-most // len(history))), most))


def purchases_among_views(most: int) -> list[EngagementEvent]:
    """The same with nine page views after each event: nine in ten move no run, though most customers wait in one."""
    mixed: list[EngagementEvent] = []
    for event in purchases(most // (VIEWS_PER_EVENT + 1)):
        mixed.append(event)
        mixed += (
            replace(
                event,
                id=f"{event.id}-view-{number}",
                type=PAGE_VIEWED,
                time_ms=event.time_ms + number * MINUTE_MS,
                data={"url": f"/products/{number}", "referrer": "newsletter"},
            )
            for number in range(1, VIEWS_PER_EVENT + 1)
        )
    return sorted(mixed, key=lambda event: event.time_ms)


def _cloned(history: list[EngagementEvent], copies: int) -> Iterator[EngagementEvent]:
    for event in history:
        for copy in range(copies):
            yield replace(event, id=f"{event.id}.{copy}", customer_id=f"{event.customer_id}.{copy}")
