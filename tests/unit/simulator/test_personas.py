"""The effect that is to be measured is really there: +20 % among people, each of whom buys at most once."""

import pytest

from orchestrator.messages.event import EngagementEvent
from orchestrator.simulator.personas import (
    DAY_MS,
    FIRST_START_MS,
    LAST_START_MS,
    SUBSCRIPTION_BOUGHT,
    TRIAL_STARTED,
    TRUE_UPLIFT,
    Persona,
    answer,
    is_silent,
    life,
    people,
)

PEOPLE = people(20_000)


def purchases(persona: Persona, *, offered: bool) -> list[EngagementEvent]:
    bought = [event for event in life("demo", persona) if event.type == SUBSCRIPTION_BOUGHT]
    reaction = answer("demo", persona, persona.started_ms) if offered else None
    return bought if reaction is None else [*bought, reaction]


def test_an_offer_to_everyone_would_bring_a_fifth_more_buyers() -> None:
    without = sum(bool(purchases(persona, offered=False)) for persona in PEOPLE)
    with_offer = sum(bool(purchases(persona, offered=True)) for persona in PEOPLE)

    assert pytest.approx(0.2) == TRUE_UPLIFT
    assert without / len(PEOPLE) == pytest.approx(0.20, abs=0.01)
    assert with_offer / without - 1 == pytest.approx(TRUE_UPLIFT, abs=0.02)


def test_nobody_buys_twice_and_no_offer_keeps_anyone_from_buying() -> None:
    for persona in PEOPLE[:2_000]:
        without, with_offer = purchases(persona, offered=False), purchases(persona, offered=True)
        assert len(with_offer) <= 1
        assert with_offer[: len(without)] == without


def test_trials_begin_in_the_first_half_of_1997_and_purchases_fall_into_two_weeks() -> None:
    for persona in PEOPLE[:2_000]:
        assert FIRST_START_MS <= persona.started_ms < LAST_START_MS
        # The offer may be put off by a night of quiet hours.
        bought = purchases(persona, offered=False) + [
            event for event in [answer("demo", persona, persona.started_ms + DAY_MS)] if event
        ]
        assert all(0 < event.time_ms - persona.started_ms < 14 * DAY_MS for event in bought)


def test_a_life_is_told_in_order_of_time() -> None:
    for persona in PEOPLE[:200]:
        times = [event.time_ms for event in life("demo", persona)]
        assert times == sorted(times)


def test_silent_people_are_heard_of_once_only() -> None:
    silent = [persona for persona in PEOPLE if is_silent(persona)]

    assert len(silent) > 500
    for persona in silent[:100]:
        assert [event.type for event in life("demo", persona)] == [TRIAL_STARTED]
        assert answer("demo", persona, persona.started_ms) is None


def test_more_people_are_the_same_people_and_others() -> None:
    assert people(50) == PEOPLE[:50]
    assert people(0) == []
