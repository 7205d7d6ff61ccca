"""Entries that are decided a little later: within a grace, or when the other partitions have answered."""

from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.guardrails.budget import Purse
from orchestrator.guardrails.grants import ANSWER_MS, take
from orchestrator.journeys.engine import advance, next_due_ms
from orchestrator.journeys.state import EMPTY, MAX_PENDING
from orchestrator.messages.activity import Activity
from orchestrator.messages.allowance import AllowanceAsked, AllowanceGranted
from orchestrator.messages.handover import Handover
from orchestrator.messages.timer import TimerDue
from tests.builders import (
    CUSTOMER,
    DAY,
    JOURNEY,
    MINUTE,
    MONDAY_NOON,
    WORKSPACE,
    Customer,
    a_directory,
    a_journey,
    a_standing,
    an_event,
)

NOON = MONDAY_NOON
DUE = NOON + 5 * MINUTE
PRO = {"kind": "attribute", "name": "plan", "op": "eq", "value": "pro"}


def graceful(**entry: Any) -> dict[str, Any]:
    return a_journey(entry={"kind": "event", "type": "cart.filled", "grace": "PT5M", "audience": PRO, **entry})


@pytest.mark.parametrize("time", ["wall", "stream"])
def test_an_attribute_that_comes_a_little_after_its_event_still_lets_the_customer_in(time: str) -> None:
    customer = Customer(a_directory(graceful()), time)
    customer.does("cart.filled", NOON, amount=7)
    customer.does("customer.updated", DUE - 1, attributes={"plan": "pro"})
    assert customer.types() == []
    assert next_due_ms(customer.directory, WORKSPACE, customer.state) == DUE
    customer.waits_until(DUE)
    entered = customer.last("journey_entered")
    assert (entered.at_ms, entered.details["event_id"]) == (DUE, f"cart.filled@{NOON}")
    assert not customer.state.pending


def test_without_it_the_customer_is_refused_when_the_grace_is_over() -> None:
    customer = Customer(a_directory(graceful()))
    customer.does("cart.filled", NOON)
    customer.does("customer.updated", DUE + 1, attributes={"plan": "pro"})  # what fell due before is decided before
    assert customer.types() == ["entry_refused"]
    assert customer.last("entry_refused").details["rule"] == "audience"


def test_an_event_that_is_no_trigger_waits_for_nothing() -> None:
    where = {"kind": "field", "name": "amount", "op": "ge", "value": 10}
    customer = Customer(a_directory(graceful(where=where)))
    customer.does("cart.filled", NOON, amount=9)
    assert next_due_ms(customer.directory, WORKSPACE, customer.state) is None
    customer.does("cart.filled", NOON, amount=9)
    assert not customer.state.pending


def test_entries_of_several_carts_are_decided_in_the_order_of_their_moments() -> None:
    customer = Customer(a_directory(graceful(key="cart", audience=None, re_entry={"kind": "once_per_key"})))
    for number in (2, 3, 1):  # the last is late, and has its grace all the same
        customer.does("cart.filled", NOON + number, f"e{number}", cart=f"c{number}")
    customer.waits_until(DUE + DAY)
    keys = [a.details["entry_key"] for a in customer.activities if a.type == "journey_entered"]
    assert keys == ["c2", "c3", "c1"]


def test_one_more_entry_than_may_wait_is_decided_at_once() -> None:
    customer = Customer(a_directory(graceful(key="cart")))
    for number in range(MAX_PENDING + 1):
        customer.does("cart.filled", NOON, f"e{number}", cart=f"c{number}")
    assert len(customer.state.pending) == MAX_PENDING
    assert customer.types() == ["entry_refused"]


def test_a_journey_that_is_paused_or_has_ended_lets_in_nobody_who_waited() -> None:
    for status, types in (("PAUSED", ["entry_refused"]), ("CANCELLED", [])):
        customer = Customer(a_directory(graceful()))
        customer.does("cart.filled", NOON)
        customer.directory = customer.directory.with_record(a_standing(status))
        assert next_due_ms(customer.directory, WORKSPACE, customer.state) == DUE
        customer.waits_until(DUE)
        assert customer.types() == types
        assert not customer.state.pending


def test_an_entry_that_waits_goes_over_to_who_the_customer_is_merged_into_and_is_erased_with_them() -> None:
    directory = a_directory(graceful(audience=None))
    visitor = Customer(directory)
    visitor.does("cart.filled", NOON)
    (handover,) = visitor.does("customer.merged", NOON + 1, into="c2").effects
    assert isinstance(handover, Handover)
    assert not visitor.state.pending
    known = advance(directory, EMPTY, handover, NOON + 2).state
    assert next_due_ms(directory, WORKSPACE, known) == DUE
    due = advance(directory, known, TimerDue(workspace_id=WORKSPACE, customer_id="c2", due_ms=DUE), DUE)
    assert due.effects[0].type == "journey_entered"  # type: ignore[union-attr]

    erased = replace(an_event("customer.erased", NOON + 3), customer_id="c2")
    assert advance(directory, known, erased, NOON + 3).state == EMPTY


def test_a_grace_is_short() -> None:
    assert JourneyDefinition.model_validate(graceful(grace="PT1H"))
    with pytest.raises(ValidationError, match="use a wait step"):
        JourneyDefinition.model_validate(graceful(grace="PT61M"))


@pytest.mark.parametrize(("granted", "type_"), [(1, "journey_entered"), (0, "entry_refused")])
def test_an_entry_for_which_there_is_no_room_here_waits_until_the_other_partitions_have_answered(
    granted: int, type_: str
) -> None:
    directory = a_directory(a_journey(entry={"kind": "event", "type": "cart.filled", "capacity": {"limit": 3}}))
    purse = Purse({}, 7, 8, may_ask=True)  # the last of 8 partitions has no part of 3
    asking = advance(directory, EMPTY, an_event("cart.filled", NOON), NOON, purse=purse)
    (asked,) = asking.effects
    assert isinstance(asked, AllowanceAsked)
    assert (asked.partition, asked.units, asked.stake.key) == (7, 1, f"{JOURNEY}/capacity/total")
    assert next_due_ms(directory, WORKSPACE, asking.state) == NOON + ANSWER_MS

    # No answer yet: it waits twice as long, and does not ask twice.
    purse = purse.with_spent(asking.spent)
    timer = TimerDue(workspace_id=WORKSPACE, customer_id=CUSTOMER, due_ms=NOON + ANSWER_MS)
    still = advance(directory, asking.state, timer, NOON + ANSWER_MS, purse=purse)
    assert not still.effects
    assert next_due_ms(directory, WORKSPACE, still.state) == NOON + 3 * ANSWER_MS

    told = take(purse.with_spent(still.spent), AllowanceGranted(stake=asked.stake, units=granted))
    assert told is not None
    purse = purse.with_spent({asked.stake.key: told})
    last = advance(
        directory, still.state, replace(timer, due_ms=NOON + 3 * ANSWER_MS), NOON + 3 * ANSWER_MS, purse=purse
    )
    activity = next(effect for effect in last.effects if isinstance(effect, Activity))
    assert activity.type == type_
    assert not last.state.pending


def test_who_asks_anew_after_many_vain_looks_looks_soon_so_that_the_answer_is_used_before_it_is_called_away() -> None:
    directory = a_directory(a_journey(entry={"kind": "event", "type": "cart.filled", "capacity": {"limit": 3}}))
    purse = Purse({}, 7, 8, may_ask=True)
    state, now_ms = advance(directory, EMPTY, an_event("cart.filled", NOON), NOON, purse=purse).state, NOON
    for _ in range(6):  # what came meanwhile was called away again: each time there is nothing, and no answer due
        now_ms = state.pending[0].due_ms
        timer = TimerDue(workspace_id=WORKSPACE, customer_id=CUSTOMER, due_ms=now_ms)
        asking = advance(directory, state, timer, now_ms, purse=purse)
        state = asking.state
        assert [type(effect) for effect in asking.effects] == [AllowanceAsked]
        assert state.pending[0].due_ms == now_ms + ANSWER_MS
