"""An adapter as a process."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Literal

from orchestrator.adapters.allowance import Allowance
from orchestrator.adapters.crash import POINTS
from orchestrator.adapters.decision import Rules
from orchestrator.adapters.file_transport import FileTransport
from orchestrator.adapters.health import Vitals, liveness, readiness
from orchestrator.adapters.loop import Loop
from orchestrator.adapters.partition import clock_ms
from orchestrator.adapters.post import Nothing, Post
from orchestrator.adapters.records import outgoing_report
from orchestrator.adapters.reports_server import publishing, serve_reports
from orchestrator.adapters.smtp import SmtpTransport
from orchestrator.adapters.templates import Templates
from orchestrator.adapters.transport import Transport
from orchestrator.adapters.webhook import WebhookTransport
from orchestrator.catalog import Catalog
from orchestrator.crash import chosen_crash
from orchestrator.kafka.publisher import Publisher
from orchestrator.messages.event import DeliveryEvent
from orchestrator.settings import Settings
from orchestrator.telemetry.log import set_up_logging
from orchestrator.telemetry.metrics import ADAPTER_COMMANDS
from orchestrator.telemetry.presence import introduce, watch_loop
from orchestrator.telemetry.probes import Probes, serve_telemetry

log = logging.getLogger(__name__)

Kind = Literal["smtp", "webhook", "file"]

# Where a repeated send is known again, many may be begun in one transaction: nothing is lost by being in doubt.
TRIES_AT_ONCE = 1_000


async def run(settings: Settings, kind: Kind, channel: str) -> None:
    """Carries out the commands of ``channel`` until SIGTERM or SIGINT; then ends what is under way and returns.

    Raises:
        ConfigurationError: the settings cannot be used.
        Unavailable: Kafka was away for too long; a restart goes on where this has ended.
        Fenced: another process owns a partition of this one.
    """
    set_up_logging(settings)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # errors that end something are raised, and told once
    catalog = Catalog(settings)
    transport = transport_of(settings, kind, channel)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    vitals = Vitals()
    introduce("adapter")
    for outcome in ("sent", "failed", "bounced", "repeated", "dead_letter"):
        ADAPTER_COMMANDS.labels(channel, outcome)  # of a count that begins at 1, Prometheus sees no increase
    telemetry = serve_telemetry(settings.metrics_port, _probes(vitals)) if settings.metrics_port else None
    watching = asyncio.create_task(watch_loop(vitals.turn))
    log.info("Starting", extra={"action": "adapter_starting", "kind": kind, "channel": channel})
    try:
        async with _taking_reports(settings, catalog, channel):
            await Loop(post_of(settings, catalog, channel, transport), vitals).run(stop)
    finally:
        watching.cancel()
        await transport.close()
        if telemetry is not None:
            telemetry.stop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
    log.info("Stopped in order", extra={"action": "adapter_stopped", "kind": kind, "channel": channel})


def transport_of(settings: Settings, kind: Kind, channel: str) -> Transport:
    """The transport that these settings describe.

    Raises:
        ConfigurationError: they do not describe one.
    """
    match kind:
        case "file":
            folder = settings.adapter_templates_dir
            templates = None if folder is None else Templates(folder)
            return FileTransport(channel, settings.adapter_file_dir, templates)
        case "smtp":
            return SmtpTransport(settings)
        case "webhook":
            return WebhookTransport(settings, channel)


def post_of(settings: Settings, catalog: Catalog, channel: str, transport: Transport) -> Post:
    """What all partitions of the process share."""
    is_repeatable = transport.is_repeatable or settings.adapter_unknown_outcome == "repeat"
    return Post(
        settings=settings,
        catalog=catalog,
        channel=channel,
        transport=transport,
        rules=Rules(
            is_repeatable=is_repeatable,
            first_pause_ms=int(settings.adapter_first_pause_s * 1_000),
            longest_pause_ms=int(settings.adapter_longest_pause_s * 1_000),
            most_tries=settings.adapter_most_tries,
            longest_ms=int(settings.adapter_try_for_s * 1_000),
        ),
        allowance=Allowance(settings.adapter_rate_per_s, clock_ms()),
        nothing=Nothing(),
        sending=asyncio.Semaphore(settings.adapter_concurrency),
        window=settings.adapter_window,
        most_tries_at_once=TRIES_AT_ONCE if is_repeatable else settings.adapter_concurrency,
        crash=chosen_crash(os.environ, POINTS),
    )


@asynccontextmanager
async def _taking_reports(settings: Settings, catalog: Catalog, channel: str) -> AsyncIterator[None]:
    """While this is open, the provider's reports are taken, if there is a port for them."""
    if not settings.adapter_reports_port:
        yield
        return
    publisher = await Publisher.open(settings, f"adapter-{channel}-reports")

    async def publish(events: Sequence[DeliveryEvent]) -> None:
        await publisher.publish([outgoing_report(catalog, event) for event in events])

    try:
        server = serve_reports(
            settings.adapter_reports_host,
            settings.adapter_reports_port,
            channel,
            settings.adapter_reports_secret.get_secret_value(),
            publishing(asyncio.get_running_loop(), publish),
        )
        try:
            yield
        finally:
            await asyncio.to_thread(server.stop)
    finally:
        await publisher.close()


def _probes(vitals: Vitals) -> Probes:
    return Probes(
        live=lambda: liveness(vitals.signs, time.monotonic()), ready=lambda: readiness(vitals.signs, time.monotonic())
    )
