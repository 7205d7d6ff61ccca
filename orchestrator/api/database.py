"""The API's pool of connections, there as soon as PostgreSQL answers and has all migrations."""

import asyncio
import logging

from orchestrator.errors import Unavailable
from orchestrator.settings import Settings
from orchestrator.store.migrate import pending
from orchestrator.store.pool import Pool, open_pool

log = logging.getLogger(__name__)

MIGRATION_POLL_S = 2.0
CLOSE_TIMEOUT_S = 5.0
PING_TIMEOUT_S = 2.0


class Database:
    """``open`` it in the background; until that has returned, ``pool`` raises ``Unavailable`` with the reason."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool: Pool | None = None
        self._reason = "PostgreSQL has not answered yet"

    @property
    def pool(self) -> Pool:
        """The connections.

        Raises:
            Unavailable: PostgreSQL has not answered yet, or migrations are pending.
        """
        if self._pool is None:
            raise Unavailable(self._reason)
        return self._pool

    async def open(self) -> None:
        """Waits for PostgreSQL and for its migrations, which somebody else applies.

        Raises:
            ConfigurationError: waiting will not help: a wrong URL or password, or a migration that was changed.
        """
        waiting = await open_pool(self._settings)
        try:
            # Somebody else applies them, and nothing tells when.
            while not await self._is_current(waiting):  # noqa: ASYNC110
                await asyncio.sleep(MIGRATION_POLL_S)
        finally:
            await _close(waiting)
        self._pool = await open_pool(self._settings, min_size=2, for_tenants=True)

    async def _is_current(self, pool: Pool) -> bool:
        try:
            missing = await pending(pool)
        except Unavailable as error:
            self._reason = str(error)
        else:
            if not missing:
                return True
            lacking = f"the database lacks {len(missing)} migration(s) from {missing[0]} on"
            self._reason = f"{lacking}; run `orchestrator db migrate`"
        extra = {"action": "api_waits_for_database", "pause_s": MIGRATION_POLL_S}
        log.warning("The API waits: %s; looking again in %g s", self._reason, MIGRATION_POLL_S, extra=extra)
        return False

    async def fault(self) -> str:
        """Why requests cannot be answered now; empty when they can."""
        try:
            async with asyncio.timeout(PING_TIMEOUT_S):
                await pending(self.pool)
        except Unavailable as error:
            return str(error)
        except TimeoutError:
            return f"PostgreSQL does not answer within {PING_TIMEOUT_S:g} s"
        return ""

    async def close(self) -> None:
        """Returns the connections, those still busy after a few seconds by force."""
        self._pool, pool = None, self._pool
        if pool is not None:
            await _close(pool)


async def _close(pool: Pool) -> None:
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await pool.close()
    except TimeoutError:
        pool.terminate()
