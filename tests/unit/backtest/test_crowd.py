"""Many made-up people in one virtual time: each lives as alone, but for what binds over all of them."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from orchestrator.backtest.crowd import Crowd
from orchestrator.backtest.files import read_journey
from orchestrator.backtest.people import JOURNEY_ID, START_MS, WORKSPACE, Person, World
from orchestrator.backtest.run import directory_of
from orchestrator.backtest.simulate import simulate
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.definitions.parse import parse_journey
from orchestrator.journeys.replay import Replaying, time_of
from orchestrator.journeys.turn import Effect, Signal
from orchestrator.messages.activity import Activity
from orchestrator.messages.command import SendCommand
from orchestrator.messages.event import DeliveryEvent
from tests.builders import DAY, HOUR, MINUTE, a_journey, steps

FOLDER = Path(str(files("orchestrator.demo").joinpath("journeys")))
UNLIMITED = ("post_purchase", "re_permission", "welcome", "win_back")  # entered by event, API, event and segment
WORLD = World(customers=40, days=60, seed=11, effect=0.5)
UNTIL_MS = START_MS + WORLD.days * DAY
# Entered, sent, ended, suppressed, deferred, and a mark of all messages: recorded when each life was run by itself.
AS_ALONE = {
    "abandoned_cart": (100, 98, 98, 15, 34, 2884349697),
    "post_purchase": (100, 145, 100, 0, 70, 118914492),
    "product_launch": (86, 137, 84, 21, 74, 3217406989),
    "re_permission": (100, 254, 100, 0, 50, 1797241021),
    "welcome": (100, 259, 98, 27, 44, 1689136173),
    "win_back": (86, 141, 78, 21, 99, 3533785005),
}
ALL_AT_ONCE = {"kind": "schedule", "schedule": {"kind": "dates", "at": ["2026-01-20T10:00"], "zone": "UTC"}}


def lived(journey: JourneyDefinition, people: Iterable[Person]) -> tuple[list[Signal], list[Effect], int]:
    """What happened, what was decided, and how much that was."""
    crowd = Crowd(directory_of(journey, WORKSPACE, JOURNEY_ID), people)
    moments = list(crowd.live(UNTIL_MS))
    told = [moment.happened for moment in moments if moment.happened is not None]
    return told, [effect for moment in moments for effect in moment.effects], crowd.signals


def people(journey: JourneyDefinition, world: World = WORLD) -> list[Person]:
    return [Person(world, journey, number) for number in range(world.customers)]


def by_customer(effects: Iterable[Effect]) -> dict[str, list[Effect]]:
    found: defaultdict[str, list[Effect]] = defaultdict(list)
    for effect in effects:
        if isinstance(effect, Activity | SendCommand):
            found[effect.customer_id].append(effect)
    return found


def sends(journey: JourneyDefinition, world: World) -> list[SendCommand]:
    _, effects, _ = lived(journey, people(journey, world))
    return [effect for effect in effects if isinstance(effect, SendCommand)]


def offering(entry: dict[str, Any] | None = None, **guardrails: Any) -> JourneyDefinition:
    offer = {"kind": "send", "channel": "sms", "template": "t", "cost": 0.5, "next": "done"}
    entered = entry or {"kind": "event", "type": "customer.signed_up"}
    open_to_all = {"consent": {"marketing": "opt_out"}, **guardrails}
    return parse_journey(a_journey(entry=entered, start="offer", steps=steps(offer=offer), guardrails=open_to_all))


@pytest.mark.parametrize("name", UNLIMITED)
def test_without_limits_everyone_lives_as_alone(name: str) -> None:
    journey = read_journey(FOLDER / f"{name}.yaml")
    _, together, signals = lived(journey, people(journey))
    alone = [lived(journey, [person]) for person in people(journey)]
    assert by_customer(together) == by_customer(effect for _, effects, _ in alone for effect in effects)
    assert signals == sum(count for _, _, count in alone)
    assert len(by_customer(together)) > 20


@pytest.mark.parametrize(("name", "figures"), AS_ALONE.items())
def test_the_samples_do_to_a_crowd_what_they_did_to_each_alone(name: str, figures: tuple[int, ...]) -> None:
    world = World(customers=100, days=60, seed=5, base_rate=0.1, effect=0.5)
    tally = simulate(read_journey(FOLDER / f"{name}.yaml"), world)[0].tally
    held_back = [tally.held_back(kind).total() for kind in ("suppressed", "deferred")]
    sent = crc32(repr(sorted(tally.customers.items())).encode())  # to whom, what and when
    assert (tally.entered, tally.sent, tally.ended.total(), *held_back, sent) == figures


@pytest.mark.parametrize("name", AS_ALONE)
def test_a_crowd_decides_what_a_replay_decides_of_what_happened_in_it(name: str) -> None:
    journey = read_journey(FOLDER / f"{name}.yaml")
    told, effects, signals = lived(journey, people(journey))
    assert told == sorted(told, key=time_of)
    replaying = Replaying(directory_of(journey, WORKSPACE, JOURNEY_ID), in_order=True)
    for signal in told:
        replaying.reach(time_of(signal))
        replaying.take(signal)
    replaying.reach(UNTIL_MS)
    assert (effects, signals) == (replaying.replay.effects, replaying.replay.signals)
    assert len(effects) > 100


def test_the_same_seed_tells_the_same_story_where_limits_bind_too() -> None:
    journey = offering(
        {"kind": "event", "type": "customer.signed_up", "capacity": {"limit": 9, "per": "day"}},
        rates=[{"limit": 2, "per": "hour"}],
    )
    one, other = (lived(journey, people(journey))[:2] for _ in range(2))
    assert one == other
    assert sends(journey, WORLD) != sends(journey, replace(WORLD, seed=12))


def test_no_more_enter_than_there_is_room_for_and_so_many_do() -> None:
    world = World(customers=200, days=30)
    event = {"kind": "event", "type": "customer.signed_up"}
    in_total, _ = simulate(offering({**event, "capacity": {"limit": 25}}), world)
    assert (in_total.tally.entered, in_total.tally.refused) == (25, {"capacity": 175})
    unlimited, _ = simulate(offering(event), world)
    daily, _ = simulate(offering({**event, "capacity": {"limit": 10, "per": "day"}}), world)
    wanted = {day: figures.entered for day, figures in unlimited.tally.days.items() if figures.entered}
    entered = {day: figures.entered for day, figures in daily.tally.days.items() if figures.entered}
    assert entered == {day: min(count, 10) for day, count in wanted.items()}
    assert max(wanted.values()) > 10


def test_who_enters_after_a_grace_is_waited_for() -> None:
    world = World(customers=60, days=30)
    event = {"kind": "event", "type": "customer.signed_up"}
    at_once, later = (simulate(offering({**event, "grace": grace}), world)[0] for grace in (None, "PT5M"))
    assert later.tally.entered == at_once.tally.entered > 50


def test_no_more_money_is_spent_in_a_day_than_the_budget_and_all_of_it_while_people_wait() -> None:
    budget = {"kind": "money", "limit": 10, "per": "day"}
    result, _ = simulate(offering(ALL_AT_ONCE, budgets=[budget]), World(customers=150, days=60))
    costs = [figures.cost for _, figures in sorted(result.tally.days.items()) if figures.cost]
    assert costs == [10.0] * (len(costs) - 1) + [result.tally.sent * 0.5 % 10 or 10.0]
    assert result.tally.sent == result.tally.entered > 140


def test_a_total_budget_is_used_to_the_last_message_and_no_further() -> None:
    budget = {"kind": "messages", "limit": 33, "per": "total"}
    result, _ = simulate(offering(budgets=[budget]), World(customers=120, days=30))
    assert result.tally.sent == 33
    assert result.tally.held_back("suppressed") == {"budget": result.tally.entered - 33}


def test_those_who_come_all_at_once_are_sent_to_at_the_rate() -> None:
    journey = offering(ALL_AT_ONCE, rates=[{"limit": 7, "per": "minute"}])
    moments = [command.decided_at_ms for command in sends(journey, World(customers=100, days=30))]
    by_minute = Counter(moment // MINUTE for moment in moments)
    *full, last = [by_minute[minute] for minute in sorted(by_minute)]
    assert set(full) == {7}
    assert last <= 7
    assert max(moments) - min(moments) < (len(by_minute) + 1) * MINUTE
    assert len(moments) > 90


def test_what_follows_from_a_message_comes_after_it_and_only_to_whom_it_was_sent() -> None:
    journey = offering(budgets=[{"kind": "messages", "limit": 5, "per": "total"}])
    told, effects, _ = lived(journey, people(journey))
    decided = {effect.id: effect for effect in effects if isinstance(effect, SendCommand)}
    reports = [signal for signal in told if isinstance(signal, DeliveryEvent)]
    assert len(decided) == 5
    assert {report.command_id for report in reports} == set(decided)
    for report in reports:
        command = decided[report.command_id]
        assert report.customer_id == command.customer_id
        assert command.decided_at_ms < time_of(report) <= command.decided_at_ms + 2 * HOUR


@pytest.mark.parametrize("name", [*UNLIMITED, "product_launch"])
def test_nothing_of_a_life_comes_before_it_begins(name: str) -> None:
    for person in people(read_journey(FOLDER / f"{name}.yaml")):
        assert min(event.time_ms for event in person.life()) >= person.known_ms


def test_who_is_through_is_forgotten_unless_a_schedule_may_look_again() -> None:
    journey = offering()
    crowd = Crowd(directory_of(journey, WORKSPACE, JOURNEY_ID), people(journey))
    known = [crowd.alive for _ in crowd.live(UNTIL_MS)]
    assert known[-1] == 0
    assert max(known) < WORLD.customers / 2
    recurring = offering({"kind": "schedule", "schedule": {"kind": "cron", "expression": "0 9 * * *", "zone": "UTC"}})
    crowd = Crowd(directory_of(recurring, WORKSPACE, JOURNEY_ID), people(recurring))
    assert [crowd.alive for _ in crowd.live(UNTIL_MS)][-1] == WORLD.customers
