"""The control plane as a process: HTTP in, PostgreSQL behind it, and the relay to Kafka beside it."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request

from orchestrator.api import (
    actions,
    activities,
    audit,
    backtests,
    catalogue,
    checks,
    entries,
    erasures,
    event_types,
    events,
    experiments,
    explain,
    exports,
    gauges,
    health,
    hooks,
    journeys,
    keys,
    metrics,
    overview,
    positions,
    proposals,
    received_hooks,
    sign_in,
    subscriptions,
    versions,
    workspace,
)
from orchestrator.api.access import Access
from orchestrator.api.backtesting import Backtesting
from orchestrator.api.courier import Courier
from orchestrator.api.database import Database
from orchestrator.api.downloads import Downloads
from orchestrator.api.edge import Edge, request_id_of
from orchestrator.api.lookout import Lookout
from orchestrator.api.openapi import ABOUT, TITLE, VERSION, document_of
from orchestrator.api.outgoing import Outgoing
from orchestrator.api.page import add_page
from orchestrator.api.problems import answer_to, problem_response
from orchestrator.api.quota import STRANGERS_PER_MINUTE, Quota
from orchestrator.api.reception import Reception
from orchestrator.api.rehearsals import Rehearsals
from orchestrator.api.relay import Relay
from orchestrator.api.services import Services
from orchestrator.api.steward import Steward
from orchestrator.api.under_way import UnderWay
from orchestrator.errors import OrchestratorError
from orchestrator.kafka.config_writer import open_config_writer
from orchestrator.kafka.event_writer import EventWriter
from orchestrator.settings import Settings
from orchestrator.store.seal import Seal
from orchestrator.telemetry.presence import introduce, watch_loop
from orchestrator.telemetry.probes import serve_telemetry
from orchestrator.telemetry.traces import Traces, open_traces

log = logging.getLogger(__name__)

GRACE_S = 10  # for requests under way when the process is told to end
# The workspace first: its path would also fit the pattern of a journey's.
_ROUTERS = (
    workspace.former,
    workspace.router,
    journeys.router,
    actions.router,
    versions.router,
    checks.router,
    backtests.router,
    proposals.router,
    catalogue.router,
    event_types.router,
    events.router,
    hooks.router,
    received_hooks.router,
    keys.router,
    audit.router,
    entries.router,
    overview.router,
    subscriptions.router,
    metrics.router,
    positions.router,
    gauges.router,
    activities.router,
    exports.router,
    experiments.router,
    explain.router,
    erasures.router,
    sign_in.router,
    health.router,
)
OnFailure = Callable[[BaseException], None]


def build_app(settings: Settings, on_failure: OnFailure | None = None, traces: Traces | None = None) -> FastAPI:
    """The application; nothing is opened before it starts.

    It starts without PostgreSQL and Kafka: until PostgreSQL answers with all migrations applied, requests get 503.
    ``on_failure`` is told when something in the background can not go on; waiting for that to mend would be in vain.
    """
    database = Database(settings)
    relay = Relay(settings, open_config_writer, traces)
    outgoing, seal, under_way = Outgoing(settings), Seal.of(settings), UnderWay()
    courier = Courier(database, outgoing, seal, under_way)
    steward = Steward(settings, database, courier)
    backtesting = Backtesting(settings)
    lookout = Lookout.at_events(settings)
    event_writer = EventWriter(settings)

    async def background() -> None:
        await database.open()
        log.info("The API answers", extra={"action": "api_ready"})
        beside = asyncio.create_task(steward.run(), name="steward")
        beside.add_done_callback(partial(_told, on_failure))
        try:
            await relay.run()
        finally:
            beside.cancel()
            await asyncio.wait([beside])

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(background(), name="api-background")
        task.add_done_callback(partial(_told, on_failure))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            await backtesting.close()
            await lookout.close()
            await event_writer.close()
            await database.close()

    app = FastAPI(
        title=TITLE,
        version=VERSION,
        description=ABOUT,
        lifespan=lifespan,
        docs_url=None,  # their scripts come from elsewhere, which the page's policy forbids
        redoc_url=None,
        redirect_slashes=False,  # a redirected POST may lose its body
    )
    app.state.services = Services(settings, database, relay)
    reception = Reception.of(settings)
    app.state.reception = reception
    app.state.access = Access(database, reception.tokens if reception else None)
    app.state.downloads = Downloads()
    app.state.backtesting = backtesting
    app.state.lookout = lookout
    app.state.under_way = under_way
    app.state.outgoing = outgoing
    app.state.seal = seal
    app.state.courier = courier
    app.state.event_writer = event_writer
    app.state.rehearsals = Rehearsals()
    app.state.doorkeeper = received_hooks.Doorkeeper(settings.hook_requests_per_minute)
    app.state.quota = Quota(settings.api_requests_per_minute)
    app.state.strangers = Quota(STRANGERS_PER_MINUTE if settings.api_requests_per_minute else 0)
    for router in _ROUTERS:
        app.include_router(router)
    add_page(app)
    for error in (OrchestratorError, RequestValidationError, HTTPException):
        app.add_exception_handler(error, _tell)
    app.add_middleware(Edge, traces=traces)
    app.openapi = _once(partial(document_of, app))  # type: ignore[method-assign]  # as FastAPI's documentation says
    return app


def openapi_document() -> dict[str, Any]:
    """The HTTP contract; needs neither database nor broker."""
    return build_app(Settings()).openapi()


async def run(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT, then answers what is under way and returns.

    Raises:
        ConfigurationError: PostgreSQL refuses the login, its tables are those of a newer version, or a collector of
            traces is named and the extra for them is not installed.
        OrchestratorError: something in the background could not go on.
    """
    failures: list[BaseException] = []
    traces = open_traces(settings, "api")

    def fail(error: BaseException) -> None:
        failures.append(error)
        server.should_exit = True

    server = _Server(
        uvicorn.Config(
            build_app(settings, fail, traces),
            host=settings.api_host,
            port=settings.api_port,
            log_config=None,
            access_log=False,  # requests are counted and timed instead
            server_header=False,
            ssl_certfile=settings.api_cert_file,
            ssl_keyfile=settings.api_cert_key_file,
            timeout_graceful_shutdown=GRACE_S,
        )
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.leave)
    introduce("api")
    telemetry = serve_telemetry(settings.metrics_port) if settings.metrics_port else None
    watching = asyncio.create_task(watch_loop())
    try:
        await server.serve()
    finally:
        watching.cancel()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
        if telemetry:
            telemetry.stop()
        if traces is not None:
            await asyncio.to_thread(traces.close)
    if failures:
        raise failures[0]


class _Server(uvicorn.Server):
    """Leaves signals to ``run``: uvicorn would raise them again at the end and so end the process by signal."""

    def leave(self) -> None:
        """Stops gracefully; asked a second time, at once."""
        self.force_exit = self.should_exit
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _told(on_failure: OnFailure | None, task: asyncio.Task[None]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is None:
        return
    trace = None if isinstance(error, OrchestratorError) else error  # ours say enough in their words
    log.critical("The API cannot go on: %s", error, exc_info=trace, extra={"action": "api_failed"})
    if on_failure:
        on_failure(error)


async def _tell(request: Request, error: Exception) -> JSONResponse:
    answer, path = answer_to(error), request.scope["path"]  # request.url leaves line ends out
    if answer.status == HTTPStatus.METHOD_NOT_ALLOWED:
        answer = replace(answer, headers={"Allow": ", ".join(_methods_at(path))})
    return problem_response(answer, path, request_id_of(request))


def _methods_at(path: str) -> list[str]:
    """Every method of a path: Starlette would name only those of the first route that fits."""
    routes = [route for router in _ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    fitting = [route.path for route in routes if route.path_regex.match(path)]
    # `/versions/preview` also fits `/versions/{version}`: the one with fewer blanks is meant.
    template = min(fitting, key=lambda each: each.count("{"), default=None)
    methods = {method for route in routes if route.path == template for method in route.methods or ()} or {"GET"}
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)


def _once(make: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    made: list[dict[str, Any]] = []

    def get() -> dict[str, Any]:
        if not made:
            made.append(make())
        return made[0]

    return get
