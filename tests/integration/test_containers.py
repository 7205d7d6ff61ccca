"""The tests' stack from containers: its calls to a Docker engine, and that what it asks for is a stack that works.

There is no engine here. A stand-in (tests/docker_engine.py) answers, and starts the broker under exactly the
environment that is asked for. What it cannot show is that the images do as their makers say.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.docker_engine import engine
from tests.stack import KAFKA_IMAGE, POSTGRES_IMAGE, kafka_environment
from tests.worker_process import ROOT, unconfigured

pytestmark = pytest.mark.integration

# A process of its own: testcontainers reads the engine's address when it is imported.
USE = """
import asyncio, os
from orchestrator.kafka.topics import apply_topics, plan_topics
from orchestrator.kafka.trial import try_transaction
from orchestrator.catalog import Catalog
from orchestrator.settings import load_settings
from orchestrator.store.migrate import migrate
from orchestrator.store.pool import open_pool
from tests.stack import Kind, choose, docker_answers, running_stack

async def use(stack):
    settings = load_settings(kafka=stack.kafka, postgres=stack.postgres, replicas=1, partitions=1)
    await apply_topics(settings)
    assert (await plan_topics(settings)).is_empty
    await try_transaction(settings, Catalog(settings).dead_letters, 30)
    pool = await open_pool(settings, patience_s=30)
    assert await migrate(pool)
    await pool.close()

kind = choose(os.environ, docker_answers)
assert kind is Kind.CONTAINERS, kind
with running_stack(kind) as stack:
    asyncio.run(use(stack))
    print(stack.kafka)
"""


def test_a_stack_from_containers_is_asked_for_works_and_is_removed() -> None:
    with tempfile.TemporaryDirectory(prefix="docker-") as folder:  # a socket's path must be short
        Path(folder).chmod(0o711)
        with engine(Path(folder)) as (address, asked):
            environment = {**unconfigured(), "DOCKER_HOST": address, "TESTCONTAINERS_RYUK_DISABLED": "true"}
            environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), environment.get("PYTHONPATH", "")])
            used = subprocess.run(
                [sys.executable, "-c", USE], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240
            )
            assert used.returncode == 0, used.stderr[-4_000:]
            kafka, postgres = asked.containers.values()
            assert asked.pulled == [KAFKA_IMAGE, POSTGRES_IMAGE]
            assert (kafka.image, postgres.image) == (KAFKA_IMAGE, POSTGRES_IMAGE)
            assert kafka.environment == kafka_environment(used.stdout.split()[-1])
            assert kafka.ports == {"9092/tcp": used.stdout.split(":")[-1].strip()}
            assert kafka.is_removed
            assert postgres.is_removed
