"""The API as a process: it waits for what is missing, says so, and ends when told to."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest

from orchestrator.catalog import Catalog
from orchestrator.local.ports import free_ports
from orchestrator.settings import Settings
from orchestrator.store.audit import COMMAND_LINE
from orchestrator.store.keys import create_key
from orchestrator.store.migrate import migrate
from orchestrator.store.pool import open_pool
from orchestrator.store.tenant import Tenant
from tests.api_session import BASE, until

pytestmark = pytest.mark.integration
PROGRAM = """
import asyncio
from orchestrator.api.app import run
from orchestrator.errors import OrchestratorError
from orchestrator.settings import load_settings
from orchestrator.telemetry.log import set_up_logging
settings = load_settings()
set_up_logging(settings)
try:
    asyncio.run(run(settings))
except OrchestratorError as error:
    raise SystemExit(error.exit_code)
"""


@asynccontextmanager
async def process(
    settings: Settings, *, api_port: int, metrics_port: int = 0
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The API in a process of its own, killed at the end of the block if it still runs."""
    names = ("kafka", "group", "topic_prefix", "replicas", "partitions")
    wanted = {name: str(getattr(settings, name)) for name in names} | {
        "postgres": settings.postgres.get_secret_value(),
        "api_port": str(api_port),
        "metrics_port": str(metrics_port),
    }
    environment = os.environ | {f"ORCHESTRATOR_{name.upper()}": value for name, value in wanted.items()}
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, env=environment, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.communicate()


def elsewhere(settings: Settings, **changes: str) -> Settings:
    """The settings with another database address."""
    url = urlsplit(settings.postgres.get_secret_value())
    netloc = changes.get("netloc", f"{url.username}:{url.password}@127.0.0.1:{free_ports(1)[0]}")
    return settings.model_copy(update={"postgres": type(settings.postgres)(urlunsplit(url._replace(netloc=netloc)))})


async def line_with(log: asyncio.StreamReader, text: bytes) -> bytes:
    """The next line that has ``text`` in it; lines before it must not be traces."""
    async with asyncio.timeout(20):
        while True:
            line = await log.readline()
            assert line, "the process has ended"
            assert b"Traceback" not in line
            if text in line:
                return line


async def test_process_serves_ends_on_sigterm_and_tells_prometheus(settings: Settings, topics: Catalog) -> None:
    api_port, metrics_port = free_ports(2)
    pool = await open_pool(settings, patience_s=30)
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{api_port}") as client,
        process(settings, api_port=api_port, metrics_port=metrics_port) as running,
    ):

        async def answers(path: str, status: int) -> bool:
            try:
                return (await client.get(path)).status_code == status
            except httpx.TransportError:
                return False

        await until(lambda: answers("/livez", 200))
        assert await answers("/readyz", 503)  # the tables are not there yet
        await migrate(pool)
        await until(lambda: answers("/readyz", 200))
        key = (await create_key(Tenant(pool, "acme"), "test", "viewer", COMMAND_LINE)).secret
        assert (await client.get(BASE, headers={"Authorization": f"Bearer {key}"})).json()["items"] == []

        exposed = (await client.get(f"http://127.0.0.1:{metrics_port}/metrics")).text
        assert f'orchestrator_http_request_seconds_count{{method="GET",route="{BASE}",status="200"}} 1.0' in exposed
        assert "orchestrator_outbox_pending 0.0" in exposed

        running.send_signal(signal.SIGTERM)
        _, log = await asyncio.wait_for(running.communicate(), 20)
        assert running.returncode == 0
        assert b"Traceback" not in log
        assert key.encode() not in log
    await pool.close()


async def test_missing_database_is_one_line_a_try_and_no_reason_to_end(settings: Settings) -> None:
    (api_port,) = free_ports(1)
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{api_port}") as client,
        process(elsewhere(settings), api_port=api_port) as running,
    ):

        async def is_alive() -> bool:
            try:
                return (await client.get("/livez")).status_code == 200
            except httpx.TransportError:
                return False

        await until(is_alive)
        answer = await client.get(BASE, headers={"Authorization": f"Bearer jo_{'a' * 43}"})
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        assert running.stderr is not None
        tries = [await line_with(running.stderr, b"postgres_awaited") for _ in range(2)]
        assert all(json.loads(line)["level"] == "WARNING" for line in tries)
        running.send_signal(signal.SIGINT)
        _, log = await asyncio.wait_for(running.communicate(), 20)
        assert running.returncode == 0
        assert b"Traceback" not in log


async def test_refused_login_ends_the_process_with_the_code_for_settings(settings: Settings) -> None:
    url = urlsplit(settings.postgres.get_secret_value())
    wrong = elsewhere(settings, netloc=f"nobody-of-this-name:wrong@{url.hostname}:{url.port}")
    async with process(wrong, api_port=free_ports(1)[0]) as running:
        _, log = await asyncio.wait_for(running.communicate(), 30)
        assert running.returncode == 2
        assert b"ORCHESTRATOR_POSTGRES" in log
        assert b"Traceback" not in log
