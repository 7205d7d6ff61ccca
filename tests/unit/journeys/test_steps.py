"""Each kind of step: where a run goes on from it, and what is put on record."""

from typing import Any

import pytest

from tests.builders import DAY, HOUR, MINUTE, MONDAY_NOON, Customer, a_directory, a_journey, a_report, steps

NOON = MONDAY_NOON
OFFER = {"kind": "send", "channel": "email", "template": "offer", "next": "done"}


def entered(by_id: dict[str, Any], start: str, time: str = "wall", **changes: Any) -> Customer:
    customer = Customer(a_directory(a_journey(start=start, steps=steps(**by_id), **changes)), time)
    customer.does("customer.signed_up", NOON)
    return customer


def test_a_send_carries_what_the_template_needs() -> None:
    variables = {
        "plan": {"kind": "attribute", "name": "plan"},
        "gift": {"kind": "entry", "name": "gift.code"},
        "year": {"kind": "literal", "value": 2026},
        "nick": {"kind": "attribute", "name": "nick"},
    }
    send = {**OFFER, "variables": variables, "cost": 0.02, "expires_after": "P1D"}
    customer = Customer(a_directory(a_journey(start="offer", steps=steps(offer=send))))
    customer.does("customer.updated", NOON - 1, attributes={"plan": "pro"})
    customer.does("customer.signed_up", NOON, gift={"code": "G7"})
    command = customer.commands[0]
    assert command.variables == {"plan": "pro", "gift": "G7", "year": 2026, "nick": None}
    assert (command.cost, command.expires_at_ms) == (0.02, NOON + DAY)


def test_a_suppressed_send_is_recorded_with_its_reason_and_the_run_moves_on() -> None:
    guardrails = {"consent": {"marketing": "required"}}
    customer = entered({"offer": OFFER}, "offer", guardrails=guardrails)
    suppressed = customer.last("send_suppressed").details
    assert (suppressed["rule"], suppressed["channel"]) == ("consent", "email")
    assert customer.types()[-1] == "run_completed"
    assert customer.commands == []


def test_a_capped_send_says_when_it_would_be_allowed_again() -> None:
    second = {**OFFER, "template": "more"}
    guardrails = {"consent": {"marketing": "opt_out"}, "caps": [{"limit": 1, "per": "P7D"}]}
    customer = entered({"offer": {**OFFER, "next": "more"}, "more": second}, "offer", guardrails=guardrails)
    details = customer.last("send_suppressed").details
    assert (details["rule"], details["next_eligible_ms"]) == ("frequency_cap", NOON + 7 * DAY)
    assert len(customer.commands) == 1


def test_a_send_in_quiet_hours_waits_for_the_morning_and_is_decided_anew() -> None:
    guardrails = {"consent": {"marketing": "required"}, "quiet_hours": {"from": "11:00", "to": "15:00"}}
    customer = Customer(a_directory(a_journey(start="offer", steps=steps(offer=OFFER), guardrails=guardrails)))
    customer.does("consent.granted", NOON - 1, channel="email")
    customer.does("customer.signed_up", NOON)
    assert customer.last("send_deferred").details["until_ms"] == NOON + 3 * HOUR
    customer.does("consent.revoked", NOON + HOUR, channel="email")
    customer.waits_until(NOON + 3 * HOUR)
    assert customer.commands == []
    assert customer.last("send_suppressed").details["rule"] == "consent"


def test_a_message_that_would_be_sent_too_late_is_not_sent() -> None:
    guardrails = {"consent": {"marketing": "opt_out"}, "quiet_hours": {"from": "11:00", "to": "15:00"}}
    customer = entered({"offer": {**OFFER, "expires_after": "PT1H"}}, "offer", guardrails=guardrails)
    details = customer.last("send_suppressed").details
    assert (details["rule"], details["put_off_by"]) == ("message_expired", "quiet_hours")


def test_a_message_that_expired_while_the_journey_was_paused_is_not_sent() -> None:
    from tests.builders import a_standing

    wait = {"kind": "wait_for", "event": "cart.filled", "timeout": "P1D", "next": "offer", "on_timeout": "done"}
    customer = entered({"wait": wait, "offer": {**OFFER, "expires_after": "PT1H"}}, "wait")
    customer.directory = customer.directory.with_record(a_standing("PAUSED"))
    customer.does("cart.filled", NOON + HOUR)
    customer.directory = customer.directory.with_record(a_standing("ACTIVE"))
    customer.waits_until(NOON + 3 * HOUR)
    assert customer.commands == []
    assert customer.last("send_suppressed").details["rule"] == "message_expired"


def test_a_wait_until_a_moment_that_has_passed_is_no_wait() -> None:
    until = {"kind": "instant", "at": "2026-01-01T00:00:00Z"}
    customer = entered({"w": {"kind": "wait_until", "until": until, "next": "offer"}, "offer": OFFER}, "w")
    assert len(customer.commands) == 1


def test_a_wait_until_a_moment_ends_then() -> None:
    until = {"kind": "instant", "at": "2026-01-06T13:00:00+01:00"}
    customer = entered({"w": {"kind": "wait_until", "until": until, "next": "offer"}, "offer": OFFER}, "w")
    assert customer.commands == []
    customer.waits_until(NOON + DAY)
    assert customer.commands[0].decided_at_ms == NOON + DAY


@pytest.mark.parametrize(
    ("value", "sent_at_ms"),
    [
        ("2026-01-10", NOON + 2 * DAY - 12 * HOUR),
        ("2026-01-10T12:00:00Z", NOON + 2 * DAY),
        (1_768_046_400, NOON + 2 * DAY),
    ],
)
def test_a_wait_until_a_date_of_the_customer_reckons_from_that_date(value: object, sent_at_ms: int) -> None:
    until = {"kind": "date_attribute", "name": "renewal", "before": "P3D", "when_missing": "done"}
    journey = a_journey(start="w", steps=steps(w={"kind": "wait_until", "until": until, "next": "offer"}, offer=OFFER))
    customer = Customer(a_directory(journey), "stream")
    customer.does("customer.updated", NOON - 1, attributes={"renewal": value})
    customer.does("customer.signed_up", NOON)
    customer.waits_until(NOON + 30 * DAY)
    assert [command.decided_at_ms for command in customer.commands] == [sent_at_ms]


@pytest.mark.parametrize("value", [None, "soon", True, 1e300])
def test_a_date_that_is_missing_or_no_date_takes_its_own_way(value: object) -> None:
    until = {"kind": "date_attribute", "name": "renewal", "when_missing": "done"}
    journey = a_journey(start="w", steps=steps(w={"kind": "wait_until", "until": until, "next": "offer"}, offer=OFFER))
    customer = Customer(a_directory(journey))
    customer.does("customer.updated", NOON - 1, attributes={"renewal": value})
    customer.does("customer.signed_up", NOON)
    assert customer.commands == []
    assert customer.last("step_passed").details["way"] == "missing"


def test_a_wait_until_local_time_is_by_the_customers_own_clock() -> None:
    until = {"kind": "local_time", "time": "09:00", "weekdays": ["tuesday"]}
    journey = a_journey(start="w", steps=steps(w={"kind": "wait_until", "until": until, "next": "offer"}, offer=OFFER))
    customer = Customer(a_directory(journey), "stream")
    customer.does("customer.updated", NOON - 1, attributes={"timezone": "America/New_York"})
    customer.does("customer.signed_up", NOON)
    customer.waits_until(NOON + 9 * DAY)
    assert customer.commands[0].decided_at_ms == NOON + DAY + 2 * HOUR  # 14:00 UTC


WAIT_FOR = {"kind": "wait_for", "event": "order.placed", "timeout": "P2D", "next": "done", "on_timeout": "offer"}


def test_an_awaited_event_takes_its_way_and_its_absence_the_other() -> None:
    bought, left = (entered({"w": WAIT_FOR, "offer": OFFER}, "w") for _ in range(2))
    bought.does("order.placed", NOON + DAY)
    left.waits_until(NOON + 2 * DAY)
    assert (len(bought.commands), len(left.commands)) == (0, 1)


def test_an_event_that_comes_after_the_timeout_is_too_late_even_if_the_timer_is_later_still() -> None:
    customer = entered({"w": WAIT_FOR, "offer": OFFER}, "w", "stream")
    customer.does("order.placed", NOON + 2 * DAY + 1)
    assert len(customer.commands) == 1


def test_an_event_that_does_not_fit_is_not_the_one_awaited() -> None:
    where = {"kind": "field", "name": "amount", "op": "ge", "value": 10}
    customer = entered({"w": {**WAIT_FOR, "where": where}, "offer": OFFER}, "w")
    customer.does("order.placed", NOON + 1, amount=9)
    customer.does("order.placed", NOON + 2, amount="99")
    assert customer.types()[-1] == "wait_started"
    customer.does("order.placed", NOON + 3, amount=10)
    assert customer.types()[-1] == "run_completed"


def test_what_happened_shortly_before_counts_when_the_step_looks_back() -> None:
    journey = a_journey(start="w", steps=steps(w={**WAIT_FOR, "look_back": "PT2H"}, offer=OFFER))
    customer = Customer(a_directory(journey))
    customer.does("order.placed", NOON - HOUR)
    customer.does("customer.signed_up", NOON)
    assert customer.last("step_passed").details["way"] == "already happened"


BACK = NOON + 2 * HOUR  # when a worker that was away since before noon reads on
WAIT_AN_HOUR = {"kind": "wait", "duration": "PT1H", "next": "w"}


def read_late(by_id: dict[str, Any], start: str, occurred_ms: int, read_ms: int = BACK, **changes: Any) -> Customer:
    """One who signed up at noon and ordered at ``occurred_ms``; the first is read when the worker is back."""
    customer = Customer(a_directory(a_journey(start=start, steps=steps(**by_id), **changes)))
    customer.does("customer.signed_up", NOON, now_ms=BACK)
    customer.does("order.placed", occurred_ms, now_ms=read_ms)
    return customer


@pytest.mark.parametrize(("occurred_ms", "counts"), [(NOON - 1, False), (NOON, True), (BACK - 1, True)])
def test_what_was_done_after_the_entry_counts_however_late_both_are_read(occurred_ms: int, counts: bool) -> None:
    customer = read_late({"w": WAIT_FOR, "offer": OFFER}, "w", occurred_ms)
    assert (customer.types()[-1] == "run_completed") is counts


@pytest.mark.parametrize(("minutes", "counts"), [(59, False), (60, True), (90, True)])
def test_what_was_done_after_a_wait_was_over_counts_though_nobody_could_go_on(minutes: int, counts: bool) -> None:
    customer = Customer(a_directory(a_journey(start="h", steps=steps(h=WAIT_AN_HOUR, w=WAIT_FOR, offer=OFFER))))
    customer.does("customer.signed_up", NOON)
    customer.does("order.placed", NOON + minutes * MINUTE, now_ms=BACK)
    customer.does("page.viewed", BACK + 1)
    assert (customer.types()[-1] == "run_completed") is counts


def test_what_was_done_before_a_message_went_out_is_no_answer_to_it() -> None:
    first = {**OFFER, "template": "first", "next": "w"}
    customer = read_late({"first": first, "w": WAIT_FOR, "offer": OFFER}, "first", NOON + MINUTE)
    assert customer.types()[-1] == "wait_started"
    customer.does("order.placed", BACK)
    assert customer.types()[-1] == "run_completed"


@pytest.mark.parametrize(("minutes", "templates"), [(59, []), (60, ["offer"]), (61, ["offer"])])
def test_what_was_done_before_the_timeout_counts_though_it_is_read_after(minutes: int, templates: list[str]) -> None:
    hour = {**WAIT_FOR, "timeout": "PT1H"}
    customer = Customer(a_directory(a_journey(start="w", steps=steps(w=hour, offer=OFFER))))
    customer.does("customer.signed_up", NOON)
    customer.does("order.placed", NOON + minutes * MINUTE, now_ms=BACK)
    assert [command.template for command in customer.commands] == templates


def test_who_has_reached_the_goal_before_the_wait_was_over_gets_no_message_though_it_is_read_after() -> None:
    goal = {"event": "order.placed", "window": "P7D", "exits": True}
    customer = Customer(
        a_directory(a_journey(start="h", steps=steps(h={**WAIT_AN_HOUR, "next": "offer"}, offer=OFFER), goal=goal))
    )
    customer.does("customer.signed_up", NOON)
    customer.does("order.placed", NOON + 59 * MINUTE, now_ms=BACK)
    assert (customer.commands, customer.types()[-1]) == ([], "run_exited")


def test_what_fell_due_before_the_event_occurred_comes_first_and_the_rest_after_it() -> None:
    by_id = {"h": WAIT_AN_HOUR, "w": {**WAIT_FOR, "timeout": "PT30M"}, "offer": OFFER}
    customer = Customer(a_directory(a_journey(start="h", steps=steps(**by_id))))
    customer.does("customer.signed_up", NOON)
    customer.does("order.placed", NOON + 61 * MINUTE, now_ms=BACK)
    ways = [activity.details.get("way") for activity in customer.activities if activity.type == "step_passed"]
    assert ways == [None, "happened"]


def test_a_branch_takes_the_first_way_that_holds() -> None:
    def path(op: str, value: object, to: str) -> dict[str, Any]:
        return {"when": {"kind": "field", "name": "amount", "op": op, "value": value}, "next": to}

    branch = {"kind": "branch", "paths": [path("gt", 100, "offer"), path("gt", 10, "done")], "otherwise": "small"}
    by_id = {"b": branch, "offer": OFFER, "small": {**OFFER, "template": "small"}}
    for amount, templates in ((500, ["offer"]), (50, []), (5, ["small"])):
        customer = Customer(a_directory(a_journey(start="b", steps=steps(**by_id))))
        customer.does("customer.signed_up", NOON, amount=amount)
        assert [command.template for command in customer.commands] == templates


def test_a_branch_can_ask_what_became_of_a_send() -> None:
    wait = {"kind": "wait", "duration": "P1D", "next": "b"}
    when = {"kind": "delivery", "step": "offer", "outcomes": ["opened", "clicked"]}
    branch = {"kind": "branch", "paths": [{"when": when, "next": "done"}], "otherwise": "push"}
    push = {"kind": "send", "channel": "push", "template": "again", "next": "done"}
    by_id = {"offer": {**OFFER, "next": "wait"}, "wait": wait, "b": branch, "push": push}
    opened, ignored = entered(by_id, "offer"), entered(by_id, "offer")
    opened.is_reported(a_report(opened.commands[0], "opened", NOON + HOUR))
    opened.is_reported(a_report(opened.commands[0], "delivered", NOON + 2 * HOUR))  # overtaken on its way
    for customer in (opened, ignored):
        customer.waits_until(NOON + DAY)
    assert (len(opened.commands), len(ignored.commands)) == (1, 2)


def test_a_split_is_the_same_for_the_same_customer_every_time() -> None:
    paths = [{"name": "a", "percent": 50, "next": "offer"}, {"name": "b", "percent": 50, "next": "done"}]
    by_id = {"s": {"kind": "split", "paths": paths}, "offer": OFFER}
    entry = {"kind": "event", "type": "customer.signed_up", "re_entry": {"kind": "always"}}
    customer = entered(by_id, "s", entry=entry)
    for day in range(1, 6):
        customer.does("customer.signed_up", NOON + day * DAY)
    assert len({a.details["path"] for a in customer.activities if a.details.get("kind") == "split"}) == 1
