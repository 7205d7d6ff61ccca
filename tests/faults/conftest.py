"""What the fault tests share."""

from collections.abc import AsyncIterator, Callable
from typing import TypeAlias

import pytest

from orchestrator.catalog import Catalog
from orchestrator.settings import Settings
from orchestrator.store.migrate import migrate
from orchestrator.store.pool import Pool, open_pool
from tests.worker_process import COUNTING, WorkerProcess

SMALL_BATCHES = {"ORCHESTRATOR_BATCH_MAX_RECORDS": "50"}
MakeWorker: TypeAlias = Callable[..., WorkerProcess]


@pytest.fixture
async def make_worker(settings: Settings, topics: Catalog) -> AsyncIterator[MakeWorker]:
    """Makes worker processes with small batches, ended after the test: counting ones unless ``command`` says else."""
    made: list[WorkerProcess] = []

    def make(
        slot: str = "worker-0", command: tuple[str, ...] = COUNTING, of: Settings = settings, **environment: str
    ) -> WorkerProcess:
        made.append(WorkerProcess(of, slot, command, **{**SMALL_BATCHES, **environment}))
        return made[-1]

    yield make
    for worker in made:
        worker.close()


@pytest.fixture
async def pool(settings: Settings) -> AsyncIterator[Pool]:
    """The test's database, with its tables."""
    pool = await open_pool(settings)
    await migrate(pool)
    yield pool
    await pool.close()
