"""What happens to the broker, and on the way to it, loses and repeats nothing.

The broker is the test's own, so that nobody else's tests feel it. The long ones are left to `make test-faults`.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator

import pytest

from orchestrator.kafka import clients
from orchestrator.kafka.topics import apply_topics
from orchestrator.settings import Settings, load_settings
from orchestrator.streams.app import EXIT_HALTED
from tests.conftest import PARTITIONS
from tests.faults.conftest import SMALL_BATCHES
from tests.faults.load import load
from tests.faults.own_broker import OwnCluster
from tests.faults.patience import caught_up
from tests.faults.seed import chance
from tests.faults.verifier import verify_counting
from tests.worker_process import SESSION_S, WorkerProcess, counted, counts, produce_events

pytestmark = [pytest.mark.integration, pytest.mark.faults, pytest.mark.timeout(600)]

CUSTOMERS = 40


@pytest.fixture
async def cluster(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> AsyncIterator[OwnCluster]:
    made = OwnCluster(tmp_path_factory.mktemp("broker"), getattr(request, "param", 1))
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


@pytest.fixture(autouse=True)
def _patient_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who produces waits for the broker, by one producer: so no event is written twice. Workers are not affected."""
    monkeypatch.setattr(clients, "REQUEST_TIMEOUT_MS", 120_000)


@pytest.fixture
async def settings(cluster: OwnCluster, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings for test code, which reaches the brokers directly; topics are made."""
    made = load_settings(
        kafka=cluster.direct,
        data_dir=tmp_path_factory.mktemp("workers"),
        replicas=cluster.copies,
        partitions=PARTITIONS,
    )
    await apply_topics(made)
    return made


async def verified(settings: Settings, sent: int, *workers: WorkerProcess) -> None:
    """All of it is decided, and as the single-threaded reference decides it."""
    await caught_up(settings, *workers)
    for worker in workers:
        assert await worker.stop() == 0
    await verify_counting(settings, workers, sent)


@pytest.fixture
def worker(settings: Settings, cluster: OwnCluster) -> Iterator[WorkerProcess]:
    made = WorkerProcess(settings, ORCHESTRATOR_KAFKA=cluster.proxied, **SMALL_BATCHES)
    yield made
    made.close()


async def keeps_running(worker: WorkerProcess) -> None:
    """It was not ended by what happened: a broker that comes back finds its workers there."""
    assert worker.process.poll() is None, worker.log.read_text()[-4_000:]


@pytest.mark.endurance
@pytest.mark.parametrize("kills", [2, 10])
async def test_a_broker_killed_again_and_again_loses_and_repeats_nothing(
    settings: Settings, cluster: OwnCluster, worker: WorkerProcess, kills: int
) -> None:
    moments = chance("broker killed")
    (node,) = cluster.nodes
    await worker.start().takes_over()
    async with load(settings) as running:
        for _ in range(kills):
            await running.reaches(running.sent + 1)  # it is there again
            await asyncio.sleep(moments.uniform(0.2, 1.5))  # the moment of death is left to chance
            await asyncio.to_thread(node.send, signal.SIGKILL)
            await cluster.restart(node)
            await keeps_running(worker)
    await verified(settings, running.sent, worker)


@pytest.mark.endurance
async def test_a_worker_killed_together_with_the_broker_goes_on_where_both_were(
    settings: Settings, cluster: OwnCluster, worker: WorkerProcess
) -> None:
    moments = chance("broker and worker killed")
    (node,) = cluster.nodes
    async with load(settings) as running:
        for life in range(3):
            await worker.start().takes_over(life + 1)
            await running.reaches(running.sent + 1)
            await asyncio.sleep(moments.uniform(0.2, 1.0))  # in the middle of its work
            await asyncio.to_thread(node.send, signal.SIGKILL)
            worker.kill()
            if life == 1:
                worker.wipe()
            await cluster.restart(node)
        worker.start()
    await verified(settings, running.sent, worker)


@pytest.mark.endurance
async def test_a_broker_that_is_away_for_a_minute_finds_its_worker_waiting(
    settings: Settings, cluster: OwnCluster, worker: WorkerProcess
) -> None:
    (node,) = cluster.nodes
    await produce_events(settings, 2_000, CUSTOMERS)
    await worker.start().takes_over()
    await asyncio.to_thread(node.send, signal.SIGKILL)
    await asyncio.sleep(60)
    await keeps_running(worker)
    await cluster.restart(node)
    await produce_events(settings, 1_000, CUSTOMERS, first=2_000)
    await verified(settings, 3_000, worker)


@pytest.mark.endurance
async def test_a_broker_halted_for_longer_than_any_timeout_goes_on_as_if_nothing_was(
    settings: Settings, cluster: OwnCluster, worker: WorkerProcess
) -> None:
    (node,) = cluster.nodes
    await produce_events(settings, 2_000, CUSTOMERS)
    await worker.start().takes_over()
    await asyncio.to_thread(node.send, signal.SIGSTOP)
    await asyncio.sleep(25)  # longer than a request may take and a session lives
    await asyncio.to_thread(node.send, signal.SIGCONT)
    await produce_events(settings, 1_000, CUSTOMERS, first=2_000)
    await verified(settings, 3_000, await running_again(worker))


async def running_again(worker: WorkerProcess) -> WorkerProcess:
    """As a supervisor does: a worker that has ended itself is started again."""
    await asyncio.sleep(SESSION_S)
    if worker.process.poll() is not None:
        assert worker.process.poll() == EXIT_HALTED, worker.log.read_text()[-4_000:]
        before = worker.said("partitions_taken_over")
        await worker.start().takes_over(before + 1)
    return worker


async def test_connections_cut_at_any_moment_are_made_again(
    settings: Settings, cluster: OwnCluster, worker: WorkerProcess
) -> None:
    moments = chance("connections cut")
    (node,) = cluster.nodes
    await worker.start().takes_over()
    async with load(settings) as running:
        for _ in range(10):
            await asyncio.sleep(moments.random())  # the moment is left to chance
            node.proxy.cut()
        await keeps_running(worker)
    await verified(settings, running.sent, worker)


@pytest.mark.endurance
async def test_a_worker_cut_off_past_its_session_is_replaced_and_cannot_undo_what_its_successor_did(
    settings: Settings, cluster: OwnCluster, worker: WorkerProcess
) -> None:
    (node,) = cluster.nodes
    successor = WorkerProcess(settings, "worker-1", **SMALL_BATCHES)  # it has a way of its own
    try:
        await produce_events(settings, 5_000, CUSTOMERS)
        await worker.start().takes_over()
        node.proxy.unplug()
        await successor.start().takes_over()
        await counted(settings, 5_000, successor)
        before = await counts(settings)
        node.proxy.plug_in()  # now everything arrives that the first one had sent
        await running_again(worker)
        assert await counts(settings) == before
        await produce_events(settings, 1_000, CUSTOMERS, first=5_000)
        await verified(settings, 6_000, worker, successor)
    finally:
        successor.close()


@pytest.mark.endurance
async def test_a_slow_way_to_the_broker_only_makes_the_worker_slow(
    settings: Settings, cluster: OwnCluster, worker: WorkerProcess
) -> None:
    (node,) = cluster.nodes
    node.proxy.delay_s = 0.2
    await produce_events(settings, 2_000, CUSTOMERS)
    await worker.start().takes_over()
    await verified(settings, 2_000, worker)


@pytest.mark.endurance
@pytest.mark.parametrize("cluster", [3], indirect=True)
async def test_leaders_that_die_one_after_the_other_lose_and_repeat_nothing(
    settings: Settings, cluster: OwnCluster, worker: WorkerProcess
) -> None:
    await worker.start().takes_over()
    async with load(settings) as running:
        for node in cluster.nodes:
            await asyncio.to_thread(node.send, signal.SIGKILL)
            await running.reaches(running.sent + 500)  # two of three are enough to go on, with other leaders
            await cluster.restart(node)
            await cluster.in_sync(settings)
        await running_again(worker)
    await verified(settings, running.sent, worker)
