"""The sink as a process."""

import asyncio
import logging
import signal

from orchestrator.catalog import Catalog
from orchestrator.settings import Settings
from orchestrator.sink.loop import drain
from orchestrator.telemetry.log import set_up_logging
from orchestrator.telemetry.metrics import serve_metrics

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
    server = serve_metrics(settings.metrics_port)[0] if settings.metrics_port else None
    try:
        await drain(settings, Catalog(settings).activities, stop)
    finally:
        if server is not None:
            server.shutdown()
            server.server_close()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
    log.info("Stopped", extra={"action": "sink_stopped"})
