"""The page as people get it: the real API on the real stack, filled through the sink's code, in a real browser.

One site and one browser serve all tests of a file, so a test that changes a journey makes its own.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, expect

from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_admin
from orchestrator.kafka.topics import apply_topics
from orchestrator.messages.activity import Activity
from orchestrator.settings import Settings, load_settings
from orchestrator.sink.commit import commit
from orchestrator.sink.decode import decode
from orchestrator.store.audit import COMMAND_LINE
from orchestrator.store.keys import Role, create_key
from orchestrator.store.pool import connect
from orchestrator.store.tenant import Tenant
from orchestrator.store.writer import ActivityWriter
from tests.api_session import BASE, ApiSession, listening, serving
from tests.browser.chromium import running_chromium
from tests.browser.story import HOSTILE, JOURNEY, story
from tests.builders import WORKSPACE
from tests.sink_story import TOPIC, raw_records
from tests.stack import TestStack

BATCH = 2_000
PATIENCE_MS = 20_000  # for what will happen; the machine may be busy
MEASURED: pytest.StashKey[list[str]] = pytest.StashKey()


@dataclass
class Site:
    """The running page, its API, and the journey that has figures."""

    address: str
    session: ApiSession
    client: httpx.AsyncClient
    journey_id: str = ""

    async def link(self, role: Role = "admin") -> str:
        """A sign-in link with a new key."""
        key = (await create_key(Tenant(self.session.pool, WORKSPACE), "browser", role, COMMAND_LINE)).secret
        return f"{self.address}/#key={key}"

    async def sink(self, activities: Sequence[Activity]) -> None:
        """Writes activities as a sink would that has not been here before."""
        connection = await connect(self.session.settings, application="test", patience_s=30)
        try:
            writer = ActivityWriter(connection, f"browser-{uuid4().hex[:8]}")
            records = [decode(raw) for raw in raw_records(activities)]
            for start in range(0, len(records), BATCH):
                await commit(connection, writer, TOPIC, records[start : start + BATCH])
        finally:
            await connection.close()

    async def create(self, name: str) -> str:
        """A new journey without figures; its id."""
        answer = await self.client.post(BASE, json={"config": JOURNEY, "name": name, "campaign_id": "spring"})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


@dataclass
class Tab:
    """A page that remembers what the browser complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    foreseen: list[str] = field(default_factory=list)
    _foretold: str | None = None

    def listen(self) -> None:
        """Remembers errors and warnings from now on; Chromium reports a breach of the page's policy as an error."""
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def foretell(self, beginning: str) -> None:
        """From now on a complaint that begins so is part of the story, however often and whenever it comes."""
        self._foretold = beginning

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        is_foreseen = self._foretold is not None and message.text.startswith(self._foretold)
        (self.foreseen if is_foreseen else self.complaints).append(message.text)


@pytest.fixture(scope="module")
def more_settings() -> dict[str, str]:
    """What a file's installation is set up with besides."""
    return {}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(
    stack: TestStack, tmp_path_factory: pytest.TempPathFactory, more_settings: dict[str, str]
) -> AsyncIterator[Site]:
    """The API over HTTP with two journeys: one with ninety days of figures, and one with a hostile name."""
    async with (
        _installation(stack, tmp_path_factory.mktemp("site")) as settings,
        serving(settings.model_copy(update=more_settings)) as session,
        listening(session) as address,
        await session.client() as client,
    ):
        site = Site(address, session, client)
        await site.create(HOSTILE)
        site.journey_id = await site.create("Win back")
        await site.sink(story(site.journey_id))
        yield site


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """A browser for all tests of a file; it lives in their event loop."""
    expect.set_options(timeout=PATIENCE_MS)
    async with running_chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def tab(browser: Browser) -> AsyncIterator[Tab]:
    """A fresh tab on a desktop; at the end nothing may have been complained of that the test did not foretell."""
    page = await browser.new_page(viewport={"width": 1280, "height": 900})
    tab = Tab(page)
    tab.listen()
    yield tab
    await page.close()
    assert tab.complaints == []


@asynccontextmanager
async def _installation(stack: TestStack, folder: Path) -> AsyncIterator[Settings]:
    """Settings with a database and topics of their own, which go at the end of the block."""
    mark = f"browser-{uuid4().hex[:8]}"
    server = await asyncpg.connect(stack.postgres)
    try:
        await server.execute(f'CREATE DATABASE "{mark}"')
        settings = load_settings(
            kafka=stack.kafka,
            postgres=urlunsplit(urlsplit(stack.postgres)._replace(path=f"/{mark}")),
            data_dir=folder,
            group=mark,
            sink_group=f"{mark}-sink",
            topic_prefix=f"{mark}.",
            replicas=1,
            partitions=1,
        )
        await apply_topics(settings)
        yield settings
        async with closing(await open_admin(settings)) as admin:
            await admin.delete_topics([spec.name for spec in Catalog(settings).specs])
        await server.execute(f'DROP DATABASE "{mark}" WITH (FORCE)')
    finally:
        await server.close()


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> list[str]:
    """Lines to print after the tests: what was measured and is not asserted."""
    return request.config.stash.setdefault(MEASURED, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Prints what was measured."""
    for line in config.stash.get(MEASURED, []):
        terminalreporter.write_line(line)
