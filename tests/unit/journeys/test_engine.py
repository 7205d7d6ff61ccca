"""The engine, rule by rule: time, order, duplicates, what is held and what is let go."""

from orchestrator.journeys.engine import advance, next_due_ms, outlook
from orchestrator.journeys.state import EMPTY, decode_state, encode_state
from orchestrator.messages.timer import TimerDue
from tests.builders import (
    CUSTOMER,
    DAY,
    HOUR,
    JOURNEY,
    MONDAY_NOON,
    WORKSPACE,
    Customer,
    a_directory,
    a_journey,
    a_standing,
    a_version,
    an_event,
    steps,
)

NOON = MONDAY_NOON
NEVER = {"kind": "field", "name": "pages", "op": "gt", "value": 10}


def test_a_customer_walks_through_the_welcome_journey() -> None:
    customer = Customer(a_directory())
    customer.does("customer.signed_up", NOON)
    customer.waits_until(NOON + 3 * DAY)
    assert [(c.step, c.channel, c.decided_at_ms) for c in customer.commands] == [
        ("hello", "email", NOON),
        ("remind", "push", NOON + 3 * DAY),
    ]
    assert customer.types() == [
        "journey_entered",
        "send_requested",
        "wait_started",
        "step_passed",
        "send_requested",
        "run_completed",
    ]
    assert customer.state.runs == ()


def test_the_input_state_is_never_changed() -> None:
    customer = Customer(a_directory())
    customer.does("customer.signed_up", NOON)
    before, stored = customer.state, encode_state(customer.state)
    customer.does("customer.updated", NOON + 1, attributes={"plan": "pro"})
    customer.waits_until(NOON + 3 * DAY)
    assert encode_state(before) == stored


def test_the_same_signal_on_the_same_state_decides_the_same() -> None:
    directory, event = a_directory(), an_event()
    assert advance(directory, EMPTY, event, NOON) == advance(directory, EMPTY, event, NOON)


def test_an_event_that_comes_twice_counts_once() -> None:
    customer = Customer(a_directory())
    customer.does("customer.signed_up", NOON, id_="e1")
    again = customer.does("customer.signed_up", NOON + HOUR, id_="e1")
    assert again.is_duplicate
    assert again.effects == ()
    assert len(customer.commands) == 1


def test_the_same_id_from_another_source_is_another_event() -> None:
    directory = a_directory()
    event = an_event(id_="1")
    state = advance(directory, EMPTY, event, NOON).state
    other = type(event)(
        **{name: getattr(event, name) for name in event.__struct_fields__ if name != "source"}, source="crm"
    )
    assert not advance(directory, state, other, NOON).is_duplicate


def test_a_timer_that_is_early_stale_or_repeated_does_nothing() -> None:
    customer = Customer(a_directory())
    customer.does("customer.signed_up", NOON)
    assert customer.waits_until(NOON + DAY).is_duplicate
    customer.waits_until(NOON + 3 * DAY)
    assert customer.waits_until(NOON + 3 * DAY).is_duplicate
    assert customer.waits_until(NOON + 9 * DAY).is_duplicate


def test_what_is_due_happens_before_an_event_that_comes_later_even_without_its_timer() -> None:
    with_timer, without = Customer(a_directory(), "stream"), Customer(a_directory(), "stream")
    for customer in (with_timer, without):
        customer.does("customer.signed_up", NOON)
    with_timer.waits_until(NOON + 3 * DAY)
    for customer in (with_timer, without):
        customer.does("page.viewed", NOON + 5 * DAY)
    assert with_timer.effects == without.effects
    assert with_timer.state == without.state


def test_on_the_wall_a_late_timer_is_decided_when_it_is_carried_out() -> None:
    customer = Customer(a_directory(), "wall")
    customer.does("customer.signed_up", NOON)
    customer.waits_until(NOON + 3 * DAY + 7 * HOUR)
    assert customer.commands[-1].decided_at_ms == NOON + 3 * DAY + 7 * HOUR


def test_in_stream_time_a_late_timer_is_decided_when_it_fell_due() -> None:
    customer = Customer(a_directory(), "stream")
    customer.does("customer.signed_up", NOON)
    customer.waits_until(NOON + 30 * DAY)
    assert customer.commands[-1].decided_at_ms == NOON + 3 * DAY


def test_a_late_event_does_not_turn_the_clock_back() -> None:
    customer = Customer(a_directory(), "stream")
    customer.does("page.viewed", NOON + DAY)
    customer.does("customer.signed_up", NOON)
    assert customer.commands[0].decided_at_ms == NOON + DAY
    assert customer.state.clock_ms == NOON + DAY


def test_an_event_from_the_future_is_taken_as_happening_now() -> None:
    customer = Customer(a_directory(a_journey(goal={"event": "order.placed", "window": "P7D"})), "wall")
    customer.does("customer.signed_up", NOON)
    customer.does("order.placed", NOON + 400 * DAY, now_ms=NOON + DAY)
    assert customer.last("goal_reached").details["after_ms"] == DAY


def test_while_paused_nobody_enters_nothing_is_sent_and_waits_are_held() -> None:
    customer = Customer(a_directory())
    customer.does("customer.signed_up", NOON)
    customer.directory = customer.directory.with_record(a_standing("PAUSED"))
    customer.waits_until(NOON + 4 * DAY)
    assert len(customer.commands) == 1
    assert next_due_ms(customer.directory, WORKSPACE, customer.state) is None
    assert outlook(customer.directory, WORKSPACE, customer.state, NOON + 3 * DAY) == (None, (JOURNEY,))
    assert outlook(customer.directory, WORKSPACE, customer.state, NOON + 3 * DAY - 1) == (NOON + 3 * DAY, ())

    customer.directory = customer.directory.with_record(a_standing("ACTIVE"))
    assert next_due_ms(customer.directory, WORKSPACE, customer.state) == NOON + 3 * DAY
    customer.waits_until(NOON + 5 * DAY)
    assert customer.commands[-1].decided_at_ms == NOON + 5 * DAY


def test_an_entry_while_paused_is_refused_on_record() -> None:
    customer = Customer(a_directory(status="PAUSED"))
    customer.does("customer.signed_up", NOON)
    assert customer.last("entry_refused").details["rule"] == "journey_paused"


def test_a_wait_for_that_is_met_while_paused_stops_before_the_send() -> None:
    wait = {"kind": "wait_for", "event": "cart.filled", "timeout": "P1D", "next": "offer", "on_timeout": "done"}
    offer = {"kind": "send", "channel": "email", "template": "offer", "next": "done"}
    customer = Customer(a_directory(a_journey(start="wait", steps=steps(wait=wait, offer=offer))))
    customer.does("customer.signed_up", NOON)
    customer.directory = customer.directory.with_record(a_standing("PAUSED"))
    customer.does("cart.filled", NOON + HOUR)
    assert customer.commands == []
    customer.directory = customer.directory.with_record(a_standing("ACTIVE"))
    customer.waits_until(NOON + 2 * HOUR)
    assert [command.step for command in customer.commands] == ["offer"]


def test_the_kill_switch_of_a_workspace_holds_every_journey() -> None:
    from orchestrator.messages.config import WorkspaceSettings

    customer = Customer(a_directory())
    customer.does("customer.signed_up", NOON)
    customer.directory = customer.directory.with_record(WorkspaceSettings(workspace_id=WORKSPACE, is_sending=False))
    customer.waits_until(NOON + 4 * DAY)
    assert len(customer.commands) == 1
    customer.directory = customer.directory.with_record(WorkspaceSettings(workspace_id=WORKSPACE, is_sending=True))
    customer.waits_until(NOON + 4 * DAY)
    assert len(customer.commands) == 2


def test_a_stopped_journey_lets_go_of_its_customers_at_their_next_signal() -> None:
    customer = Customer(a_directory())
    customer.does("customer.signed_up", NOON)
    customer.directory = customer.directory.with_record(a_standing("STOPPED"))
    customer.does("page.viewed", NOON + HOUR)
    assert customer.last("run_exited").details["reason"] == "journey_stopped"
    assert customer.state.runs == ()


def test_a_drained_journey_finishes_with_those_under_way_and_lets_nobody_in() -> None:
    customer = Customer(a_directory())
    customer.does("customer.signed_up", NOON)
    customer.directory = customer.directory.with_record(a_standing("STOPPED", drain=True))
    customer.waits_until(NOON + 3 * DAY)
    assert len(customer.commands) == 2
    customer.does("customer.signed_up", NOON + 9 * DAY)
    assert customer.types().count("journey_entered") == 1


def test_a_run_stays_on_the_version_it_entered() -> None:
    customer = Customer(a_directory())
    customer.does("customer.signed_up", NOON)
    changed = a_journey()
    changed["steps"]["remind"]["template"] = "another"
    customer.directory = customer.directory.with_record(a_version(changed, 2)).with_record(a_standing(version=2))
    customer.waits_until(NOON + 3 * DAY)
    assert (customer.commands[-1].template, customer.commands[-1].version) == ("reminder", 1)


def test_a_run_whose_version_is_not_known_yet_is_held_and_not_lost() -> None:
    customer = Customer(a_directory())
    customer.does("customer.signed_up", NOON)
    known = customer.directory
    customer.directory = known.without(f"{WORKSPACE}:journey_version:{JOURNEY}:1")
    assert customer.waits_until(NOON + 4 * DAY).is_duplicate
    customer.directory = known
    customer.waits_until(NOON + 4 * DAY)
    assert len(customer.commands) == 2


def test_a_run_that_takes_too_long_expires() -> None:
    customer = Customer(a_directory(a_journey(expires_after="P2D")))
    customer.does("customer.signed_up", NOON)
    assert next_due_ms(customer.directory, WORKSPACE, customer.state) == NOON + 2 * DAY
    customer.waits_until(NOON + 2 * DAY)
    assert customer.last("run_exited").details["reason"] == "expired"


def test_ids_do_not_depend_on_the_time_of_the_decision() -> None:
    early, late = Customer(a_directory()), Customer(a_directory())
    early.does("customer.signed_up", NOON, id_="e1")
    late.does("customer.signed_up", NOON, id_="e1", now_ms=NOON + 5 * HOUR)
    assert [effect.id for effect in early.effects] == [effect.id for effect in late.effects]


def test_every_activity_names_its_cause() -> None:
    effects = advance(a_directory(), EMPTY, an_event(), NOON, cause="engagement.events.v1/3/7").effects
    assert {effect.cause for effect in effects if hasattr(effect, "cause")} == {"engagement.events.v1/3/7"}


def test_two_customers_never_share_an_id() -> None:
    directory = a_directory()
    one = advance(directory, EMPTY, an_event(), NOON).effects
    event = an_event()
    other_customer = type(event)(
        **{name: getattr(event, name) for name in event.__struct_fields__ if name != "customer_id"}, customer_id="c2"
    )
    other = advance(directory, EMPTY, other_customer, NOON).effects
    assert not {effect.id for effect in one} & {effect.id for effect in other}


def test_a_signal_for_a_customer_without_state_is_harmless() -> None:
    timer = TimerDue(workspace_id=WORKSPACE, customer_id=CUSTOMER, due_ms=NOON)
    assert advance(a_directory(), EMPTY, timer, NOON).effects == ()


def test_a_state_survives_storage() -> None:
    customer = Customer(a_directory(a_journey(goal={"event": "order.placed", "window": "P9D"})))
    customer.does("customer.updated", NOON, attributes={"plan": "pro", "age": 3, "vip": True, "score": 1.5})
    customer.does("consent.granted", NOON, channel="email")
    customer.does("customer.signed_up", NOON)
    assert decode_state(encode_state(customer.state)) == customer.state


def test_what_concerns_no_journey_leaves_the_same_behind_as_if_one_had_looked_at_it() -> None:
    looked_at = a_journey(entry={"kind": "event", "type": "page.viewed", "where": NEVER})
    for number, at_ms in enumerate((NOON, NOON + DAY, NOON + HOUR)):  # the last one is late
        heard, unheard = (Customer(a_directory(**more)) for more in ({"other": looked_at}, {}))
        for customer in (heard, unheard):
            customer.does("customer.updated", NOON, attributes={"plan": "pro"})
            for earlier in range(number + 1):
                customer.does("page.viewed", at_ms, f"e{earlier}", now_ms=NOON + DAY)
        assert heard.directory.hears(WORKSPACE, "page.viewed")
        assert not unheard.directory.hears(WORKSPACE, "page.viewed")
        assert heard.state == unheard.state
        assert heard.effects == unheard.effects
        assert unheard.does("page.viewed", at_ms, "e0").is_duplicate
