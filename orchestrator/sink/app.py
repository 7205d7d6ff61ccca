"""The sink as a process."""

import asyncio
import logging
import signal
import time

from orchestrator.catalog import Catalog
from orchestrator.settings import Settings
from orchestrator.sink.health import Vitals, liveness, readiness
from orchestrator.sink.loop import drain
from orchestrator.telemetry.log import set_up_logging
from orchestrator.telemetry.presence import introduce, watch_loop
from orchestrator.telemetry.probes import Probes, serve_telemetry
from orchestrator.telemetry.traces import open_traces

log = logging.getLogger(__name__)


async def run(settings: Settings) -> None:
    """Writes activities to PostgreSQL until SIGTERM or SIGINT; then finishes the batch in hand and returns.

    A broker, a database, a topic or a table that is not there yet is waited for, with one log line a try.

    Raises:
        ConfigurationError: the settings cannot be used, or the database was changed by hand.
    """
    set_up_logging(settings)
    # While a broker is away, aiokafka writes several lines a tenth of a second; the source says it once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    vitals = Vitals()
    traces = open_traces(settings, "sink")
    probes = Probes(
        live=lambda: liveness(vitals.signs, time.monotonic()), ready=lambda: readiness(vitals.signs, time.monotonic())
    )
    introduce("sink")
    telemetry = serve_telemetry(settings.metrics_port, probes) if settings.metrics_port else None
    watching = asyncio.create_task(watch_loop(vitals.turn))
    try:
        await drain(settings, Catalog(settings).activities, stop, vitals, traces)
    finally:
        if traces is not None:
            await asyncio.to_thread(traces.close)
        watching.cancel()
        if telemetry is not None:
            telemetry.stop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
    log.info("Stopped", extra={"action": "sink_stopped"})
