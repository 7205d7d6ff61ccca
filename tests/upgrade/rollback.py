"""``python -m tests.upgrade.rollback COMMIT``: the program of an earlier commit on what today's has left.

Needs the repository's history. The earlier program runs from a work tree of its own, with the packages of today.
"""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

from orchestrator.local.ports import LOOPBACK, free_ports
from orchestrator.local.stack import private_stack
from orchestrator.settings import Settings
from orchestrator.store.pool import open_pool
from orchestrator.store.tally import activity_count
from orchestrator.store.tenant import Tenant
from tests.api_session import BASE
from tests.faults.patience import comes_true
from tests.faults.verifier import verify_journeys
from tests.stack import JARS
from tests.upgrade.estate import Estate
from tests.upgrade.record import SAMPLES, an_estate, at_rest, feed, let_time_run_on, record, reference
from tests.worker_process import ROOT, WorkerProcess

JOURNEYS = len(SAMPLES) + 2
_RUN = "import sys; sys.path.insert(0, {folder!r}); sys.argv = ['orchestrator', {name!r}]; import orchestrator; \
assert orchestrator.__file__.startswith({folder!r}); from orchestrator.cli.app import main; main()"


async def go_back(settings: Settings, estate: Estate, folder: str) -> int:
    """Plays the second part to the earlier program; how many activities there are in the end.

    Raises:
        AssertionError: anything differs from the reference.
    """
    commands = {name: ("-P", "-c", _RUN.format(folder=folder, name=name)) for name in ("worker", "sink", "api")}
    (port,) = free_ports(1)
    worker, sink, api = (
        WorkerProcess(settings, name, command, ORCHESTRATOR_API_PORT=str(port)) for name, command in commands.items()
    )
    pool = await open_pool(settings)
    try:
        for process in (worker, sink):
            process.start()
        await feed(settings, estate.later)
        await let_time_run_on(settings, estate.until_ms)
        expected = len(await reference(settings, estate.until_ms))

        async def is_written() -> bool:
            return await activity_count(Tenant(pool, estate.workspace)) >= expected

        await comes_true(is_written, "all activities in PostgreSQL", worker, sink)
        await at_rest(settings, worker)
        for process in (worker, sink):
            assert await process.stop() == 0
        await verify_journeys(settings, (worker, sink), estate.until_ms, pool)
        api.start()  # not before: its steward would share the experiment out anew, at the clock of today
        assert await journeys_told(api, port, estate.key) == JOURNEYS
        assert await api.stop() == 0
        return expected
    finally:
        for process in (worker, sink, api):
            process.close()
        await pool.close()


async def journeys_told(api: WorkerProcess, port: int, key: str) -> int:
    """How many journeys the earlier API tells of, beside tables that it does not know."""
    found = 0

    async def answers() -> bool:
        nonlocal found
        try:
            async with httpx.AsyncClient(base_url=f"http://{LOOPBACK}:{port}") as client:
                answer = await client.get(BASE, headers={"Authorization": f"Bearer {key}"})
        except httpx.TransportError:
            return False
        found = len(answer.raise_for_status().json()["items"])
        return True

    await comes_true(answers, "an answer of the API", api)
    return found


async def _both(settings: Settings, estate: Estate, folder: str) -> int:
    await record(settings, estate)
    return await go_back(settings, estate, folder)


def main(commit: str) -> None:
    """Records with today's program, goes on with the earlier one, and says whether both agree."""
    with tempfile.TemporaryDirectory() as scratch, private_stack(JARS) as stack:
        folder = Path(scratch) / "earlier"
        subprocess.run(["git", "worktree", "add", "--detach", str(folder), commit], cwd=ROOT, check=True)
        try:
            estate = an_estate()
            settings = estate.settings(stack.kafka, stack.postgres, Path(scratch) / "data")
            settings.data_dir.mkdir()
            count = asyncio.run(_both(settings, estate, str(folder)))
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(folder)], cwd=ROOT, check=True)
    sys.stdout.write(f"the program of {commit} goes on with today's: {count:,} activities as the reference has them\n")


if __name__ == "__main__":
    main(sys.argv[1])
