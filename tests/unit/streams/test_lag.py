"""How far behind a worker is said to be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from prometheus_client import REGISTRY

from orchestrator.streams.lag import Lag, LagReport, Place, lag_of
from orchestrator.streams.record import InputRecord
from tests.input_records import Record


def records(*offsets: int) -> list[InputRecord]:
    """Records that arrived a second apart."""
    return [Record(offset, b"k", b"v", (), offset * 1_000) for offset in offsets]


def test_nothing_read_and_nothing_unread_is_no_lag() -> None:
    assert lag_of([], 0, now_ms=9_000) == Lag(0, 0.0)


def test_what_was_read_and_what_was_not_are_behind_and_the_oldest_says_how_long() -> None:
    assert lag_of([records(3, 4), records(5)], 7, now_ms=9_000) == Lag(10, 6.0)


def test_an_end_that_was_heard_of_before_the_last_read_is_no_negative_lag() -> None:
    assert lag_of([records(3)], -5, now_ms=1_000) == Lag(1, 0.0)  # nor is a broker's clock that is ahead


@dataclass
class Pair:
    """Partitions 0 and 1 of one worker, and later only 1."""

    owned: dict[int, list[Sequence[InputRecord]]] = field(default_factory=lambda: {0: [], 1: [records(3, 4)]})

    def unacknowledged(self, topic: str) -> dict[int, list[Sequence[InputRecord]]]:
        return self.owned

    def known_positions(self, places: Iterable[Place]) -> dict[Place, tuple[int, int]]:
        known = {("lag-test", 0): (10, 10), ("lag-test", 1): (5, 8)}
        return {place: known[place] for place in places}


def published(partition: str) -> tuple[float | None, float | None]:
    labels = {"topic": "lag-test", "partition": partition}
    return (
        REGISTRY.get_sample_value("orchestrator_lag_records", labels),
        REGISTRY.get_sample_value("orchestrator_lag_seconds", labels),
    )


def test_what_another_worker_owns_now_is_not_told_any_more() -> None:
    pair = Pair()
    report = LagReport(["lag-test"], pair, pair.known_positions)
    report.publish(now_ms=9_000)
    assert (published("0"), published("1")) == ((0.0, 0.0), (5.0, 6.0))
    del pair.owned[0]
    report.publish(now_ms=10_000)
    assert (published("0"), published("1")) == ((None, None), (5.0, 7.0))
    pair.owned.clear()
    report.publish(now_ms=10_000)
    assert published("1") == (None, None)
