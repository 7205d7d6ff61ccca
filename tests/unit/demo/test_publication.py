"""What is published holds every event in order, and what goes wrong in real life."""

from collections import Counter

import pytest

from orchestrator.demo.publication import (
    KEYLESS,
    MALFORMED_EVERY,
    MISROUTED,
    Publication,
    clock_ticks,
    edition,
)
from orchestrator.demo.scenario import silent_customers
from orchestrator.errors import DecodeError
from orchestrator.messages.codec import decode_engagement
from orchestrator.messages.event import CLOCK_TICKED, EngagementEvent
from orchestrator.messages.key import customer_key, partition_of
from orchestrator.streams.clock import tick_time_ms

PARTITIONS = 4
SILENT = silent_customers(400)


def decoded(publication: Publication) -> EngagementEvent | None:
    try:
        return decode_engagement(publication.key, publication.value, publication.headers, 0)
    except DecodeError:
        return None


def test_every_event_is_published_in_order_and_some_twice(happening: list[EngagementEvent]) -> None:
    made = edition(happening, SILENT, PARTITIONS)
    read = [event for event in map(decoded, made.publications) if event is not None]
    times = Counter(event.id for event in read)

    assert list(dict.fromkeys(event.id for event in read)) == [event.id for event in happening]
    assert {event.id: event for event in read} == {event.id: event for event in happening}
    assert sum(count - 1 for count in times.values()) == made.duplicates
    assert made.duplicates / made.events == pytest.approx(0.01, abs=0.005)


def test_what_cannot_be_read_is_counted(happening: list[EngagementEvent]) -> None:
    made = edition(happening * 8, SILENT, PARTITIONS)

    unreadable = sum(decoded(publication) is None for publication in made.publications)
    assert unreadable == made.malformed == len(happening) * 8 // MALFORMED_EVERY
    assert len(made.publications) == made.events + made.duplicates + made.malformed


def test_some_silent_customers_are_published_where_they_do_not_belong(happening: list[EngagementEvent]) -> None:
    made = edition(happening, SILENT, PARTITIONS)
    astray = [
        (publication, event)
        for publication in made.publications
        if publication.partition is not None and (event := decoded(publication)) is not None
    ]

    assert len(astray) == made.misrouted == min(len(SILENT), MISROUTED + KEYLESS)
    assert sum(publication.key is None for publication, _ in astray) == max(0, len(astray) - MISROUTED)
    for publication, event in astray:
        belongs = partition_of(customer_key(event.workspace_id, event.customer_id), PARTITIONS)
        assert publication.partition not in (belongs, None)
        assert publication.partition in range(PARTITIONS)


def test_all_three_forms_are_used(happening: list[EngagementEvent]) -> None:
    forms = Counter(
        "binary"
        if any(name == "ce_type" for name, _ in publication.headers)
        else "structured"
        if publication.headers
        else "plain"
        for publication in edition(happening, (), PARTITIONS).publications
    )

    assert forms["binary"] > forms["structured"] > forms["plain"] > 0


def test_nobody_to_publish_is_nothing_to_publish() -> None:
    assert edition([], [], PARTITIONS) == ([], 0, 0, 0, 0)


def test_a_tick_goes_to_every_partition_without_a_customer() -> None:
    ticks = list(clock_ticks(5_000, PARTITIONS))

    assert [tick.partition for tick in ticks] == list(range(PARTITIONS))
    assert {tick.key for tick in ticks} == {None}
    for tick in ticks:
        assert (b"ce_type", CLOCK_TICKED.encode()) in [(name.encode(), value) for name, value in tick.headers]
        assert tick_time_ms(_Record(tick)) == 5_000


class _Record:
    """A tick as the worker reads it."""

    def __init__(self, tick: Publication) -> None:
        self.offset, self.timestamp = 0, 0
        self.key, self.value, self.headers = tick.key, tick.value, tick.headers
