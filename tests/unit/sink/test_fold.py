"""Every figure of a report, from the activities that make it."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.experiments.before_after import BeforeAfter
from orchestrator.messages.activity import Activity, ActivityType
from orchestrator.messages.ids import derived_id
from orchestrator.sink.fold import DAY_MS, customers_in_question, day_of, fold, merged
from orchestrator.store.quarters import QUARTER_MS, quarter_of, that_add_up, without_zeros
from orchestrator.store.rows import Figures, Participant

JOURNEY = derived_id("journey", "win-back")
MONDAY = date(2026, 1, 5)
HOUR_MS = 3_600_000
MONDAY_MS = (MONDAY - date(1970, 1, 1)).days * DAY_MS


def an_activity(
    kind: ActivityType, customer: str = "ada", at_ms: int = MONDAY_MS, arm: str = "treatment", **details: object
) -> Activity:
    return Activity(
        id=derived_id("activity", kind, customer, str(at_ms), repr(sorted(details.items()))),
        workspace_id="acme",
        customer_id=customer,
        journey_id=JOURNEY,
        version=1,
        run_id=derived_id("run", customer),
        type=kind,
        at_ms=at_ms,
        step="offer",
        arm=arm,
        details=details,
    )


def figures_of(*activities: Activity) -> Figures:
    """The figures of the one day on which all the activities are."""
    [figures] = fold(activities, {}).days.values()
    return figures


def without_arms(figures: Figures) -> dict[str, object]:
    return {key: value for key, value in figures.items() if key not in ("arms", "steps")}


def of_step(*activities: Activity, step: str = "offer") -> object:
    """The counters of a step."""
    steps = figures_of(*activities).get("steps", {})
    assert isinstance(steps, Mapping)
    return steps.get(step, {})


@pytest.mark.parametrize(
    ("activity", "expected"),
    [
        (an_activity("journey_entered"), {"entered": 1, "customers_entered": 1}),
        (an_activity("entry_refused", rule="re_entry"), {"entry_refused": {"re_entry": 1}}),
        (an_activity("step_passed"), {"steps_passed": {"offer": 1}}),
        (an_activity("wait_started"), {}),
        (
            an_activity("send_requested", channel="email", cost=0.002),
            {"send_requested": {"email": 1}, "cost": Decimal("0.002"), "cost_by_channel": {"email": Decimal("0.002")}},
        ),
        (
            an_activity("send_suppressed", channel="push", rule="frequency_cap"),
            {"send_suppressed": {"frequency_cap": 1}, "suppressed_by_channel": {"push": 1}},
        ),
        (
            an_activity("send_deferred", channel="push", rule="quiet_hours"),
            {"send_deferred": {"quiet_hours": 1}, "deferred_by_channel": {"push": 1}},
        ),
        (
            an_activity("goal_reached", value=30),
            {"goals": 1, "customers_converted": 1, "value": Decimal(30), "value_squares": Decimal(900)},
        ),
        (an_activity("run_exited", reason="goal"), {"exited": {"goal": 1}}),
        (an_activity("run_completed"), {"completed": 1}),
        (
            an_activity("message_reported", channel="email", outcome="opened"),
            {"message_reported": {"email": {"opened": 1}}},
        ),
    ],
)
def test_each_type_of_activity_adds_the_documented_figures(activity: Activity, expected: dict[str, object]) -> None:
    figures = figures_of(activity)
    assert without_arms(figures) == expected
    assert figures.get("arms", {"treatment": {}}) == {"treatment": expected}


@pytest.mark.parametrize(
    ("activity", "expected"),
    [
        (an_activity("step_passed", next="done"), {"passed": 1}),
        (an_activity("step_passed", next="offer", next_channel="push"), {}),
        (an_activity("webhook_requested", next="done"), {"passed": 1}),
        (an_activity("run_completed"), {"passed": 1}),
        (an_activity("wait_started"), {"waits": 1}),
        (an_activity("send_requested", cost=0.002), {"sends": 1, "cost": Decimal("0.002"), "passed": 1}),
        (an_activity("send_requested", report_until_ms=7), {"sends": 1}),
        (an_activity("send_suppressed"), {"suppressed": 1, "passed": 1}),
        (an_activity("send_suppressed", next_channel="push"), {"suppressed": 1}),
        (an_activity("send_deferred"), {"deferred": 1}),
        (an_activity("run_exited"), {"exits": 1}),
        (an_activity("message_reported"), {}),
    ],
)
def test_each_step_counts_who_went_on_waited_was_sent_to_and_left_there(
    activity: Activity, expected: dict[str, object]
) -> None:
    assert of_step(activity) == expected


def test_steps_are_counted_over_all_arms_and_what_happened_at_no_step_at_none() -> None:
    figures = figures_of(an_activity("wait_started"), an_activity("wait_started", arm="holdout"))
    assert figures == {"steps": {"offer": {"waits": 2}}}
    nowhere = msgspec.structs.replace(an_activity("run_exited", reason="stopped"), step="")
    assert "steps" not in figures_of(nowhere)


def test_quarters_of_an_hour_have_the_figures_of_the_day_that_add_up() -> None:
    at_night = MONDAY_MS + DAY_MS - 1
    story = [
        an_activity("journey_entered", before=3, was_active=True),
        an_activity("goal_reached", at_ms=at_night, value=5),
        an_activity("send_requested", at_ms=MONDAY_MS + QUARTER_MS - 1, channel="email", cost=0.5),
    ]
    change = fold(story, {})
    first, last = quarter_of(MONDAY_MS), quarter_of(at_night)
    assert change.quarters == {
        (JOURNEY, first): {
            "entered": 1,
            "customers_entered": 1,
            "send_requested": {"email": 1},
            "cost": Decimal("0.5"),
            "cost_by_channel": {"email": Decimal("0.5")},
            "steps": {"offer": {"sends": 1, "cost": Decimal("0.5"), "passed": 1}},
            "arms": {"treatment": {"entered": 1, "customers_entered": 1, "cost": Decimal("0.5")}},
        },
        (JOURNEY, last): {
            "goals": 1,
            "customers_converted": 1,
            "value": Decimal(5),
            "arms": {"treatment": {"goals": 1, "customers_converted": 1, "value": Decimal(5)}},
        },
    }
    assert last - first == 95


def test_no_type_of_activity_is_forgotten() -> None:
    for kind in get_args(ActivityType):
        fold([an_activity(kind)], {})


def test_what_an_activity_does_not_say_is_counted_as_unknown() -> None:
    assert figures_of(an_activity("run_exited"))["exited"] == {"unknown": 1}
    assert figures_of(an_activity("send_requested", channel=7))["send_requested"] == {"unknown": 1}


def test_an_activity_without_an_arm_counts_only_over_all_arms() -> None:
    refused = msgspec.structs.replace(an_activity("entry_refused", arm="", rule="audience"), step="")
    assert figures_of(refused) == {"entry_refused": {"audience": 1}}


def test_a_customer_is_entered_and_converted_once_however_often_they_come_back() -> None:
    story = [
        an_activity(kind, at_ms=MONDAY_MS + hour, value=value)
        for hour, (kind, value) in enumerate(
            [("journey_entered", 0), ("goal_reached", 10), ("journey_entered", 0), ("goal_reached", 5.5)]
        )
    ]
    figures = figures_of(*story)
    assert without_arms(figures) == {
        "entered": 2,
        "customers_entered": 1,
        "goals": 2,
        "customers_converted": 1,
        "value": Decimal("15.5"),
        "value_squares": Decimal("240.25"),
    }


def test_a_customer_known_from_before_is_not_new() -> None:
    known = {(JOURNEY, "ada"): Participant("holdout", first_entered_ms=7, entries=1, conversions=1, value=Decimal(3))}
    change = fold([an_activity("journey_entered"), an_activity("goal_reached", value=4)], known)
    assert change.participants == {
        (JOURNEY, "ada"): Participant("holdout", first_entered_ms=7, entries=2, conversions=2, value=Decimal(7))
    }
    assert change.days[JOURNEY, MONDAY] == {
        "entered": 1,
        "goals": 1,
        "value": Decimal(4),
        "value_squares": Decimal(40),  # 7² - 3²
        "arms": {
            "treatment": {"entered": 1},
            "holdout": {"goals": 1, "value": Decimal(4), "value_squares": Decimal(40)},
        },
    }


def test_a_goal_without_an_entry_on_record_converts_a_customer_who_has_not_entered() -> None:
    change = fold([an_activity("goal_reached", value=4)], {})
    [participant] = change.participants.values()
    assert (participant.entries, participant.first_entered_ms, participant.conversions) == (0, None, 1)


def past_of(*activities: Activity) -> Mapping[str, object]:
    past = figures_of(*activities).get("past", {})
    assert isinstance(past, Mapping)
    return past


def test_the_past_of_a_customer_counts_once_at_the_first_entry_and_again_at_the_first_conversion() -> None:
    entry, again = (
        an_activity("journey_entered", before=3),
        an_activity("journey_entered", at_ms=MONDAY_MS + 2, before=9),
    )
    goal, more = an_activity("goal_reached", before=3), an_activity("goal_reached", at_ms=MONDAY_MS + 3, before=9)
    expected = {"customers": 1, "events": 3, "squares": 9}
    assert past_of(entry) == past_of(entry, again) == expected
    converted = expected | {"converted": 1, "events_of_converted": 3}
    assert past_of(entry, goal) == past_of(entry, goal, again, more) == converted
    assert past_of(entry, again, more) == converted  # the first entry's, not that of the run that brought the goal
    [participant] = fold([entry, goal, again, more], {}).participants.values()
    assert participant.past == 3


def test_a_past_of_nothing_is_a_past() -> None:
    story = an_activity("journey_entered", before=0), an_activity("goal_reached", before=0)
    assert past_of(*story) == {"customers": 1, "events": 0, "squares": 0, "converted": 1, "events_of_converted": 0}


def test_a_customer_whose_past_was_not_kept_at_the_first_entry_has_none_for_ever() -> None:
    story = [an_activity("journey_entered"), an_activity("journey_entered", at_ms=MONDAY_MS + 1, before=2)]
    assert past_of(*story, an_activity("goal_reached", before=2)) == {}
    [participant] = fold(story, {}).participants.values()
    assert participant.past is None


def test_the_past_counts_in_the_arm_of_the_customer() -> None:
    known = {(JOURNEY, "ada"): Participant("holdout", first_entered_ms=7, entries=1, past=2)}
    [figures] = fold([an_activity("goal_reached", arm="treatment", before=5)], known).days.values()
    arms = figures["arms"]
    assert isinstance(arms, Mapping)
    assert "treatment" not in arms
    assert isinstance(holdout := arms["holdout"], Mapping)
    assert holdout["past"] == {"converted": 1, "events_of_converted": 2}


def test_before_and_after_belong_to_the_day_of_the_first_entry_whenever_the_goal_comes() -> None:
    def story(customer: str, was_active: bool, *later: str) -> list[Activity]:
        entry = an_activity("journey_entered", customer, before=1, was_active=was_active)
        return [entry, *(an_activity(kind, customer, MONDAY_MS + (day + 1) * DAY_MS) for day, kind in enumerate(later))]

    activities = [
        *story("ann", True, "goal_reached", "goal_reached"),
        *story("ben", True),
        *story("cleo", False, "goal_reached"),
        *story("dan", False, "journey_entered", "goal_reached"),  # not within the window of the first entry
        an_activity("journey_entered", "eve", before=1),
        an_activity("goal_reached", "eve", MONDAY_MS + DAY_MS),
    ]
    days = fold(activities, {}).days
    assert days[JOURNEY, MONDAY]["baseline"] == {"customers": 4, "before": 2, "after": 2, "both": 1}
    assert [day for (_, day), figures in days.items() if "baseline" in figures] == [MONDAY]
    participants = fold(activities[:1], {}).participants
    at_once = fold(activities, {}).days[JOURNEY, MONDAY]
    in_two_parts = merged(
        fold(activities[:1], {}).days[JOURNEY, MONDAY], fold(activities[1:], participants).days[JOURNEY, MONDAY]
    )
    assert in_two_parts == at_once


def test_a_run_that_was_taken_over_converts_with_its_own_past() -> None:
    visitor, customer = an_activity("journey_entered", "visitor", before=4), an_activity("goal_reached", before=4)
    expected = {"customers": 1, "events": 4, "squares": 16, "converted": 1, "events_of_converted": 4}
    assert past_of(visitor, customer) == past_of(customer, visitor) == expected


def test_a_day_is_the_utc_day_of_the_decision() -> None:
    change = fold([an_activity("step_passed", at_ms=MONDAY_MS - 1), an_activity("step_passed")], {})
    assert sorted(day for _, day in change.days) == [date(2026, 1, 4), MONDAY]
    assert day_of(0) == date(1970, 1, 1)


def test_only_customers_that_enter_or_convert_are_looked_up() -> None:
    activities = [
        an_activity("step_passed", "ada"),
        an_activity("goal_reached", "bob"),
        an_activity("journey_entered", "bob"),
    ]
    assert customers_in_question(activities) == [(JOURNEY, "bob")]


KINDS: tuple[ActivityType, ...] = get_args(ActivityType)
activities_of_few = st.lists(
    st.builds(
        lambda kind, customer, hours, cents, past: an_activity(
            kind, customer, MONDAY_MS + hours * HOUR_MS, value=cents / 100, **past
        ),
        st.sampled_from(KINDS),
        st.sampled_from(["ada", "bob", "cleo"]),
        st.integers(0, 71),
        st.integers(-10_000, 1_000_000),
        st.one_of(
            st.just({}),
            st.fixed_dictionaries({"before": st.integers(0, 16)}, optional={"was_active": st.booleans()}),
        ),
    ),
    max_size=40,
)


@given(activities_of_few, st.data())
def test_batches_may_be_cut_anywhere(activities: list[Activity], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(activities)))
    whole = fold(activities, {})
    first = fold(activities[:cut], {})
    second = fold(activities[cut:], first.participants)
    assert {**first.participants, **second.participants} == whole.participants
    assert added(first.days, second.days) == whole.days
    quarters = added(first.quarters, second.quarters)
    assert {key: kept for key, figures in quarters.items() if (kept := without_zeros(figures))} == whole.quarters


@given(activities_of_few)
def test_quarters_make_the_day(activities: list[Activity]) -> None:
    change = fold(activities, {})
    days: dict[object, Figures] = {}
    for (journey, quarter), figures in change.quarters.items():
        key = (journey, day_of(quarter * QUARTER_MS))
        days[key] = merged(days.get(key, {}), figures)
    whole = {key: kept for key, figures in change.days.items() if (kept := that_add_up(figures))}
    assert {key: without_zeros(figures) for key, figures in days.items()} == whole


@given(activities_of_few)
def test_figures_of_arms_follow_from_the_participants(activities: list[Activity]) -> None:
    change = fold(activities, {})
    total: Figures = {}
    for figures in change.days.values():
        total = merged(total, figures)
    people = change.participants.values()
    assert total.get("value", 0) == sum(each.value for each in people)
    assert total.get("value_squares", 0) == sum(each.value**2 for each in people)
    assert total.get("customers_entered", 0) == sum(each.entries > 0 for each in people)
    assert total.get("customers_converted", 0) == sum(each.conversions > 0 for each in people)
    assert total.get("goals", 0) == sum(each.conversions for each in people)
    past = total.get("past", {})
    assert isinstance(past, Mapping)
    pasts = [each.past for each in people if each.past is not None]
    assert past.get("customers", 0) == len(pasts)
    assert past.get("events", 0) == sum(pasts)
    assert past.get("squares", 0) == sum(each**2 for each in pasts)
    counts = total.get("baseline", {})
    assert isinstance(counts, Mapping)
    # Refuses numbers that cannot be true.
    baseline = BeforeAfter(*(counts.get(name, 0) for name in ("customers", "before", "after", "both")))
    known = [each.was_active for each in people if each.was_active is not None]
    assert baseline.customers <= len(known)
    assert baseline.before <= sum(known)


def added(first: Mapping[Any, Figures], second: Mapping[Any, Figures]) -> Mapping[object, Figures]:
    return {**first, **{key: merged(first.get(key, {}), figures) for key, figures in second.items()}}


def test_figures_are_json() -> None:
    raw = msgspec.json.Encoder(decimal_format="number").encode(figures_of(an_activity("goal_reached", value=0.1)))
    assert msgspec.json.decode(raw)["value"] == 0.1
