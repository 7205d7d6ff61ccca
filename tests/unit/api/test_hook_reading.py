"""However much a mapping has to do with a payload, it ends in time."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from orchestrator.api.hook_reading import LONGEST_S, read_in_time, rehearsed_in_time
from orchestrator.intake.events import Understood
from orchestrator.intake.reading import Refusal
from tests.unit.intake.mappings import a_rule, mapping_of

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ORDERS: list[dict[str, Any]] = [{"id": number, "customer": "c1"} for number in range(10)]


def clock_that_goes_on(step_s: float) -> Callable[[], float]:
    """A clock that has gone on by so much whenever it is looked at."""
    times = iter(range(1_000))
    return lambda: next(times) * step_s


def test_what_is_read_in_time_is_what_it_is() -> None:
    outcome = read_in_time(mapping_of(a_rule(for_each="")), ORDERS, {}, NOW, "acme", clock_that_goes_on(0.1))
    assert isinstance(outcome, Understood)
    assert len(outcome.events) == len(ORDERS)


def test_what_takes_too_long_is_refused() -> None:
    outcome = read_in_time(mapping_of(a_rule(for_each="")), ORDERS, {}, NOW, "acme", clock_that_goes_on(LONGEST_S / 5))
    assert isinstance(outcome, Refusal)
    assert outcome.reason == "too_large"


def test_tests_that_take_too_long_have_not_passed() -> None:
    test = {"name": "orders", "payload": ORDERS, "events": [{"type": "order.placed"}] * len(ORDERS)}
    mapping = mapping_of(a_rule(for_each=""), tests=[test, test])
    assert [played.differences for played in rehearsed_in_time(mapping, clock_that_goes_on(0.1))] == [(), ()]
    late = rehearsed_in_time(mapping, clock_that_goes_on(LONGEST_S / 12))
    assert all("may take 5 s" in played.differences[0] for played in late)
