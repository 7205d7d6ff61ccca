"""Workers and sinks say from outside whether they are ready, and how far behind they are."""

import pytest

from orchestrator.catalog import Catalog
from orchestrator.local.ports import free_ports
from orchestrator.settings import Settings
from orchestrator.store.migrate import migrate
from orchestrator.store.pool import open_pool
from tests.probing import Watched
from tests.worker_process import COUNTING, WorkerProcess, counted, produce_events

pytestmark = pytest.mark.integration


def watch(settings: Settings, slot: str, command: tuple[str, ...], **environment: str) -> Watched:
    [port] = free_ports(1)
    return Watched(WorkerProcess(settings, slot, command, ORCHESTRATOR_METRICS_PORT=str(port), **environment), port)


async def test_a_worker_is_ready_when_it_has_taken_over_and_its_lag_goes_to_nothing(
    settings: Settings, topics: Catalog
) -> None:
    await produce_events(settings, 5_000, customers=50)
    worker = watch(settings, "worker-0", COUNTING, ORCHESTRATOR_BATCH_MAX_RECORDS="20")
    try:
        worker.process.start()
        ready = await worker.becomes_ready()
        assert {name: check["ok"] for name, check in ready["checks"].items()} == dict.fromkeys(
            ("event_loop", "batches", "topics", "configs", "partitions"), True
        )
        assert ready["checks"]["partitions"]["detail"] == "4 taken over"
        assert (await worker.probe("/livez"))[0] == 200
        assert await worker.shows(lambda lag: lag > 0, "orchestrator_lag_records", topic=topics.events) <= 5_000
        await counted(settings, 5_000, worker.process)
        await worker.shows(lambda lag: lag == 0, "orchestrator_lag_records")
        assert await worker.metric("orchestrator_lag_seconds") == 0
        assert await worker.metric("orchestrator_customer_partitions") == 4
        assert await worker.process.stop() == 0
    finally:
        worker.process.close()


async def test_a_sink_is_ready_when_it_writes_and_so_is_the_one_that_stands_by(
    settings: Settings, topics: Catalog
) -> None:
    one, other = (watch(settings, f"sink-{number}", ("-m", "orchestrator", "sink")) for number in (0, 1))
    try:
        one.process.start()
        # PostgreSQL answers, but has no tables yet: the process lives and can do nothing.
        await one.shows(lambda count: count == 0, "orchestrator_sink_last_commit_timestamp_seconds")
        status, document = await one.probe("/readyz")
        assert (status, document["checks"]["sink"]["ok"]) == (503, False)
        assert (await one.probe("/livez"))[0] == 200
        pool = await open_pool(settings)
        await migrate(pool)
        await pool.close()
        assert (await one.becomes_ready())["checks"]["sink"]["detail"] == "writing"
        other.process.start()
        assert "standing by" in (await other.becomes_ready())["checks"]["sink"]["detail"]
        assert await one.process.stop() == 0
        await other.shows(lambda rounds: rounds >= 0, "orchestrator_sink_lag_records")  # told only by who writes
        assert await other.process.stop() == 0
    finally:
        one.process.close()
        other.process.close()
