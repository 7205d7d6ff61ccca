"""How the demo is getting on, for the person who waits for it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Phases:
    """One line for each phase that is over, with its seconds; while it lasts, a moving line on a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = console.status("")
        self._name = ""
        self._began = time.monotonic()

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """A phase of the demo; it has its line only when it succeeds."""
        began = time.monotonic()
        self._name = name
        self._status.update(name)
        with self._status:
            yield
        self._console.print(f"{time.monotonic() - began:6.1f} s  {name}", highlight=False)

    def say(self, line: str) -> None:
        """Something about the phase that lasts; only a terminal shows it."""
        self._status.update(f"{self._name}: {line}")

    def total(self) -> None:
        """How long all of it has taken."""
        self._console.print(f"{time.monotonic() - self._began:6.1f} s  in all", highlight=False)
