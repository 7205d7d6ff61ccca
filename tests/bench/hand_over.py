"""How long customers wait while a worker restarts, is replaced, dies and comes back, or dies for good.

Two workers, many customers who wait in a journey, and a trickle of events of others over all partitions, each of which
leads to a command at once. A pause is what the slowest of these events had to wait, from the moment at which it was
handed to the producer until a reader of committed records had its command.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from orchestrator.errors import Unavailable
from orchestrator.local.ports import free_ports
from orchestrator.messages.key import parse_customer_key
from orchestrator.settings import Settings
from tests.bench.ground import Ground, installation
from tests.bench.journey_run import WORKER, share_partitions
from tests.bench.load import AT_ONCE, Arrival, Load, under_load
from tests.bench.load import WORKSPACE as LOAD
from tests.bench.machine import load as load_now
from tests.bench.measurement import Measurement
from tests.bench.published import publish
from tests.bench.scrape import scrape, total
from tests.bench.waiting import JOURNEY, WORKSPACE, write_states
from tests.worker_process import PATIENCE_S, WorkerProcess, until

CUSTOMERS = 200_000
FAR_MS = 30 * 86_400_000
RATE = 200  # events per second
LONGEST_S = 900
BEFORE_S = 1.0  # events of the last moment before may be under way
AFTER_S = 4.0  # at rest again
SESSION_S = 8.0  # the default
TIMES = 2
COPIES_LAG = 500  # offsets; the load alone makes 200 a second
COPIES_LOOKS = 5

TAKEN, STARTING, AWAITED = "partitions_taken_over", "worker_starting", "slot_awaited"
WHAT = "hand-over, longest pause of a partition"


@dataclass(frozen=True, slots=True)
class Pause:
    """``longest_s``: of all partitions; ``of_others_s``: of those that another worker had. ``story``: where it went."""

    longest_s: float
    of_others_s: float
    story: str

    def __str__(self) -> str:
        return f"{self.longest_s:.2f} s ({self.of_others_s:.2f} s in the other worker's partitions): {self.story}"


async def measure(ground: Ground) -> list[Measurement]:
    """Planned restarts, a kill with and without a return; each without copies and with them."""
    alone, copied = await _measure(ground, copies=0), await _measure(ground, copies=1)
    details: dict[str, float | str] = {
        f"{name}, {kind}, run {run}": str(pause)
        for kind, found in (("no copies", alone), ("a copy", copied))
        for name, pauses in found.items()
        for run, pause in enumerate(pauses, start=1)
    }
    count = ground.size(CUSTOMERS, 4_000)
    note = f"the worst of {2 * ground.size(TIMES, 1)}, with and without copies; {count:,} customers, two workers"
    away = f"the worst of {ground.size(TIMES, 1)}; {SESSION_S:.0f} s of it until the group gives the worker up"
    return [
        Measurement(
            f"{WHAT}: planned restart", "s", 3, _worst(alone, copied, "restart"), note, False, {"load": load_now()}
        ),
        Measurement(
            f"{WHAT}: planned restart, the next one started first",
            "s",
            3,
            _worst(alone, copied, "relieve"),
            note,
            False,
        ),
        Measurement(f"{WHAT}: kill -9, back at once", "s", 15, _worst(alone, copied, "kill"), note, False),
        Measurement(f"{WHAT}: kill -9, not back, no copies", "s", 15, _worst(alone, {}, "away"), away, False),
        Measurement(
            f"{WHAT}: kill -9, not back, with a copy", "s", 15, _worst(copied, {}, "away"), away, False, details
        ),
    ]


def _worst(these: Mapping[str, Sequence[Pause]], those: Mapping[str, Sequence[Pause]], name: str) -> float:
    return max(pause.longest_s for pause in (*these[name], *those.get(name, ())))


async def _measure(ground: Ground, copies: int) -> dict[str, list[Pause]]:
    count = ground.size(CUSTOMERS, 4_000)
    async with installation(ground, "hand-over") as settings:
        ground.say(f"hand-over: {count:,} customers, {copies} copies")
        far_ms = int(time.time() * 1_000) + FAR_MS
        await write_states(settings, range(count), lambda number: far_ms + number)
        await publish(settings, JOURNEY, WORKSPACE)
        await publish(settings, AT_ONCE, LOAD)
        load = Load(settings, RATE * ground.size(LONGEST_S, 120), RATE)
        with ExitStack() as stack:
            pair = _Pair(settings, copies, stack)
            await pair.begin()
            async with under_load(settings, load) as (sending, arrival):
                run = _Run(pair, load, sending, arrival)
                await run.rest()
                found: dict[str, list[Pause]] = {name: [] for name in ("restart", "relieve", "kill", "away", "return")}
                for _ in range(ground.size(TIMES, 1)):
                    found["restart"].append(await run.restart())
                    found["relieve"].append(await run.relieve())
                    found["kill"].append(await run.kill())
                    away, returned = await run.away()
                    found["away"].append(away)
                    found["return"].append(returned)
                    for name, pauses in found.items():
                        ground.say(f"hand-over: {name}: {pauses[-1]}")
    return found


class _Pair:
    """Two workers; ``one`` is what things happen to."""

    def __init__(self, settings: Settings, copies: int, stack: ExitStack) -> None:
        self._ports = free_ports(2)
        self._copies = copies
        self._stack = stack
        self.one, self.two = (
            WorkerProcess(
                settings,
                f"worker-{number}",
                WORKER,
                ORCHESTRATOR_METRICS_PORT=str(port),
                ORCHESTRATOR_STANDBYS=str(copies),
                ORCHESTRATOR_SESSION_TIMEOUT_S=str(SESSION_S),
            )
            for number, port in enumerate(self._ports)
        )
        for worker in (self.one, self.two):
            stack.callback(worker.close)

    def next_one(self) -> WorkerProcess:
        """The next process for the slot of ``one``, not started."""
        after = self.one.another()
        self._stack.callback(after.close)
        return after

    async def begin(self) -> None:
        """Starts both, and waits until each has its share."""
        for worker in (self.one, self.two):
            worker.start()
        await self.is_settled()

    async def is_settled(self) -> None:
        """Waits until each has its share, knows its timers, and the copies are up to date."""
        await share_partitions(self._ports, [self.one, self.two])
        for worker in (self.one, self.two):
            await until(lambda worker=worker: _indexed(worker), worker)  # type: ignore[misc]
        looks = 0
        async with asyncio.timeout(PATIENCE_S):
            while self._copies and looks < COPIES_LOOKS:
                found = [await scrape(port, "") for port in self._ports]
                are_there = all(total(each, "orchestrator_standby_partitions") > 0 for each in found)
                lag = sum(total(each, "orchestrator_standby_lag_records") for each in found)
                looks = looks + 1 if are_there and lag <= COPIES_LAG else 0
                await asyncio.sleep(1.0)

    async def empty_two(self) -> None:
        """Leaves the second with the state of its own partitions only, as if it had never had others."""
        if self._copies:
            return
        taken = self.two.said(TAKEN)
        await self.two.stop()
        self.two.wipe()
        self.two.start()
        await self.two.takes_over(taken + 1)
        await self.is_settled()


class _Run:
    """What happens, one after the other, while the load goes on."""

    def __init__(self, pair: _Pair, load: Load, sending: "asyncio.Task[None]", arrival: Arrival) -> None:
        self._pair = pair
        self._load = load
        self._sending = sending
        self._arrival = arrival
        self._visible_s: dict[int, float] = {}
        self._looked = 0

    async def rest(self) -> int:
        """Until everything is settled, and a little longer; returns how many events are through."""
        await self._pair.is_settled()
        return await self._answered(AFTER_S)

    async def restart(self) -> Pause:
        """SIGTERM, and started again when it has ended."""
        one = self._pair.one
        first, owned, taken = self._mark(), _owned(one), one.said(TAKEN)
        began_s = time.time()
        await one.stop()
        ended_s = time.time()
        one.start()
        await one.takes_over(taken + 1)
        story = f"{ended_s - began_s:.2f} s to end, {_start_story(one, ended_s)}"
        return await self._pause(first, owned, story, began_s)

    async def relieve(self) -> Pause:
        """The next process is started in the same slot; when it is prepared, SIGTERM to the one that has the slot."""
        one, after = self._pair.one, self._pair.next_one()
        awaited, taken = one.said(AWAITED), one.said(TAKEN)
        after.start()
        await until(lambda: after.said(AWAITED) > awaited, after)
        first, owned = self._mark(), _owned(one)
        began_s = time.time()
        await one.stop()
        ended_s = time.time()
        self._pair.one = after
        await after.takes_over(taken + 1)
        line = _last(after, TAKEN)
        joined_s = _at_s(line) - line["seconds"] - ended_s
        story = f"{ended_s - began_s:.2f} s to end, {joined_s:.2f} s to join, {_take_over_story(line)}"
        return await self._pause(first, owned, story, began_s)

    async def kill(self) -> Pause:
        """SIGKILL, and started again at once."""
        one = self._pair.one
        first, owned, taken = self._mark(), _owned(one), one.said(TAKEN)
        began_s = time.time()
        one.kill()
        one.start()
        await one.takes_over(taken + 1)
        return await self._pause(first, owned, _start_story(one, began_s), began_s)

    async def away(self) -> tuple[Pause, Pause]:
        """SIGKILL, and the other one takes over; then what it costs that the first one returns."""
        one, two = self._pair.one, self._pair.two
        await self._pair.empty_two()
        await self._answered(AFTER_S)
        first, owned, taken = self._mark(), _owned(one), two.said(TAKEN)
        began_s = time.time()
        one.kill()
        await two.takes_over(taken + 1)
        line = _last(two, TAKEN)
        gone = f"{_at_s(line) - began_s - line['seconds']:.2f} s until the group gave it to the other, "
        away = await self._pause(first, owned, gone + _take_over_story(line), began_s, is_back=False)
        first, owned, taken = self._mark(), _owned(one), one.said(TAKEN)
        began_s = time.time()
        one.start()
        await one.takes_over(taken + 1)
        return away, await self._pause(first, _owned(one), _start_story(one, began_s), began_s)

    def _mark(self) -> int:
        if self._sending.done():
            raise Unavailable("measuring hand-over: the load has ended; the machine is too slow for this")
        return max(0, len(self._load.sent_s) - int(RATE * BEFORE_S))

    async def _pause(
        self, first: int, owned: Sequence[int], story: str, began_s: float, *, is_back: bool = True
    ) -> Pause:
        """Waits until all is as before, and looks at the events from number ``first`` on."""
        upto = await (self.rest() if is_back else self._answered(AFTER_S))
        waits: dict[bool, float] = {True: 0.0, False: 0.0}
        end_s = began_s
        for number in range(first, upto):
            visible_s = self._visible_s[number]
            wait_s = visible_s - self._load.sent_s[number]
            is_theirs = self._load.places[number] in owned
            if wait_s > max(waits.values()):
                end_s = visible_s
            waits[is_theirs] = max(waits[is_theirs], wait_s)
        story += f"; the slowest command was there {end_s - began_s:.2f} s after the beginning"
        return Pause(max(waits.values()), waits[False], story)

    async def _answered(self, after_s: float) -> int:
        """Waits until every event up to ``after_s`` from now has its command; returns how many those are.

        Raises:
            Unavailable: one does not get it.
        """
        await asyncio.sleep(after_s)
        upto = len(self._load.sent_s)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            for key, _, visible_s in self._arrival.seen[self._looked :]:
                self._visible_s.setdefault(int(parse_customer_key(key)[1][1:]), visible_s)
                self._looked += 1
            if len(self._visible_s) >= upto and all(number in self._visible_s for number in range(upto)):
                return upto
            if time.monotonic() > deadline:
                missing = sum(number not in self._visible_s for number in range(upto))
                raise Unavailable(f"measuring hand-over: {missing} of {upto} events have no command")
            await asyncio.sleep(0.1)


def _start_story(worker: WorkerProcess, began_s: float) -> str:
    """From the start of a process: until its program runs, until it has been given partitions, and its take-over."""
    starting_s, line = _at_s(_last(worker, STARTING)), _last(worker, TAKEN)
    given_s = _at_s(line) - line["seconds"]
    return (
        f"{starting_s - began_s:.2f} s to load the program, {given_s - starting_s:.2f} s to join, "
        f"{_take_over_story(line)}"
    )


def _take_over_story(line: Mapping[str, Any]) -> str:
    return f"{line['seconds']:.2f} s to take over ({line['recovered']:,} records read)"


def _owned(worker: WorkerProcess) -> list[int]:
    partitions: list[int] = _last(worker, TAKEN)["partitions"]
    return partitions


def _indexed(worker: WorkerProcess) -> bool:
    """Whether it has found out all timers since its last take-over."""
    log = worker.log.read_text()
    return log.rfind('"timers_indexed"') > log.rfind(f'"{TAKEN}"')


def _last(worker: WorkerProcess, action: str) -> dict[str, Any]:
    """The last line of this kind in the worker's log.

    Raises:
        Unavailable: there is none.
    """
    for line in reversed(worker.log.read_bytes().splitlines()):
        if line.startswith(b"{") and (found := msgspec.json.decode(line)).get("action") == action:
            return dict(found)
    raise Unavailable(f"measuring hand-over: {worker.log} says nothing of {action}")


def _at_s(line: Mapping[str, Any]) -> float:
    return datetime.strptime(str(line["time"]), "%Y-%m-%d %H:%M:%S,%f").astimezone().timestamp()  # as the log: local
