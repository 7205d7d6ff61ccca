"""Who is under way is counted once for all who look, and never told when it is old."""

import asyncio
from typing import cast
from uuid import UUID

import pytest

from orchestrator.api import under_way
from orchestrator.api.under_way import FRESH_S, OLDEST_S, UnderWay
from orchestrator.errors import Unavailable
from orchestrator.store.pool import Pool
from orchestrator.store.tenant import Tenant

JOURNEY = UUID(int=1)


class Table:
    """Stands for the database: counts how often it is asked, and answers when it may."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        self.now = 100.0
        self.fails = False
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        monkeypatch.setattr(under_way, "under_way_by_journey", self._count)
        self.counted = UnderWay(lambda: self.now)

    async def _count(self, tenant: Tenant) -> dict[UUID, int]:
        self.asked.append(tenant.workspace_id)
        await self.may_answer.wait()
        if self.fails:
            raise Unavailable("away")
        return {JOURNEY: len(self.asked)}

    async def look(self, workspace_id: str = "acme") -> int:
        return (await self.counted.by_journey(Tenant(cast(Pool, None), workspace_id)))[JOURNEY]


@pytest.fixture
async def table(monkeypatch: pytest.MonkeyPatch) -> Table:
    return Table(monkeypatch)


async def test_all_who_look_at_once_wait_for_one_count(table: Table) -> None:
    assert await asyncio.gather(*(table.look() for _ in range(5))) == [1] * 5
    assert await table.look("globex") == 2
    assert table.asked == ["acme", "globex"]


async def test_a_count_is_good_for_some_seconds_then_counted_anew_while_it_is_still_told(table: Table) -> None:
    assert await table.look() == 1
    table.now += FRESH_S - 0.1
    assert await table.look() == 1
    assert len(table.asked) == 1
    table.now += 0.2
    assert await table.look() == 1
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert await table.look() == 2


async def test_nobody_is_told_an_old_count(table: Table) -> None:
    assert await table.look() == 1
    table.now += OLDEST_S
    assert await table.look() == 2


async def test_a_database_that_is_away_is_said_only_when_there_is_nothing_recent(table: Table) -> None:
    assert await table.look() == 1
    table.fails = True
    table.now += FRESH_S
    assert await table.look() == 1
    table.now += OLDEST_S
    with pytest.raises(Unavailable):
        await table.look()
    table.fails = False
    assert await table.look() == len(table.asked)


async def test_one_who_leaves_does_not_take_the_count_from_the_others(table: Table) -> None:
    table.may_answer.clear()
    first, second = (asyncio.create_task(table.look()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    table.may_answer.set()
    assert await second == 1
