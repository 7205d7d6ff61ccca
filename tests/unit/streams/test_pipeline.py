"""What becomes of the look after the last transaction when a partition is let go."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from rocksdict import Rdict

from orchestrator.errors import ProcessingHalted
from orchestrator.streams.owned import OwnedPartition
from orchestrator.streams.pipeline import Pipeline
from orchestrator.streams.rocksdb import SharedMemory
from tests.counting import CountingDecider


@pytest.fixture
def store(tmp_path: Path) -> Rdict:
    return SharedMemory().open(tmp_path / "store")


async def let_go(store: Rdict, look: Coroutine[Any, Any, None]) -> tuple[asyncio.Task[None], list[Exception]]:
    """Lets a partition go a while after ``look`` has begun; returns the look and what the process was told."""
    nobody: Any = None
    owned: OwnedPartition[Any, Any] = OwnedPartition(0, store, nobody, CountingDecider())
    owned.settling = settling = asyncio.create_task(look)
    await asyncio.sleep(0)
    faults: list[Exception] = []
    await Pipeline(nobody, owned, nobody, nobody, faults.append).finish()
    store.close()
    return settling, faults


async def test_a_partition_is_let_go_without_waiting_for_its_last_transaction(store: Rdict) -> None:
    settling, faults = await asyncio.wait_for(let_go(store, asyncio.sleep(3_600)), 30)
    assert settling.cancelled()
    assert faults == []


async def test_a_transaction_that_could_not_be_made_visible_ends_the_process_at_the_latest_when_let_go(
    store: Rdict,
) -> None:
    async def hanging() -> None:
        raise ProcessingHalted("it hangs")

    _, faults = await let_go(store, hanging())
    assert [str(fault) for fault in faults] == ["it hangs"]
