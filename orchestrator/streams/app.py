"""The worker process: builds everything, runs until it is told to stop, and says by its exit code how it ended."""

import asyncio
import gc
import logging
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Generic, NoReturn, TypeVar

import uvloop
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from orchestrator.catalog import Catalog, TopicSpec
from orchestrator.errors import ConfigurationError, OrchestratorError, ProcessingHalted
from orchestrator.kafka.clients import closing, open_admin, open_producer
from orchestrator.kafka.stopping import Stopped, unless_stopped
from orchestrator.settings import Settings
from orchestrator.streams.commit import Commit
from orchestrator.streams.configs import Configs
from orchestrator.streams.crash import Crash, crash_from
from orchestrator.streams.decider import Decider, JourneyDecider
from orchestrator.streams.fate import Fate
from orchestrator.streams.faust_app import FaustApp
from orchestrator.streams.health import PULSE_S, STUCK_S, Signs, Vitals, is_stuck, liveness, readiness
from orchestrator.streams.lag import LagReport
from orchestrator.streams.local_state import explained, open_folder, watch_disk
from orchestrator.streams.pipeline import Tools
from orchestrator.streams.recovery import changelog_of
from orchestrator.streams.report import declare
from orchestrator.streams.slot import POLL_S, Slot
from orchestrator.streams.ticker import Ticker
from orchestrator.streams.wire import wire_of
from orchestrator.streams.worker import Worker
from orchestrator.telemetry.metrics import CUSTOMER_PARTITIONS
from orchestrator.telemetry.presence import introduce, watch_loop
from orchestrator.telemetry.probes import Probes, serve_telemetry
from orchestrator.telemetry.traces import Traces, open_traces

log = logging.getLogger(__name__)

EXIT_HALTED = 70  # EX_SOFTWARE: ended on purpose, without acknowledging; to be started again
# Somebody may add partitions to a topic while a worker runs. Until it is noticed, no record is used in a wrong place:
# each is forwarded to the partition that the declared count gives its key.
TOPICS_WATCH_S = 15.0
STOP_S = 30.0
PORT_PATIENCE_S = 5.0

# A batch makes some hundred thousand objects, none of them in a cycle, and drops them all at its end. To look for them
# at Python's usual pace, every 700 objects, costs 15 to 25 % of a decision (measured).
GARBAGE_THRESHOLDS = (100_000, 20, 50)
# Kafka is read in a thread of its own. At Python's usual 5 ms, every round trip of a transaction may wait that long for
# the interpreter: a command came out after 89 ms instead of 35 ms (median at 200 events/s on two busy cores, measured).
THREAD_SWITCH_S = 0.000_5

D = TypeVar("D")
S = TypeVar("S")


class StreamService(Generic[D, S]):
    """One worker. ``run`` returns when ``stop`` was called.

    ``fail`` is called with what makes the worker unable to go on, from wherever it happens, and does not return:
    nothing may be acknowledged after a failure, so nothing is unwound or waited for.
    """

    def __init__(
        self,
        settings: Settings,
        catalog: Catalog,
        decider: Decider[D, S],
        crash: Crash,
        fail: Callable[[BaseException], NoReturn],
        vitals: Vitals,
        slot: Slot,
        traces: Traces | None = None,
    ) -> None:
        self._settings = settings
        self._catalog = catalog
        self._decider = decider
        self._crash = crash
        self._fail = fail
        self._vitals = vitals
        self._slot = slot
        self._traces = traces
        self._stopped = asyncio.Event()
        # A thread, since what hangs may be the event loop.
        self._patience = threading.Timer(STOP_S, self._give_up)
        self._patience.daemon = True
        self._are_topics_checked = False
        self._configs: Configs[D, S] | None = None
        self._worker: Worker[D, S] | None = None

    def stop(self) -> None:
        """Ends the service in order: batches in work are finished, their offsets are committed, the group is left.

        Where that cannot be done in time (Kafka is away), the service fails: what was not acknowledged is read again.
        """
        if not self._stopped.is_set():
            log.info("Stopping", extra={"action": "worker_stopping", "slot": self._settings.slot})
            self._stopped.set()
            self._patience.start()

    async def run(self) -> None:
        """Runs until stopped.

        Raises:
            ConfigurationError: topics are missing or have another partition count.
        """
        try:
            await self._run()
        finally:
            self._patience.cancel()

    def _give_up(self) -> None:
        self._fail(ProcessingHalted(f"stopping: not done after {STOP_S:.0f} s; does Kafka answer?"))

    async def _run(self) -> None:
        async with AsyncExitStack() as stack:
            self._start(stack, self._pulse())
            self._start(stack, watch_loop())
            is_next = not self._slot.take()
            if not is_next:
                self._start(stack, self._tell())
            try:
                await unless_stopped(check_topics(self._settings, self._catalog), self._stopped)
                self._are_topics_checked = True
                plain = await unless_stopped(open_producer(self._settings, self._settings.slot), self._stopped)
            except Stopped:
                return
            await stack.enter_async_context(closing(plain))
            self._configs = configs = Configs(self._settings, self._catalog.configs, self._decider)
            self._start(stack, configs.follow())
            fate = Fate(self._settings)
            stack.push_async_callback(fate.close)
            tools = self._tools(plain, fate, configs)
            stack.push_async_callback(tools.guard.close)
            outputs = [TopicPartition(*place) for place in self._catalog.written_by("streams")]
            self._worker = worker = Worker(tools, changelog_of(self._catalog), outputs, self._fail)
            faust_app = FaustApp(self._settings, self._catalog, worker, self._fail)
            ticker = Ticker(worker, configs, self._decider, plain, self._catalog.timers)
            inputs = (self._catalog.events, self._catalog.deliveries, self._catalog.timers)
            lag_report = LagReport(inputs, worker, faust_app.known_positions)
            if is_next:
                try:
                    await unless_stopped(self._succeed(configs), self._stopped)
                except Stopped:
                    return
                self._start(stack, self._tell())
            open_folder(self._settings.data_dir / self._slot.name)
            watch_disk(self._settings.data_dir / self._slot.name)
            self._start(stack, ticker.run())
            self._start(stack, lag_report.run())
            self._start(stack, self._watch_topics())
            self._start(stack, self._run_faust(faust_app))
            await self._stopped.wait()
            await worker.is_called.wait()  # Faust cannot be stopped before it has joined: it would never end
            if not worker.is_settled:  # it is recovering, which the next one will do from where this one has come to
                await worker.let_go()
            await faust_app.app.stop()
            await worker.let_go()

    async def _succeed(self, configs: Configs[D, S]) -> None:
        """Waits, with everything done that can be done before, until the process that has the slot ends."""
        await configs.is_complete.wait()
        name = self._slot.name
        log.info(
            "The slot %s is another process's; this one is prepared, and goes on when that one ends",
            name,
            extra={"action": "slot_awaited", "slot": name},
        )
        await self._slot.wait()
        log.info("Has the slot %s", name, extra={"action": "slot_taken", "slot": name})

    async def _tell(self) -> None:
        """Serves metrics and probes; by then the process that had the slot, and the port, may not be quite gone.

        Raises:
            ConfigurationError: the port cannot be had.
        """
        deadline = time.monotonic() + PORT_PATIENCE_S
        while self._settings.metrics_port:
            try:
                serve_telemetry(self._settings.metrics_port, _probes(self._vitals))
                return
            except ConfigurationError:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(POLL_S)

    def _tools(self, plain: AIOKafkaProducer, fate: Fate, configs: Configs[D, S]) -> Tools[D, S]:
        catalog = self._catalog
        commit = Commit(
            plain, catalog.changelog, catalog.timers, lambda topic: catalog.spec(topic).partitions, fate, self._crash
        )
        return Tools(self._settings, wire_of(catalog), self._decider, configs, commit, self._crash, self._traces)

    def _start(self, stack: AsyncExitStack, work: Coroutine[None, None, None]) -> None:
        """Runs ``work`` beside the rest until the stack unwinds; if it fails, so does the service."""

        async def guarded() -> None:
            try:
                await work
            except Exception as error:  # handed on as it is, to the one place that ends the process
                self._fail(error)

        task = asyncio.create_task(guarded())

        async def end() -> None:
            task.cancel()
            await asyncio.wait([task])

        stack.push_async_callback(end)

    async def _run_faust(self, faust_app: FaustApp) -> None:
        await faust_app.app.start()
        await faust_app.app._crashed.wait()
        if not self._stopped.is_set():
            raise ProcessingHalted(f"Faust gave up: {faust_app.app.crash_reason!r}") from faust_app.app.crash_reason

    async def _pulse(self) -> None:
        """Leaves the worker's signs for those who watch it, and ends it when a batch does not get finished."""
        while True:
            self._vitals.signs = signs = self._signs(time.monotonic())
            if is_stuck(signs, signs.turned_s):
                raise ProcessingHalted(f"a batch has been in work for {STUCK_S:.0f} s; does Kafka answer?")
            await asyncio.sleep(PULSE_S)

    def _signs(self, now_s: float) -> Signs:
        worker, configs = self._worker, self._configs
        return Signs(
            turned_s=now_s,
            oldest_batch_s=None if worker is None else worker.oldest_batch_s(),
            are_topics_checked=self._are_topics_checked,
            are_configs_read=configs is not None and configs.is_complete.is_set(),
            partitions=None if worker is None or not worker.is_settled else len(worker.owned),
        )

    async def _watch_topics(self) -> None:
        """Ends the worker when a topic has another partition count than it had at the start.

        Raises:
            ConfigurationError: naming each one.
        """
        admin = await open_admin(self._settings, patience_s=math.inf)
        async with closing(admin):
            while True:
                await asyncio.sleep(TOPICS_WATCH_S)
                try:
                    counts = await _partition_counts(admin)
                except KafkaError as error:
                    log.debug("The partition counts could not be read: %r", error)
                    continue
                # One that is not listed is left alone: a broker that has just started may not know it yet.
                _refuse([problem for spec in self._catalog.specs if (problem := _grown(spec, counts))], self._settings)


async def check_topics(settings: Settings, catalog: Catalog) -> None:
    """Makes sure that every declared topic is there, with the partitions declared; waits for a cluster that is away.

    Raises:
        ConfigurationError: naming each one that is not, and what to do.
    """
    admin = await open_admin(settings, patience_s=math.inf)
    try:
        counts = await _partition_counts(admin)
    finally:
        await admin.close()
    missing = [f"{spec.name} is missing" for spec in catalog.specs if spec.name not in counts]
    _refuse([*missing, *(problem for spec in catalog.specs if (problem := _grown(spec, counts)))], settings)


def _grown(spec: TopicSpec, counts: dict[str, int]) -> str | None:
    count = counts.get(spec.name, spec.partitions)
    return None if count == spec.partitions else f"{spec.name} has {count} partitions, declared are {spec.partitions}"


def _refuse(problems: list[str], settings: Settings) -> None:
    if problems:
        raise ConfigurationError(
            f"checking the topics on {settings.kafka}: {'; '.join(problems)}. Run `orchestrator topics apply`; a topic "
            "that this login may not describe looks as if it were missing; a partition count cannot be changed once "
            "customers are spread over it"
        )


async def _partition_counts(admin: AIOKafkaAdminClient) -> dict[str, int]:
    return {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}


def run(settings: Settings, decider: Decider[D, S] | None = None) -> int:
    """Runs a worker in this process until SIGTERM or SIGINT; returns 0.

    A failure ends the process on the spot, with the exit code of the error.

    Raises:
        ConfigurationError, Unavailable: it could not be started.
    """
    crash = crash_from(os.environ)
    catalog = Catalog(settings)
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    vitals = Vitals(Signs(time.monotonic()))
    introduce("worker")
    declare((catalog.events, catalog.deliveries, catalog.timers))
    CUSTOMER_PARTITIONS.set(catalog.customer_partitions)
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    sys.setswitchinterval(THREAD_SWITCH_S)
    threading.excepthook = _tell_of_thread
    if decider is None:
        asyncio.run(_serve(settings, catalog, JourneyDecider(), crash, vitals))
    else:
        asyncio.run(_serve(settings, catalog, decider, crash, vitals))
    return 0


def _probes(vitals: Vitals) -> Probes:
    return Probes(
        live=lambda: liveness(vitals.signs, time.monotonic()), ready=lambda: readiness(vitals.signs, time.monotonic())
    )


async def _serve(settings: Settings, catalog: Catalog, decider: Decider[D, S], crash: Crash, vitals: Vitals) -> None:
    def fail(error: BaseException) -> NoReturn:
        end_process(explained(error, settings.data_dir / settings.slot))

    slot = Slot(settings.data_dir, settings.slot)
    traces = open_traces(settings, "worker")
    service = StreamService(settings, catalog, decider, crash, fail, vitals, slot, traces)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, service.stop)
    log.info("Starting", extra={"action": "worker_starting", "slot": settings.slot, "group": settings.group})
    await service.run()
    if traces is not None:
        await asyncio.to_thread(traces.close)
    log.info("Stopped in order", extra={"action": "worker_stopped", "slot": settings.slot})


def _tell_of_thread(failure: threading.ExceptHookArgs) -> None:
    """Python would print it, and a line of the log that is no JSON is a line lost."""
    name = "" if failure.thread is None else failure.thread.name
    log.error("The thread %s has ended", name, exc_info=failure.exc_value, extra={"action": "thread_ended"})


def end_process(error: BaseException) -> NoReturn:
    """Says why, and ends the process without running anything else of it."""
    if isinstance(error, OrchestratorError):
        log.critical("%s", error, extra={"action": "worker_ended", "reason": type(error).__name__})
        code = error.exit_code
    else:
        log.critical("An unexpected failure ends the worker", exc_info=error, extra={"action": "worker_ended"})
        code = EXIT_HALTED
    logging.shutdown()
    os._exit(code)
