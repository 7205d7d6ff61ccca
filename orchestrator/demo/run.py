"""``orchestrator demo``, from an empty folder to a table of what happened.

1. What an earlier demo left is stopped and removed; a stack of the demo's own is started.
2. Topics, tables and an API key are made; worker, sink and API are started as processes of their own.
3. Two journeys are published through the API, and history is played (``replay``).
4. What the run came to is compared with the reference (``outcome``) and printed (``report``).
5. Where everything is to stay, the worker goes by the clock from then on, for journeys that people make on the page.

Whatever happens, Ctrl-C included, everything that was started is stopped in the end.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from rich.console import Console

from orchestrator.demo.gather import gather
from orchestrator.demo.house import House
from orchestrator.demo.options import DemoOptions
from orchestrator.demo.phases import Phases
from orchestrator.demo.premises import PARTITIONS, choose_ports, clear, settings_for
from orchestrator.demo.processes import Processes
from orchestrator.demo.publication import Edition, edition
from orchestrator.demo.replay import Playing
from orchestrator.demo.report import print_address, print_introduction, print_outcome
from orchestrator.demo.scenario import end_ms, events, silent_customers
from orchestrator.errors import ConfigurationError, OrchestratorError
from orchestrator.kafka.topics import apply_topics
from orchestrator.local.ports import is_free
from orchestrator.local.stack import Stack, down, up
from orchestrator.settings import Settings
from orchestrator.store.migrate import migrate
from orchestrator.store.pool import open_pool
from orchestrator.telemetry.log import set_up_logging

log = logging.getLogger(__name__)

POSTGRES_PATIENCE_S = 60.0
DISAGREEMENT_EXIT_CODE = 1
CANCELLED_EXIT_CODE = 130  # as a shell reports Ctrl-C

T = TypeVar("T")


def run(settings: Settings, options: DemoOptions) -> int:
    """Plays the demo in ``<data_dir>/demo``; the exit code: 0 when the run and the reference agree, 1 when not.

    Raises:
        StackError: something could not be started, or one of the demo's processes has ended.
        Unavailable: something did not answer in time, or the replay got stuck.
        ConfigurationError: the port is taken.
    """
    set_up_logging(settings)
    return asyncio.run(_until_told(_Demo(settings, options, Console())))


async def _until_told(demo: "_Demo") -> int:
    """Plays until the end or until Ctrl-C or SIGTERM, and stops what was started."""
    playing = asyncio.create_task(demo.play())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Pressed again while things are being stopped already, it changes nothing.
        loop.add_signal_handler(number, playing.cancel)
    await asyncio.wait((playing,))
    failure = None if playing.cancelled() else playing.exception()
    try:
        await demo.stop()
    except OrchestratorError as error:
        if failure is None:
            raise
        # What went wrong first is what a person needs to read last.
        log.error("Stopping the demo: %s", error, extra={"action": "demo_not_stopped"})
    return CANCELLED_EXIT_CODE if playing.cancelled() else playing.result()


class _Demo:
    """One demo. ``play`` leaves running what it has started: ``stop`` comes after it, however it ended."""

    def __init__(self, settings: Settings, options: DemoOptions, console: Console) -> None:
        self._options = options
        self._console = console
        self._phases = Phases(console)
        self._folder = (settings.data_dir / "demo").absolute()
        self._jars = (settings.data_dir / "kafka" / "libs").absolute()
        self._processes = Processes(self._folder)
        self._blocking: asyncio.Task[Any] | None = None
        self._is_cleared = False

    async def play(self) -> int:
        """All of it; the exit code."""
        options, phase = self._options, self._phases.phase
        if options.port and not is_free(options.port):
            raise ConfigurationError(
                f"starting the demo: port {options.port} is taken; choose another with --port, or 0 for any free one"
            )
        print_introduction(self._console, options)
        # It takes seconds of arithmetic, while what comes next waits for other processes.
        preparing = asyncio.create_task(asyncio.to_thread(self._history))
        with phase("Clear what an earlier demo left"):
            await self._in_thread(clear, self._folder)
            self._is_cleared = True
        with phase("Start Kafka and PostgreSQL"):
            stack = await self._in_thread(self._start_stack)
        ports = choose_ports(options.port)
        settings = settings_for(stack, self._folder, ports)
        with phase("Make topics and tables"):
            await apply_topics(settings)
            pool = await open_pool(settings, patience_s=POSTGRES_PATIENCE_S)
            await migrate(pool)
        try:
            return await self._play_in(House(settings, ports, pool), preparing)
        finally:
            await pool.close()

    async def stop(self) -> None:
        """Stops everything that was started."""
        if self._blocking is not None:
            # A thread cannot be cancelled: what it was starting must be there before it can be stopped.
            await asyncio.wait((self._blocking,))
        if not self._is_cleared:
            return
        with self._phases.phase("Stop everything"):
            await asyncio.to_thread(self._processes.stop)
            await asyncio.to_thread(down, self._folder)

    async def _play_in(self, house: House, preparing: "asyncio.Task[tuple[Edition, int]]") -> int:
        phase = self._phases.phase
        with phase("Start worker, sink and API"):
            key = await house.make_key()
            house.start(self._processes)
            await self._watched(house.is_open())
        with phase("Publish two journeys through the API"):
            journeys = await self._watched(house.publish_journeys(key))
        with phase("Prepare 18 months of history"):
            history, until_ms = await preparing
        playing = Playing(house.settings, house.ports, house.pool, self._phases)
        played = await self._watched(playing.play(history, until_ms, self._options.days_per_second))
        with phase("Compute everything once more with the reference"):
            outcome = await self._watched(gather(house.settings, house.pool, journeys, history, played, until_ms))
        print_outcome(self._console, outcome)
        if self._options.keep:
            with phase("Let the worker go by the clock from here on"):
                await self._watched(house.go_by_the_clock(self._processes))
        self._phases.total()
        print_address(self._console, house.ports.api, key, keep=self._options.keep)
        if self._options.keep:
            await self._keep()
        return 0 if outcome.agrees else DISAGREEMENT_EXIT_CODE

    async def _keep(self) -> None:
        """Waits for Ctrl-C, which is the good end here and no interruption."""
        try:
            await self._processes.watch()
        except asyncio.CancelledError:
            return

    def _start_stack(self) -> Stack:
        return up(self._folder, self._phases.say, jars=self._jars, durable=False)

    def _history(self) -> tuple[Edition, int]:
        happening = events(self._options.personas)
        silent = silent_customers(self._options.personas)
        return edition(happening, silent, PARTITIONS), end_ms(happening)

    async def _in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        """The result of blocking work; when we are cancelled meanwhile, ``stop`` waits for it."""
        task = asyncio.create_task(asyncio.to_thread(work, *arguments))
        self._blocking = task
        return await asyncio.shield(task)

    async def _watched(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of ``work``, unless one of the processes ends before.

        Raises:
            StackError: one of them has ended.
        """
        task, watching = asyncio.create_task(work), asyncio.create_task(self._processes.watch())
        try:
            await asyncio.wait((task, watching), return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                watching.result()
            return await task
        finally:
            for each in (task, watching):
                each.cancel()
            await asyncio.wait((task, watching))
