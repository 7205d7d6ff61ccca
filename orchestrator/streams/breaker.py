"""Stops the worker when too much of its input cannot be used, without ever being stuck on it.

Two things look alike from here: one producer writing rubbish, and a release of ours that no longer understands good
records. The first must not stop every customer's journeys; the second must not set aside a whole topic unseen. So:

- Records that cannot be *decoded* trip it only when not one of ``DECODE_RUN`` consecutive records of a partition could.
- Records on which the *engine* fails are a defect of ours: ``DECIDE_RUN`` in a row, or half of the last ``WINDOW``,
  trip it.
- The batch that trips it is committed first, dead letters included, and then the process ends (exit code 70). Each
  restart therefore gets past at least one such batch: a burst of bad records passes by itself at the pace of the
  supervisor's restarts, while a bad release sets aside a batch or two per restart, not a topic, until somebody looks.
"""

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

DECODE_RUN = 1_000
DECIDE_RUN = 100
WINDOW = 1_000
WINDOW_SHARE = 0.5


class Failure(NamedTuple):
    """A record that was set aside: its place among the records of its batch, and the stage that failed."""

    place: int
    stage: str  # "decode" | "decide"


class Breaker:
    """Counts the failures of one partition since this process took it over."""

    def __init__(self) -> None:
        self._records = 0
        self._last_failed = -1
        self._run = 0
        self._decide_run = 0
        self._recent: deque[int] = deque()

    def account(self, records: int, failures: Iterable[Failure]) -> str | None:
        """Takes a batch into account; a sentence when the worker has to stop, None otherwise."""
        reason: str | None = None
        for failure in failures:
            place = self._records + failure.place
            is_next = place == self._last_failed + 1
            self._run = self._run + 1 if is_next else 1
            self._last_failed = place
            if failure.stage == "decide":
                self._decide_run = self._decide_run + 1 if is_next else 1
                self._recent.append(place)
                while self._recent[0] <= place - WINDOW:
                    self._recent.popleft()
            else:
                self._decide_run = 0
            reason = reason or self._verdict()
        self._records += records
        return reason

    def _verdict(self) -> str | None:
        if self._run >= DECODE_RUN:
            return f"none of the last {self._run} records could be used"
        if self._decide_run >= DECIDE_RUN:
            return f"the engine failed on each of the last {self._decide_run} records"
        if len(self._recent) >= WINDOW * WINDOW_SHARE:
            return f"the engine failed on {len(self._recent)} of the last {WINDOW:,} records"
        return None
