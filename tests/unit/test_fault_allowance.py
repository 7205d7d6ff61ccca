"""The judge of limits over all customers sees each breach there can be, and names the invariant."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace as with_fields

from orchestrator.guardrails.budget import Moved, Spent
from orchestrator.guardrails.grants import Pool
from orchestrator.journeys.replay import replay
from orchestrator.journeys.state import CustomerState, encode_state
from orchestrator.messages.activity import Activity
from orchestrator.messages.codec import encode_event
from orchestrator.messages.command import SendCommand
from orchestrator.messages.key import partition_of
from orchestrator.streams.stored import PartitionRecord
from tests.builders import DAY, HOUR, MONDAY_NOON, a_directory, a_journey, an_event, steps
from tests.faults.allowance import Budget, check_books, check_customers, check_limit, noon_zone, shares
from tests.faults.verifier import Found, understand
from tests.input_records import CATALOG
from tests.worker_process import Read

OFFER = {"kind": "send", "channel": "email", "template": "t", "cost": 0.5, "next": "done"}
BUDGET = Budget(Decimal(2), is_money=False, zone="UTC")
MONEY = Budget(Decimal(1), is_money=True, zone="UTC")
MIDNIGHT = MONDAY_NOON - 12 * HOUR


def three_customers() -> Found:
    """Three want a message, the limit lets two through; and what two partitions have put down about it."""
    guardrails = {
        "consent": {"marketing": "opt_out"},
        "budgets": [{"kind": "messages", "limit": 2, "per": "day", "when_spent": "skip"}],
    }
    directory = a_directory(a_journey(start="offer", steps=steps(offer=OFFER), guardrails=guardrails))
    signals = [with_fields(an_event(id_=f"e{number}"), customer_id=f"c{number}") for number in range(3)]
    reference = replay(directory, signals, MONDAY_NOON + DAY)
    encoded = [encode_event(signal) for signal in signals]
    records = [
        Read(partition_of(each.key, CATALOG.customer_partitions), at, 0, each.key, each.value, dict(each.headers))
        for at, each in enumerate(encoded)
    ]
    return Found(
        inputs=understand(CATALOG, {CATALOG.events: records}),
        commands=[effect for effect in reference.effects if isinstance(effect, SendCommand)],
        activities=[effect for effect in reference.effects if isinstance(effect, Activity)],
        letters=[],
        states={f"acme:{name}".encode(): encode_state(state) for (_, name), state in reference.states.items()},
        positions=books(Spent(MIDNIGHT, 2, moved=Moved(units=1)), Spent(MIDNIGHT, 0, moved=Moved(units=-1))),
    )


def books(*records: Spent, pool: Pool | None = None) -> dict[int, PartitionRecord]:
    pools = {} if pool is None else {"limit": pool}
    return {number: PartitionRecord(spent={"limit": each}, pools=pools) for number, each in enumerate(records)}


def but(**changes: Any) -> Found:
    return replace(three_customers(), **changes)


def twice() -> list[SendCommand]:
    return three_customers().commands + three_customers().commands


def test_what_is_right_passes() -> None:
    check_limit(three_customers(), BUDGET, 1)
    check_limit(three_customers(), MONEY, 1)
    check_books(three_customers(), BUDGET)
    check_customers(three_customers())


@pytest.mark.parametrize(
    ("breach", "what"),
    [
        (lambda: check_limit(but(commands=twice()), BUDGET, 1), "I3: on no day is more sent than the limit"),
        (lambda: check_limit(but(commands=twice()), MONEY, 1), "I3: on no day is more sent than the limit"),
        (lambda: check_limit(but(commands=twice()[:1]), BUDGET, 1), "a limit can be used wherever"),
        (lambda: check_limit(three_customers(), BUDGET, 2), "sent on 1 days, and 2"),
        (lambda: check_books(but(commands=twice()[:1]), BUDGET), "I2: what the books have as used was sent"),
        (lambda: check_books(but(positions=books(Spent(MIDNIGHT, 3))), BUDGET), "I2: what the books have as used"),
        (
            lambda: check_books(but(positions=books(Spent(MIDNIGHT, 2, moved=Moved(units=1)))), BUDGET),
            "I3: allowance that moves is neither made nor lost",
        ),
        (
            lambda: check_books(but(positions=books(Spent(MIDNIGHT, 2), pool=Pool(MIDNIGHT, units=1))), BUDGET),
            "I3: allowance that moves is neither made nor lost",
        ),
        (
            lambda: check_books(but(positions=books(Spent(MIDNIGHT, 2, moved=Moved(is_asking=True)))), BUDGET),
            "I6: nobody waits for allowance",
        ),
        (lambda: check_customers(but(states={})), "I4: every customer who did something has a state"),
        (lambda: check_customers(but(states=forgetful())), "I4: the state says what was sent"),
        (lambda: check_customers(but(commands=twice())), "I4: the state says what was sent"),
        (lambda: check_customers(but(activities=without("run_completed"))), "I4: everybody entered once"),
        (lambda: check_customers(but(activities=without("send_suppressed"))), "I4: everybody got a message or is told"),
        (lambda: check_customers(but(activities=without("send_requested"))), "I4: everybody got a message or is told"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_breach_is_seen_and_named(breach: Callable[[], None], what: str) -> None:
    with pytest.raises(AssertionError, match=what):
        breach()


def forgetful() -> dict[bytes, bytes]:
    return dict.fromkeys(three_customers().states, encode_state(CustomerState()))


def without(type_: str) -> list[Activity]:
    return [each for each in three_customers().activities if each.type != type_]


def test_the_last_periods_pool_and_books_do_not_count_towards_this_one() -> None:
    yesterday = Spent(MIDNIGHT - DAY, 9, moved=Moved(units=7))
    records = books(Spent(MIDNIGHT, 2), yesterday, pool=Pool(MIDNIGHT - DAY, units=5))
    check_books(but(positions=records), BUDGET)


def test_demand_is_mostly_where_it_is_to_be() -> None:
    assert shares(100, 4, [2]) == [10, 10, 70, 10]
    assert shares(101, 4, [0, 1]) == [36, 35, 15, 15]
    assert shares(100, 2, [0, 1]) == [50, 50]


@pytest.mark.parametrize("hour", range(24))
def test_no_day_of_a_test_ends_by_itself(hour: int) -> None:
    moments = [MIDNIGHT + hour * HOUR + minutes * 60_000 for minutes in (-600, 0, 600)]
    command = three_customers().commands[0]
    budget = Budget(Decimal(1), is_money=False, zone=noon_zone(MIDNIGHT + hour * HOUR))
    assert len(budget.used(with_fields(command, decided_at_ms=each) for each in moments)) == 1
