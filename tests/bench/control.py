"""The control plane as a process, and a client with a key."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from orchestrator.api.paths import BASE
from orchestrator.demo.control import is_ready
from orchestrator.errors import Unavailable
from orchestrator.local.ports import LOOPBACK, free_ports
from orchestrator.settings import Settings
from orchestrator.store.audit import COMMAND_LINE
from orchestrator.store.keys import create_key
from orchestrator.store.migrate import migrate
from orchestrator.store.pool import Pool, open_pool
from orchestrator.store.tenant import Tenant
from tests.worker_process import WorkerProcess, until

API = ("-m", "orchestrator", "api")
TIMEOUT_S = 30.0
READY_POLL_S = 0.1


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[Pool]:
    """The installation's database with its tables."""
    pool = await open_pool(settings)
    try:
        await migrate(pool)
        yield pool
    finally:
        await pool.close()


@asynccontextmanager
async def control_plane(settings: Settings, pool: Pool, workspace_id: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an API process that is ready."""
    key = (await create_key(Tenant(pool, workspace_id), "bench", "admin", COMMAND_LINE)).secret
    (port,) = free_ports(1)
    process = WorkerProcess(
        settings, "api", API, ORCHESTRATOR_API_PORT=str(port), ORCHESTRATOR_API_REQUESTS_PER_MINUTE="0"
    )
    try:
        process.start()
        ready = asyncio.create_task(_is_ready(port))
        await until(ready.done, process)
        client = httpx.AsyncClient(
            base_url=f"http://{LOOPBACK}:{port}", headers={"Authorization": f"Bearer {key}"}, timeout=TIMEOUT_S
        )
        async with client:
            yield client
        await process.stop()
    finally:
        process.close()


async def publish_journey(client: httpx.AsyncClient, document: dict[str, object]) -> str:
    """Publishes an active journey; its path."""
    answer = accepted(await client.post(BASE, json={"config": document, "status": "ACTIVE"}))
    return f"{BASE}/{answer.json()['id']}"


async def _is_ready(port: int) -> None:
    while True:
        if await asyncio.to_thread(is_ready, port):
            return
        await asyncio.sleep(READY_POLL_S)


def accepted(answer: httpx.Response) -> httpx.Response:
    """The answer, if it is a success.

    Raises:
        Unavailable: it is not; with its words.
    """
    if not answer.is_success:
        raise Unavailable(f"asking {answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}")
    return answer
