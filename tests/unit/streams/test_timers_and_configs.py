"""A config that changes between the decision about a batch and its commit: the timers are those of the newer one."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from orchestrator.settings import Settings
from orchestrator.streams.batch import Outcome
from orchestrator.streams.commit import Committed
from orchestrator.streams.configs import View
from orchestrator.streams.crash import Crash
from orchestrator.streams.owned import OwnedPartition
from orchestrator.streams.pipeline import Pipeline, Tools
from orchestrator.streams.rocksdb import SharedMemory
from tests.counting import Count, CountingDecider, Rules
from tests.input_records import CATALOG, WIRE, timer

PAUSED, RUNNING = Rules(frozenset({"count"})), Rules()
KEY = b"acme:anna"


async def test_a_resume_during_the_commit_of_a_batch_is_not_missed_by_who_was_held_in_it(tmp_path: Path) -> None:
    decider = CountingDecider()
    store = SharedMemory().open(tmp_path / "store")
    store.put(KEY, decider.encode_state(Count(1, 0, 100)))
    producer: Any = None
    partition: OwnedPartition[Rules, Count] = OwnedPartition(0, store, producer, decider)
    configs: Any = SimpleNamespace(view=View(PAUSED, 1))

    async def commit(owned: OwnedPartition[Rules, Count], outcome: Outcome[Count], *_: object) -> Committed:
        configs.view = View(RUNNING, 2)
        assert list(owned.timers.holders()) == []  # so the ticker, which looks now, has nobody to release
        owned.save(outcome, -1)
        return Committed.DONE

    done = asyncio.Event()
    faults: list[Exception] = []
    tools = Tools(Settings(), WIRE, decider, configs, commit, Crash())  # type: ignore[arg-type]
    pipeline = Pipeline(tools, partition, lambda *_: None, done.set, faults.append)
    pipeline.feed(CATALOG.timers, [timer(0, "anna", 100)])
    await asyncio.wait_for(done.wait(), 30)
    await pipeline.finish()

    assert faults == []
    assert partition.timers.take_due(200, 0.0, 10) == [(100, KEY)]
    store.close()
