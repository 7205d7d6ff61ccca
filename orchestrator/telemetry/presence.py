"""What every process says of itself: which program it is, its clock, and how late its event loop turns."""

import asyncio
import platform
import time
from collections.abc import Callable
from typing import Literal, NoReturn

from orchestrator import __version__
from orchestrator.telemetry.metrics import BUILD, CLOCK, LOOP_DELAY

Role = Literal["worker", "sink", "api", "adapter"]

LOOK_EVERY_S = 0.5


def introduce(role: Role) -> None:
    """Has the metrics of this process say what it is, and what its clock shows whenever they are asked for."""
    BUILD.labels(__version__, platform.python_version(), role).set(1)
    CLOCK.set_function(time.time)


def _nothing() -> None:
    pass


async def watch_loop(turned: Callable[[], None] = _nothing) -> NoReturn:
    """Notes how much later than asked for this task is woken, until cancelled; calls ``turned`` at each turn."""
    while True:
        turned()
        began = time.perf_counter()
        await asyncio.sleep(LOOK_EVERY_S)
        LOOP_DELAY.observe(max(0.0, time.perf_counter() - began - LOOK_EVERY_S))
