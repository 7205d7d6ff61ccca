"""Plays a definition's own tests for whoever is writing it, in bounded time and beside everything else.

In a thread, one definition at a time and one of each workspace: a story may take seconds, and only the processor works
on it. The requests of others are answered meanwhile. A story that takes too long is given up between two signals.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, cast
from weakref import WeakValueDictionary

from fastapi import Depends
from starlette.requests import Request

from orchestrator.api.quota import TooManyRequests
from orchestrator.api.rehearsal_documents import RehearsedTest, document_of, not_played
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.journeys import rehearsal

LONGEST_S = 5.0  # for all tests of a definition
LONGEST_BESIDE_A_CHECK_S = 1.0  # somebody is typing
MOST_SIGNALS = 100_000  # of one test: each leaves records in memory until the test is over
RETRY_AFTER_S = 5

Clock = Callable[[], float]


class _TooLong(Exception):
    """Ends a story; it never leaves this file."""


class _Watch:
    """Ends a story after so many signals, or at the end of the time for all of them."""

    def __init__(self, clock: Clock, longest_s: float) -> None:
        self._clock = clock
        self._until = clock() + longest_s
        self.is_late = False
        self.signals = 0

    def __call__(self) -> None:
        self.signals += 1
        self.is_late = self._clock() >= self._until
        if self.is_late or self.signals > MOST_SIGNALS:
            raise _TooLong


def play(definition: JourneyDefinition, longest_s: float, clock: Clock = time.monotonic) -> list[RehearsedTest]:
    """What each test came to. Where the time is up before its end, a test and those after it are not played."""
    watch = _Watch(clock, longest_s)
    plan = rehearsal.plan_to_play(definition)
    played: list[RehearsedTest] = []
    for test in definition.tests:
        watch.signals = 0
        try:
            played.append(document_of(rehearsal.play(plan, test, watch)))
        except _TooLong:
            played.append(not_played(test.name, _why(watch, longest_s)))
    return played


def _why(watch: _Watch, longest_s: float) -> str:
    cure = "end the story earlier with runs_for, or let less happen in it"
    if watch.is_late:
        return f"all tests together may take {longest_s:g} s; {cure}"
    return f"more than {MOST_SIGNALS:,} things happen in it; {cure}"


class Rehearsals:
    """One for each API process: whose turn it is."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def play(
        self, workspace_id: str, definition: JourneyDefinition, longest_s: float = LONGEST_S
    ) -> list[RehearsedTest]:
        """What each test of the definition came to, within ``longest_s`` of waiting and as much of playing.

        Raises:
            TooManyRequests: others are being played, and it has not come to its turn in time.
        """
        async with self._one(workspace_id, longest_s):
            return await asyncio.to_thread(play, definition, longest_s)

    @asynccontextmanager
    async def _one(self, workspace_id: str, patience_s: float) -> AsyncIterator[None]:
        # A workspace stands in the line once: one that plays a lot makes the others wait for one definition at most.
        own = self._turns.setdefault(workspace_id, asyncio.Lock())
        try:
            async with asyncio.timeout(patience_s):
                await own.acquire()
                try:
                    await self._turn.acquire()
                except BaseException:
                    own.release()
                    raise
        except TimeoutError as error:
            message = f"tests of other definitions are being played; ask again in {RETRY_AFTER_S} s"
            raise TooManyRequests(message, RETRY_AFTER_S) from error
        try:
            yield
        finally:
            self._turn.release()
            own.release()


def _rehearsals(request: Request) -> Rehearsals:
    return cast(Rehearsals, request.app.state.rehearsals)


RehearsalsOfApp = Annotated[Rehearsals, Depends(_rehearsals)]
