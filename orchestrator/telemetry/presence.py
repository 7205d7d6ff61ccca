"""What every process says of itself: which program it is, its clock, and how late its event loop turns."""

import asyncio
import platform
import time
from typing import Literal, NoReturn

from orchestrator import __version__
from orchestrator.telemetry.metrics import BUILD, CLOCK, LOOP_DELAY

Role = Literal["worker", "sink", "api"]

LOOK_EVERY_S = 0.5


def introduce(role: Role) -> None:
    """Has the metrics of this process say what it is, and what its clock shows whenever they are asked for."""
    BUILD.labels(__version__, platform.python_version(), role).set(1)
    CLOCK.set_function(time.time)


async def watch_loop() -> NoReturn:
    """Notes how much later than asked for this task is woken, until cancelled."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(LOOK_EVERY_S)
        LOOP_DELAY.observe(max(0.0, time.perf_counter() - began - LOOK_EVERY_S))
