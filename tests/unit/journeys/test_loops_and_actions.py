"""Going round, and the steps that do something other than sending."""

from typing import Any

from orchestrator.journeys.actions import MOST_HOPS
from orchestrator.journeys.admission import MOST_STARTS
from orchestrator.journeys.engine import Advance, advance
from orchestrator.messages.activity import Activity
from orchestrator.messages.event import EngagementEvent, emitted_source, hops_of
from tests.builders import DAY, MONDAY_NOON, Customer, a_directory, a_journey, a_standing, an_event, steps

NOON = MONDAY_NOON
AGAIN = {"kind": "event", "type": "customer.signed_up", "re_entry": {"kind": "always"}}


def emitted(customer: Customer) -> list[EngagementEvent]:
    return [effect for effect in customer.effects if isinstance(effect, EngagementEvent)]


def a_loop(times: int) -> dict[str, Any]:
    return steps(
        remind={"kind": "send", "channel": "email", "template": "r", "next": "pause"},
        pause={"kind": "wait", "duration": "P1D", "next": "again"},
        again={"kind": "loop", "times": times, "back_to": "remind", "next": "done"},
    )


def test_a_loop_is_taken_as_often_as_it_says_and_each_round_has_its_own_ids() -> None:
    customer = Customer(a_directory(a_journey(start="remind", steps=a_loop(2))))
    customer.does("customer.signed_up", NOON)
    for day in range(1, 6):
        customer.waits_until(NOON + day * DAY)
    assert [command.visit for command in customer.commands] == [1, 2, 3]
    ids = [effect.id for effect in customer.effects]
    assert len(set(ids)) == len(ids)
    assert customer.types()[-1] == "run_completed"
    taken = [activity.details["taken"] for activity in customer.activities if activity.step == "again"]
    assert taken == [0, 1, 2]


def test_a_loop_decides_the_same_ids_again() -> None:
    first, second = (Customer(a_directory(a_journey(start="remind", steps=a_loop(3)))) for _ in range(2))
    for customer in (first, second):
        customer.does("customer.signed_up", NOON)
        for day in range(1, 6):
            customer.waits_until(NOON + day * DAY)
    assert first.effects == second.effects


def test_update_sets_and_forgets_attributes_as_of_now() -> None:
    update = {
        "kind": "update",
        "set": {"tier": {"kind": "literal", "value": "gold"}, "code": {"kind": "entry", "name": "code"}},
        "remove": ["trial"],
        "next": "done",
    }
    customer = Customer(a_directory(a_journey(start="mark", steps=steps(mark=update))))
    customer.does("customer.updated", NOON - 1, attributes={"trial": True, "tier": "silver"})
    customer.does("customer.signed_up", NOON, code="G7")
    assert {name: attribute.value for name, attribute in customer.state.attributes.items()} == {
        "tier": "gold",
        "code": "G7",
    }
    customer.does("customer.updated", NOON + 2, attributes={"tier": "late"}, id_="late")
    assert customer.state.attributes["tier"].value == "late"
    customer.does("customer.updated", NOON - 5, attributes={"tier": "older"}, id_="older", now_ms=NOON + 3)
    assert customer.state.attributes["tier"].value == "late"


def test_an_emitted_event_is_the_customers_own_and_has_a_lasting_id() -> None:
    emit = {
        "kind": "emit",
        "event": "loyalty.upgraded",
        "data": {"by": {"kind": "literal", "value": "journey"}, "gone": {"kind": "attribute", "name": "x"}},
        "next": "done",
    }
    journey = a_journey(start="tell", steps=steps(tell=emit))
    first, second = Customer(a_directory(journey)), Customer(a_directory(journey))
    for customer in (first, second):
        customer.does("customer.signed_up", NOON)
    (event,) = emitted(first)
    assert (event.type, event.data, event.time_ms) == ("loyalty.upgraded", {"by": "journey"}, NOON)
    assert (event.customer_id, hops_of(event.source)) == ("c1", 1)
    assert emitted(second) == [event]


def test_events_that_call_each_other_stop_after_so_many() -> None:
    echo = {"kind": "emit", "event": "customer.signed_up", "next": "done"}
    customer = Customer(a_directory(a_journey(entry=AGAIN, start="tell", steps=steps(tell=echo))))
    customer._keep(_advance(customer, an_event(at_ms=NOON)))
    while len(emitted(customer)) < 100:
        heard = emitted(customer)[-1]
        before = len(emitted(customer))
        customer._keep(_advance(customer, heard))
        if len(emitted(customer)) == before:
            break
    assert len(emitted(customer)) == MOST_HOPS
    assert customer.activities[-2].details["way"] == "refused"


def _advance(customer: Customer, event: EngagementEvent) -> Advance:
    return advance(customer.directory, customer.state, event, max(event.time_ms, customer.state.clock_ms))


def test_hops_are_read_from_our_own_sources_only() -> None:
    assert hops_of(emitted_source(7)) == 7
    assert hops_of("shop") == hops_of("/orchestrator/journeys") == hops_of("/orchestrator/journeys/x") == 0


def test_a_webhook_is_asked_for_without_consent_but_not_while_paused() -> None:
    hook = {"kind": "webhook", "endpoint": "crm", "data": {"n": {"kind": "literal", "value": 1}}, "next": "done"}
    pause = {"kind": "wait_for", "event": "go", "timeout": "P9D", "next": "tell", "on_timeout": "done"}
    guardrails = {"consent": {"marketing": "required"}, "caps": [{"limit": 1, "per": "P30D"}]}
    journey = a_journey(start="hold", steps=steps(hold=pause, tell=hook), guardrails=guardrails)
    customer = Customer(a_directory(journey))
    customer.does("customer.signed_up", NOON)
    customer.directory = customer.directory.with_record(a_standing("PAUSED"))
    customer.does("go", NOON + 1)
    assert customer.commands == []
    customer.directory = customer.directory.with_record(a_standing("ACTIVE"))
    customer.waits_until(NOON + 2)
    (command,) = customer.commands
    assert (command.channel, command.template, command.variables) == ("webhook", "crm", {"n": 1})
    assert customer.last("webhook_requested").details["command_id"] == command.id
    assert customer.state.sends.records == ()


def test_a_journey_starts_another_with_fields_and_both_are_on_record() -> None:
    start = {
        "kind": "start_journey",
        "journey": "journey-2",
        "fields": {"cart_id": {"kind": "entry", "name": "cart_id"}},
        "next": "done",
    }
    second = a_journey(
        name="Second",
        entry={"kind": "api", "key": "cart_id"},
        start="offer",
        steps=steps(
            offer={
                "kind": "send",
                "channel": "email",
                "template": "second",
                "variables": {"cart": {"kind": "entry", "name": "cart_id"}},
                "next": "done",
            }
        ),
    )
    customer = Customer(a_directory(a_journey(start="on", steps=steps(on=start)), **{"journey-2": second}))
    customer.does("customer.signed_up", NOON, cart_id="c-9")
    assert [(command.journey_id, command.variables) for command in customer.commands] == [
        ("journey-2", {"cart": "c-9"})
    ]
    entered = [activity for activity in customer.activities if activity.type == "journey_entered"]
    assert [activity.journey_id for activity in entered] == ["journey-1", "journey-2"]
    assert entered[1].details["started_by_run"] == entered[0].run_id


def test_journeys_that_start_each_other_without_end_are_stopped_in_the_turn() -> None:
    def ping(other: str) -> dict[str, Any]:
        return a_journey(
            entry=AGAIN, start="on", steps=steps(on={"kind": "start_journey", "journey": other, "next": "done"})
        )

    customer = Customer(
        a_directory(ping("journey-2"), **{"journey-2": {**ping("journey-1"), "entry": {**AGAIN, "type": "x"}}})
    )
    customer.does("customer.signed_up", NOON)
    entered = [
        effect for effect in customer.effects if isinstance(effect, Activity) and effect.type == "journey_entered"
    ]
    assert len(entered) == 1 + MOST_STARTS
    ids = [effect.id for effect in customer.effects]
    assert len(set(ids)) == len(ids)
