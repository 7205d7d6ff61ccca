"""Waiting for a server that may be away, until one is told to stop."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


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
