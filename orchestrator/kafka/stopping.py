"""Waiting for a server that may be away, until one is told to stop; and parting from one that does not answer."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")

STOP_PATIENCE_S = 2.0

_STOPPING: set[asyncio.Task[None]] = set()  # the event loop itself would not keep these tasks alive


class Stopped(Exception):
    """The stop came while waiting for something: no error, and nothing to report."""


async def unless_stopped(waiting: Coroutine[Any, Any, T], stop: asyncio.Event) -> T:
    """The result of ``waiting``, which is given up when ``stop`` is set first.

    Raises:
        Stopped: it was given up.
    """
    task = asyncio.create_task(waiting)
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise Stopped
    finally:
        for each in (task, stopping):
            each.cancel()
        await asyncio.gather(task, stopping, return_exceptions=True)


class Stoppable(Protocol):
    """A client of Kafka."""

    async def stop(self) -> None:
        """Sends what is buffered and disconnects."""


async def stop_beside(clients: Sequence[Stoppable], patience_s: float) -> None:
    """Closes the connections; what takes longer than ``patience_s`` goes on beside.

    aiokafka closes only when the broker has answered what is under way, which may be long if it is away.
    """
    stopping = [asyncio.create_task(client.stop(), name="kafka-client-stopping") for client in clients]
    _STOPPING.update(stopping)
    for each in stopping:
        each.add_done_callback(_stopped)
    await asyncio.wait(stopping, timeout=patience_s)


def _stopped(stopping: asyncio.Task[None]) -> None:
    _STOPPING.discard(stopping)
    error = None if stopping.cancelled() else stopping.exception()
    if error is not None:
        extra = {"action": "kafka_client_stopped", "reason": type(error).__name__}
        log.info("A client of Kafka that had failed is closed: %s", error, extra=extra)
