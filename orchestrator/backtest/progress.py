"""How far a backtest has come, for whoever waits for it."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, TextIO, TypeVar

Phase = Literal["reading", "running", "comparing"]
# What is done, how much of it, and of how much.
Tell = Callable[[Phase, int, int], None]
Item = TypeVar("Item")

EVERY_S = 0.5
_LOOKS_EVERY = 256  # items between two looks at the clock


def nobody(phase: Phase, done: int, of: int) -> None:
    """Nobody waits."""


class Telling:
    """Writes a JSON object a line, twice a second at most. A reader who has gone away ends the program."""

    def __init__(self, file: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._clock = clock
        self._next_s = clock()

    def __call__(self, phase: Phase, done: int, of: int) -> None:
        """Tells, unless it has just been told."""
        if self._clock() < self._next_s:
            return
        self._next_s = self._clock() + EVERY_S
        self._file.write(json.dumps({"phase": phase, "done": min(done, of), "of": of}) + "\n")
        self._file.flush()


def told(items: Sequence[Item], phase: Phase, tell: Tell) -> Iterator[Item]:
    """The items, while it is told how many of them have been taken."""
    for number, item in enumerate(items):
        if number % _LOOKS_EVERY == 0:
            tell(phase, number, len(items))
        yield item
