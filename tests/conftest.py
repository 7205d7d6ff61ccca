"""What all tests share: Hypothesis profiles, the stack, and settings under which tests do not see each other."""

import os
import re
import signal
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_admin
from orchestrator.kafka.topics import apply_topics
from orchestrator.settings import Settings, load_settings
from tests.faults.seed import SEED, VARIABLE
from tests.stack import TestStack, choose, docker_answers, running_stack

PARTITIONS = 4

# "ci": the same examples every time, so that a red run can be repeated; no deadlines on shared machines.
hypothesis_settings.register_profile("dev", deadline=None)
hypothesis_settings.register_profile(
    "ci", deadline=None, derandomize=True, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
# "long": what is said to hold after ten thousand tries; up to half an hour a test, so it has no time limit.
LONG = "long"
hypothesis_settings.register_profile(
    LONG, deadline=None, max_examples=10_000, suppress_health_check=[HealthCheck.too_slow]
)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev")
hypothesis_settings.load_profile(PROFILE)


def pytest_configure() -> None:
    """A test run that is told to end ends as with Ctrl-C: what it has started is stopped first."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_report_header() -> str:
    """The seed stands in the head of every report."""
    return f"seed of the faults: {VARIABLE}={SEED}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """And beside every failure of a test that leaves something to chance."""
    report = yield
    if report.failed and item.get_closest_marker("faults"):
        report.sections.append(("Seed", f"{VARIABLE}={SEED}"))
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Takes the time limit off what takes long on purpose."""
    if PROFILE == LONG:
        for item in items:
            item.add_marker(pytest.mark.timeout(0))


@pytest.fixture(scope="session")
def stack() -> Iterator[TestStack]:
    """A running Kafka and PostgreSQL: see ``tests/stack.py`` for which. What cannot start fails the tests."""
    with running_stack(choose(os.environ, docker_answers)) as running:
        yield running


@pytest.fixture
async def database(stack: TestStack) -> AsyncIterator[str]:
    """The URL of a new, empty database, dropped after the test."""
    name = f"test_{uuid4().hex}"
    connection = await asyncpg.connect(stack.postgres)
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
        yield urlunsplit(urlsplit(stack.postgres)._replace(path=f"/{name}"))
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await connection.close()


@pytest.fixture
def settings(stack: TestStack, database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """Settings of an installation that only this test uses: own topics, group, database and folder."""
    mark = f"{re.sub('[^a-z0-9]+', '-', request.node.name.lower())[:40].strip('-')}-{uuid4().hex[:8]}"
    return load_settings(
        kafka=stack.kafka,
        postgres=database,
        data_dir=tmp_path,
        group=mark,
        sink_group=f"{mark}-sink",
        topic_prefix=f"{mark}.",
        replicas=1,
        partitions=PARTITIONS,
    )


@pytest.fixture
def catalog(settings: Settings) -> Catalog:
    """The topics of these settings; they need not exist on the broker."""
    return Catalog(settings)


@pytest.fixture
async def topics(settings: Settings, catalog: Catalog) -> AsyncIterator[Catalog]:
    """The topics of these settings, made on the broker and deleted after the test."""
    await apply_topics(settings)
    yield catalog
    async with closing(await open_admin(settings)) as admin:
        await admin.delete_topics([spec.name for spec in catalog.specs])
