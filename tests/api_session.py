"""The API on a fresh database, and clients that call it with a key: shared by the integration tests of the API."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import uvicorn
from aiokafka.structs import TopicPartition
from fastapi import FastAPI

from orchestrator.api.app import build_app
from orchestrator.api.paths import BASE
from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_reader
from orchestrator.messages.codec import decode_config
from orchestrator.messages.config import ConfigRecord
from orchestrator.settings import Settings
from orchestrator.store.audit import COMMAND_LINE
from orchestrator.store.keys import Role, create_key
from orchestrator.store.migrate import migrate
from orchestrator.store.pool import Pool, open_pool
from orchestrator.store.tenant import Tenant

DEADLINE_S = 30.0
__all__ = ["BASE", "ApiSession", "listening", "relayed", "serving", "until"]


@dataclass(frozen=True)
class ApiSession:
    """A running application and its database."""

    app: FastAPI
    pool: Pool
    settings: Settings

    async def client(self, workspace_id: str = "acme", role: Role = "admin") -> httpx.AsyncClient:
        """A client with a new key."""
        return self.client_with({"Authorization": f"Bearer {await self.key(workspace_id, role)}"})

    async def key(self, workspace_id: str = "acme", role: Role = "admin", name: str = "test") -> str:
        """A new key."""
        return (await create_key(Tenant(self.pool, workspace_id), name, role, COMMAND_LINE)).secret

    def client_with(self, headers: dict[str, str]) -> httpx.AsyncClient:
        """A client with these headers and nothing else."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers)


@asynccontextmanager
async def serving(settings: Settings, *, migrated: bool = True) -> AsyncIterator[ApiSession]:
    """The API while the block lasts, with its tables unless ``migrated`` is False; ready when the block begins."""
    pool = await open_pool(settings, patience_s=DEADLINE_S)
    try:
        if migrated:
            await migrate(pool)
        app = build_app(settings)
        async with app.router.lifespan_context(app):
            if migrated:
                await until(lambda: app.state.services.relay.status.is_ok)
            yield ApiSession(app, pool, settings)
    finally:
        await pool.close()


@asynccontextmanager
async def listening(session: ApiSession) -> AsyncIterator[str]:
    """The address at which the application is served over HTTP while the block lasts."""
    server = uvicorn.Server(uvicorn.Config(session.app, port=0, lifespan="off", ws="none", log_config=None))
    task = asyncio.create_task(server.serve())
    try:
        await until(lambda: server.started)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Returns when the condition holds; fails the test when it does not in time."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            holds = condition()
            if holds if isinstance(holds, bool) else await holds:
                return
            await asyncio.sleep(0.02)


async def relayed(settings: Settings) -> list[ConfigRecord]:
    """Everything on the config topic, in order."""
    topic = Catalog(settings).configs
    partition = TopicPartition(topic, 0)
    async with closing(await open_reader(settings, "test", fetch_wait_ms=20)) as reader:
        end = (await reader.end_offsets([partition]))[partition]
        reader.assign([partition])
        await reader.seek_to_beginning(partition)
        found: list[ConfigRecord] = []
        # The position, not the last record: the topic ends with the marker of a transaction.
        async with asyncio.timeout(DEADLINE_S):
            while await reader.position(partition) < end:
                for records in (await reader.getmany(partition, timeout_ms=100)).values():
                    found.extend(decode_config(record.value) for record in records)
        return found
