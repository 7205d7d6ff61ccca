"""What the PostgreSQL server says of itself."""

import time
from typing import NamedTuple

from orchestrator.store.faults import translated
from orchestrator.store.pool import Pool
from orchestrator.store.queries import load_queries


class Server(NamedTuple):
    """``version``: 17 of 17.2. ``ahead_s``: how far its clock is ahead of ours, give or take ``doubt_s``."""

    version: int
    ahead_s: float
    doubt_s: float
    is_writable: bool


async def look_at_server(pool: Pool) -> Server:
    """What the server says now.

    Raises:
        Unavailable: it does not answer.
    """
    async with pool.acquire() as connection:
        with translated("asking PostgreSQL about itself"):
            before_s = time.time()
            (row,) = await connection.fetch(load_queries("server")["picture"])
            after_s = time.time()
    ahead_s = row["clock_s"] - (before_s + after_s) / 2
    return Server(row["version"] // 10_000, ahead_s, (after_s - before_s) / 2, row["is_writable"])
