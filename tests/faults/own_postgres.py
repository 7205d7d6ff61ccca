"""A PostgreSQL of its own for a test that breaks it."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from orchestrator.local.postgres import PostgresServer, await_postgres, start_postgres
from orchestrator.local.postgres_binaries import find_binaries
from orchestrator.settings import Settings


class OwnPostgres:
    """It keeps its port from one life to the next."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._binaries = find_binaries(None)
        self._server: PostgresServer | None = None

    @property
    def server(self) -> PostgresServer:
        """The server of its last life."""
        if self._server is None:
            raise AssertionError("PostgreSQL was not started")
        return self._server

    def settings(self, settings: Settings) -> Settings:
        """The same settings with this database."""
        return settings.model_copy(update={"postgres": type(settings.postgres)(self.server.dsn)})

    async def start(self) -> None:
        """Starts it, and waits until it answers."""
        port = self._server.port if self._server else None
        self._server = await asyncio.to_thread(start_postgres, self.folder, self._binaries, port, True, lambda _: None)
        if not await asyncio.to_thread(await_postgres, self._server, self._binaries):
            raise AssertionError("PostgreSQL ended")

    async def kill(self) -> None:
        """SIGKILL: what it had not written to its log is gone."""
        await asyncio.to_thread(self.server.process.stop, signal.SIGKILL)


@asynccontextmanager
async def own_postgres(folder: Path) -> AsyncIterator[OwnPostgres]:
    """One that runs, and is stopped at the end of the block if it still does."""
    postgres = OwnPostgres(folder)
    await postgres.start()
    try:
        yield postgres
    finally:
        if postgres.server.process.is_running():
            await asyncio.to_thread(postgres.server.stop)
