"""A way to die at a chosen point, so that tests can prove what happens after every step of a protocol.

``ORCHESTRATOR_CRASH_AT=after_commit:3`` ends the process, without any cleaning up, the third time ``after_commit`` is
reached. Which points there are is said by the room whose protocol it is.
"""

import os
from collections.abc import Collection, Mapping

from orchestrator.errors import ConfigurationError

VARIABLE = "ORCHESTRATOR_CRASH_AT"
EXIT_CODE = 137  # what a supervisor sees after SIGKILL


class Crash:
    """Counts how often each point is passed and ends the process at the chosen one."""

    def __init__(self, point: str = "", count: int = 1) -> None:
        self._point = point
        self._left = count

    def at(self, point: str) -> None:
        """Says that ``point`` is reached now."""
        if point == self._point:
            self._left -= 1
            if self._left <= 0:
                os._exit(EXIT_CODE)


def chosen_crash(environment: Mapping[str, str], points: Collection[str]) -> Crash:
    """The crash the environment asks for; by default one that never happens.

    Raises:
        ConfigurationError: when the variable names no point of the protocol.
    """
    text = environment.get(VARIABLE, "")
    if not text:
        return Crash()
    point, _, count = text.partition(":")
    if point not in points or not (count or "1").isdigit():
        raise ConfigurationError(f"{VARIABLE}={text}: expected POINT[:COUNT] with POINT one of {', '.join(points)}")
    return Crash(point, int(count or "1"))
