"""The programs of docs/publishing.md, run as they stand: what they publish is where a worker looks for it."""

import asyncio
import os
import shutil
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from orchestrator.catalog import Catalog
from orchestrator.local.jars import find_java, kafka_jars
from orchestrator.messages.codec import decode_engagement
from orchestrator.messages.event import EngagementEvent
from orchestrator.messages.key import partition_of
from orchestrator.settings import Settings
from tests.api_session import listening, serving
from tests.conftest import PARTITIONS
from tests.stack import JARS
from tests.worker_process import read_all

pytestmark = pytest.mark.integration

PROGRAMS = Path(__file__).parents[2] / "docs" / "examples" / "publishing"
KAFKAJS = "kafkajs@2.2.4"
NODE_FOLDER = JARS.parents[1] / "node" / KAFKAJS  # kept between runs, as the broker's jars are
PATIENCE_S = 240
# Ids whose bytes clients in other languages could take otherwise; the last is longer than a word of the hash.
CUSTOMERS = ("c1", "c2", "c3", "crm:7", "Ana Müller", "客户-9", "😀", "x" * 41)


async def run(command: Sequence[str], environment: Mapping[str, str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, "LC_ALL": "C.UTF-8", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(PATIENCE_S):
        told, _ = await process.communicate()
    assert process.returncode == 0, (command, told.decode())


def tool(name: str) -> str:
    found = shutil.which(name)
    assert found, f"there is no {name} on this machine: without it nothing shows that docs/publishing.md is right"
    return found


async def node_modules() -> Path:
    """A folder with kafkajs in it, fetched once."""
    modules = NODE_FOLDER / "node_modules"
    if not (modules / "kafkajs" / "package.json").is_file():
        NODE_FOLDER.mkdir(parents=True, exist_ok=True)
        fetch = ("install", "--prefix", str(NODE_FOLDER), "--no-audit", "--no-fund", "--ignore-scripts", KAFKAJS)
        await run((tool("npm"), *fetch), {})
    return modules


async def test_what_each_program_publishes_is_in_the_partition_of_its_customer_and_is_read(
    settings: Settings, topics: Catalog
) -> None:
    kafka = {"KAFKA": settings.kafka, "TOPIC": topics.events, "WORKSPACE": "acme"}
    node = {**kafka, "NODE_PATH": str(await node_modules())}
    jars = kafka_jars(JARS, lambda _: None)
    await run((sys.executable, str(PROGRAMS / "publish.py"), *CUSTOMERS), kafka)
    await run((find_java(), "-cp", f"{jars}/*", str(PROGRAMS / "Publish.java"), *CUSTOMERS), kafka)
    await run((tool("node"), str(PROGRAMS / "publish.js"), *CUSTOMERS), node)
    async with serving(settings) as api, listening(api) as address:
        http = {"API_URL": address, "API_KEY": await api.key(role="publisher")}
        await run((tool("bash"), str(PROGRAMS / "publish.sh"), *CUSTOMERS), http)

    found: defaultdict[str, list[EngagementEvent]] = defaultdict(list)
    for record in await read_all(settings, topics.events):
        assert record.key is not None
        event = decode_engagement(record.key, record.value, list(record.headers.items()), 0)
        assert record.partition == partition_of(record.key, PARTITIONS), event
        found[event.source].append(event)
    assert set(found) == {"shop/python", "shop/java", "shop/node", "shop/curl"}
    for source, events in found.items():
        said = {(event.workspace_id, event.customer_id, event.id, event.type) for event in events}
        assert said == {("acme", customer, f"order-of-{customer}", "order.placed") for customer in CUSTOMERS}, source
        assert {(event.data["amount"], event.data["items"]) for event in events} == {(12.5, 3)}
        assert all(event.time_ms > 0 for event in events)  # its own, not that of the record
