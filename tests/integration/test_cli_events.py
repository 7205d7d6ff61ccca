"""Events from the command line: sent over the API, and seen in Kafka as they come."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_producer
from orchestrator.messages.codec import encode_event
from orchestrator.settings import Settings
from tests.api_session import ApiSession
from tests.builders import MONDAY_NOON, an_event
from tests.conftest import PARTITIONS
from tests.integration.test_cli_api import Desk, desk, session
from tests.worker_process import unconfigured

pytestmark = pytest.mark.integration

__all__ = ["desk", "session"]  # fixtures
PATIENCE_S = 120


@asynccontextmanager
async def tailing(settings: Settings, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`events tail`, ended after the block if it has not ended by itself."""
    environment = {
        **unconfigured(),
        "ORCHESTRATOR_KAFKA": settings.kafka,
        "ORCHESTRATOR_GROUP": settings.group,
        "ORCHESTRATOR_TOPIC_PREFIX": settings.topic_prefix,
        "ORCHESTRATOR_PARTITIONS": str(PARTITIONS),
    }
    command = (sys.executable, "-m", "orchestrator", "events", "tail", "--json", *options)
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def told(settings: Settings, *options: str) -> list[dict[str, Any]]:
    """What it prints of what is there."""
    async with tailing(settings, "--no-follow", *options) as process:
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return [json.loads(line) for line in out.decode().splitlines()]


async def test_a_file_is_sent_and_sent_again_and_seen_in_kafka(
    desk: Desk, session: ApiSession, settings: Settings, topics: Catalog
) -> None:
    events = [
        {"id": f"e-{n}", "type": "order.placed", "customer_id": f"c{n % 7}", "source": "shop"} for n in range(1_200)
    ]
    (desk.folder / "events.jsonl").write_text("\n".join(json.dumps(each) for each in [*events, {"id": "bad"}]))
    stopped = await desk.types("events", "send", "events.jsonl")
    assert stopped.code == 1
    assert "events.jsonl, line 1201: malformed at $.type" in stopped.err
    again = await desk.types("events", "send", "events.jsonl", "--skip-refused", "refused.jsonl")
    assert (again.code, again.out) == (0, "published 1,200 events; 1 refused, in refused.jsonl\n")
    assert (desk.folder / "refused.jsonl").read_text() == '{"id": "bad"}\n'

    async with closing(await open_producer(settings, "test")) as producer:
        await producer.send_and_wait(topics.events, b"\x00\x00\x00\x00\x07\x06abc", b"acme:c1")
        await producer.send_and_wait(topics.events, b"no json", None, partition=0)
    found = await told(settings)
    assert len(found) == 2_402
    assert sorted(each["problem"] for each in found if each["message"] is None) == [
        "malformed",
        "unsupported_encoding",
    ]
    of_one = await told(settings, "--customer", "c1", "--type", "order.placed", "--since", "10m", "--workspace", "acme")
    ids = [each["message"]["id"] for each in of_one if each["message"]]
    assert sorted(ids) == sorted(2 * [each["id"] for each in events if each["customer_id"] == "c1"])
    assert [each["problem"] for each in of_one if not each["message"]] == ["unsupported_encoding"]
    assert len(await told(settings, "--limit", "3")) == 3
    assert await told(settings, "--topic", "journeys.activities.v1") == []


async def test_what_comes_is_shown_as_it_comes(settings: Settings, topics: Catalog) -> None:
    async with tailing(settings, "--limit", "2") as process, closing(await open_producer(settings, "test")) as producer:
        assert process.stderr is not None
        assert process.stdout is not None
        while b"watching" not in (line := await process.stderr.readline()):
            assert line, "it has ended"
        for number in range(2):
            record = encode_event(an_event("order.placed", MONDAY_NOON, f"e-{number}"))
            await producer.send_and_wait(topics.events, record.value, record.key, headers=record.headers)
            shown = json.loads(await process.stdout.readline())
            assert (shown["topic"], shown["message"]["id"]) == (topics.events, f"e-{number}")
        assert await process.wait() == 0


async def test_a_topic_that_is_none_is_told_with_those_that_there_are(settings: Settings) -> None:
    async with tailing(settings, "--topic", "nowhere") as process:
        _, err = await process.communicate()
    assert process.returncode == 2
    assert "journeys.activities.v1" in err.decode().replace("\n", "").replace(" ", "").replace("│", "")
