"""The steward on a real PostgreSQL and Kafka: experiments are shared out, and a journey whose brake trips pauses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator.api.database import Database
from orchestrator.api.steward import Steward
from orchestrator.catalog import Catalog
from orchestrator.messages.activity import Activity
from orchestrator.messages.config import ExperimentShares, JourneyStanding
from orchestrator.messages.ids import derived_id
from orchestrator.settings import Settings
from orchestrator.store.pool import connect
from orchestrator.store.steward import StewardSession
from tests.api_session import BASE, ApiSession, relayed, serving, until
from tests.builders import a_journey, steps
from tests.sink_story import sunk

pytestmark = pytest.mark.integration

EXPERIMENT = {
    "kind": "experiment",
    "arms": [{"name": "short", "next": "brief"}, {"name": "long", "next": "wordy"}],
    "horizon": "P4D",
}
SEND = {"kind": "send", "channel": "email", "template": "offer", "next": "done"}
BRAKE = {"outcome": "bounced", "percent": 5, "at_least": 10, "within": "PT1H"}
LATER = timedelta(days=1)  # a quarter of the horizon: by then results count


@pytest.fixture
async def api(settings: Settings, topics: Catalog) -> AsyncIterator[ApiSession]:
    async with serving(settings.model_copy(update={"steward_interval_s": 0.1})) as session:
        yield session


def with_experiment() -> dict[str, Any]:
    return a_journey(
        start="choice",
        steps=steps(choice=EXPERIMENT, brief=SEND, wordy={**SEND, "template": "long"}),
        goal={"event": "ordered", "window": "P2D"},
    )


def with_brake() -> dict[str, Any]:
    return a_journey(guardrails={"consent": {"marketing": "opt_out"}, "brakes": [BRAKE]})


async def created(api: ApiSession, config: dict[str, Any]) -> str:
    answer = await (await api.client()).post(BASE, json={"config": config})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def an_activity(journey_id: str, type_: Any, number: int, at: datetime, step: str, **details: Any) -> Activity:
    return Activity(
        id=derived_id("activity", journey_id, type_, str(number)),
        workspace_id="acme",
        customer_id=f"c{number}",
        journey_id=journey_id,
        version=1,
        run_id=derived_id("run", journey_id, str(number)),
        type=type_,
        at_ms=int(at.timestamp() * 1_000),
        step=step,
        arm="treatment",
        details=details,
    )


def exposed(journey_id: str, at: datetime, arm: str, customers: range, converted: int) -> list[Activity]:
    """Customers who were given an arm; the first ``converted`` of them reach the goal an hour later."""
    seen = [
        an_activity(journey_id, "step_passed", number, at, "choice", kind="experiment", path=arm, next="x")
        for number in customers
    ]
    goals = [
        an_activity(journey_id, "goal_reached", number, at + timedelta(hours=1), "brief", value=1)
        for number in customers[:converted]
    ]
    return [*seen, *goals]


@asynccontextmanager
async def another_steward(api: ApiSession) -> AsyncIterator[tuple[Steward, StewardSession]]:
    """A steward that acts when the test says so."""
    database = Database(api.settings)
    await database.open()
    connection = await connect(api.settings, application="test", patience_s=30)
    try:
        yield Steward(api.settings, database), StewardSession(connection)
    finally:
        await connection.close()
        await database.close()


async def shares(api: ApiSession) -> list[ExperimentShares]:
    return [record for record in await relayed(api.settings) if isinstance(record, ExperimentShares)]


async def test_workers_hear_how_an_experiment_is_shared_out_and_of_its_winner_once(api: ApiSession) -> None:
    client = await api.client()
    journey_id = await created(api, with_experiment())
    listed = (await client.get(f"{BASE}/{journey_id}/experiments")).json()["items"]
    assert [(item["epoch"], [arm["share"] for arm in item["arms"]]) for item in listed] == [(0, [50.0, 50.0])]
    now = datetime.now(UTC)
    story = exposed(journey_id, now, "short", range(60), 12) + exposed(journey_id, now, "long", range(60, 120), 8)
    await sunk(api.settings, story)
    async with another_steward(api) as (steward, session):
        await steward.look_after(session, now + LATER - timedelta(minutes=1))  # nobody's result counts yet
        assert await session.shares((await session.watched())[0].journey_id) == {}
        for minutes in (1, 10, 20):
            await steward.look_after(session, now + LATER + timedelta(minutes=minutes))
        await until(lambda: _count(api, 1))
        (learning,) = await shares(api)
        assert (learning.epoch, learning.is_final, learning.step) == (1, False, "choice")
        assert learning.shares["short"] > 60 > 40 > learning.shares["long"] >= 5
        assert learning.evidence["arms"]["short"]["converted"] == 12  # type: ignore[index]

        for days in (4, 5, 6):
            await steward.look_after(session, now + timedelta(days=days, minutes=1))
        await until(lambda: _count(api, 2))
        final = (await shares(api))[-1]
        assert (final.epoch, final.is_final, final.shares) == (2, True, {"short": 100.0, "long": 0.0})
    (item,) = (await client.get(f"{BASE}/{journey_id}/experiments")).json()["items"]
    assert (item["epoch"], item["is_final"]) == (2, True)
    assert [(arm["name"], arm["share"], arm["customers"], arm["converted"]) for arm in item["arms"]] == [
        ("short", 100.0, 60, 12),
        ("long", 0.0, 60, 8),
    ]
    stranger = await api.client("globex")
    assert (await stranger.get(f"{BASE}/{journey_id}/experiments")).status_code == 404


async def _count(api: ApiSession, expected: int) -> bool:
    return len(await shares(api)) == expected


def sends(journey_id: str, at: datetime, count: int, bounced: int, first: int = 0) -> list[Activity]:
    numbers = range(first, first + count)
    return [
        *(an_activity(journey_id, "send_requested", number, at, "hello", channel="email") for number in numbers),
        *(
            an_activity(journey_id, "message_reported", number, at, "hello", channel="email", outcome="bounced")
            for number in numbers[:bounced]
        ),
    ]


async def test_a_journey_whose_messages_bounce_pauses_by_itself_and_says_why(api: ApiSession) -> None:
    client = await api.client()
    journey_id, other = await created(api, with_brake()), await created(api, with_brake())
    url = f"{BASE}/{journey_id}"
    soon = datetime.now(UTC) + timedelta(minutes=2)  # behind the first whole minute after the start
    await sunk(api.settings, sends(journey_id, soon, 20, 2) + sends(other, soon, 20, 1))

    async def is_paused() -> bool:
        return bool((await client.get(url)).json()["status"] == "PAUSED")

    await until(is_paused)
    reason = (await client.get(url)).json()["paused_reason"]
    assert reason == "brake: 2 of the last 20 messages bounced (10.00 %, within PT1H); the limit is 5 %"
    standings = [each for each in await relayed(api.settings) if isinstance(each, JourneyStanding)]
    assert [each.status for each in standings if each.journey_id == journey_id] == ["ACTIVE", "PAUSED"]
    untouched = (await client.get(f"{BASE}/{other}")).json()
    assert (untouched["status"], untouched["paused_reason"]) == ("ACTIVE", None)


async def test_who_resumes_a_braked_journey_is_not_braked_for_the_same_messages(api: ApiSession) -> None:
    client = await api.client()
    journey_id = await created(api, with_brake())
    url = f"{BASE}/{journey_id}"
    now = datetime.now(UTC)
    async with another_steward(api) as (steward, session):
        await sunk(api.settings, sends(journey_id, now, 20, 20))
        # The journey began in this very minute, so its first whole minute is still to come.
        await steward.look_after(session, now + timedelta(minutes=1))
        assert (await client.get(url)).json()["status"] == "ACTIVE"
        await sunk(api.settings, sends(journey_id, now + timedelta(minutes=2), 20, 20, first=50))
        await until(lambda: _is(api, url, "PAUSED"))
        resumed = (await client.patch(url, json={"status": "ACTIVE"})).json()
        assert (resumed["status"], resumed["paused_reason"]) == ("ACTIVE", None)


async def _is(api: ApiSession, url: str, status: str) -> bool:
    return bool((await (await api.client()).get(url)).json()["status"] == status)


async def test_one_steward_acts_and_the_next_takes_over(api: ApiSession) -> None:
    first, second = [await connect(api.settings, application="test", patience_s=30) for _ in range(2)]
    try:
        # The application's own steward has the office.
        await until(lambda: _is_taken(api))
        assert not await StewardSession(first).take_office()
        pids = await api.pool.fetch(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name like '%steward%'"
        )
        assert pids
        assert await StewardSession(second).take_office()
        assert not await StewardSession(first).take_office()
    finally:
        await first.close()
        await second.close()


async def _is_taken(api: ApiSession) -> bool:
    held = "select exists (select from pg_locks where locktype = 'advisory' and classid = 33 and objid = 3)"
    return bool(await api.pool.fetchval(held))
