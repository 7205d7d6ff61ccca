"""Kills of worker and sink in mid-stream: states, commands and PostgreSQL are what the reference makes of the input."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from orchestrator.catalog import Catalog
from orchestrator.demo.scenario import DAY_MS
from orchestrator.settings import Settings
from orchestrator.streams.crash import AFTER_COMMIT, AFTER_PRODUCE, EXIT_CODE, VARIABLE
from tests.faults.seed import chance
from tests.faults.win_back import House, a_house

pytestmark = [pytest.mark.integration, pytest.mark.faults]

KILLS = 5


@pytest.fixture
async def house(settings: Settings, topics: Catalog) -> AsyncIterator[House]:
    async with a_house(settings, chance("history")) as house:
        yield house


async def test_a_worker_killed_in_mid_stream_leaves_what_the_reference_leaves(house: House) -> None:
    moments = chance("kills in mid-stream")
    house.worker.start()
    house.sink.start()
    share = len(house.history) // KILLS
    for kill in range(KILLS):
        await house.feed(house.history[kill * share : (kill + 1) * share])
        await house.worker.takes_over(kill + 1)
        await asyncio.sleep(moments.random())  # not a wait for anything: the moment of death is left to chance
        house.worker.kill()
        if kill % 2:
            house.worker.wipe()
            house.sink.kill()
            house.sink.start()
        house.worker.start()
    await house.feed(house.history[KILLS * share :])
    await house.finish()
    await house.verify()


@pytest.mark.endurance
@pytest.mark.parametrize("point", [AFTER_PRODUCE, AFTER_COMMIT])
async def test_a_worker_that_dies_around_its_commit_leaves_what_the_reference_leaves(house: House, point: str) -> None:
    await house.feed(house.history)
    await house.finish()
    house.sink.start()
    for count in (2, 7):
        house.worker.start(**{VARIABLE: f"{point}:{count}"})
        assert await house.worker.ended() == EXIT_CODE
    house.worker.start()
    await house.verify()


async def test_the_history_has_what_the_tests_are_about(house: House) -> None:
    history = house.history
    assert len(history) > len({event.id for event in history}) > 1_000
    assert house.until_ms - history[-1].time_ms > 150 * DAY_MS
    assert house.expected > 1_000
