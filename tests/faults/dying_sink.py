"""A sink that dies right before or right after PostgreSQL commits its first batch.

Run as ``SINK_DIES=before_commit python -m tests.faults.dying_sink``; without the variable it is like any other.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from orchestrator.settings import load_settings
from orchestrator.sink import loop
from orchestrator.sink.app import run
from orchestrator.store.writer import ActivityWriter
from orchestrator.telemetry.log import set_up_logging

VARIABLE = "SINK_DIES"
BEFORE_COMMIT, AFTER_COMMIT = "before_commit", "after_commit"
EXIT_CODE = 137


def dying(real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The function, and death right behind it."""

    async def call(*args: Any) -> Any:
        await real(*args)
        os._exit(EXIT_CODE)

    return call


def main() -> None:
    """Runs it."""
    point = os.environ.get(VARIABLE)
    if point == BEFORE_COMMIT:  # the offsets are the last thing written in the transaction
        ActivityWriter.save_offsets = dying(ActivityWriter.save_offsets)  # type: ignore[method-assign]
    elif point == AFTER_COMMIT:
        loop.commit = dying(loop.commit)
    settings = load_settings()
    set_up_logging(settings)
    asyncio.run(run(settings))


if __name__ == "__main__":
    sys.exit(main())
