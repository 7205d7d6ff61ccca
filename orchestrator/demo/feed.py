"""Plays publications at the pace of their own time, compressed."""

import asyncio
import time
from collections.abc import Callable, Sequence

from orchestrator.demo.publication import Publication
from orchestrator.demo.sender import Sender

DAY_MS = 86_400_000
SLICE_S = 0.02  # records that are due within so long are sent together


async def feed(
    sender: Sender,
    topic: str,
    publications: Sequence[Publication],
    days_per_second: float,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Publishes everything, ``days_per_second`` days of it in a second; returns when the broker has all of it.

    ``progress`` is told from time to time up to which moment, in milliseconds since 1970 UTC, history has been played.
    """
    if not publications:
        return
    began_ms, began_s = publications[0].at_ms, time.monotonic()
    for publication in publications:
        due_s = began_s + (publication.at_ms - began_ms) / DAY_MS / days_per_second
        if due_s - time.monotonic() > SLICE_S:
            progress(publication.at_ms)
            await asyncio.sleep(due_s - time.monotonic())
        await sender.send_raw(topic, publication.key, publication.value, publication.headers, publication.partition)
    await sender.flush()
