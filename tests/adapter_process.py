"""An adapter in a process of its own, the commands it is given and the reports it makes."""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from orchestrator.catalog import Catalog
from orchestrator.kafka.tail import Tail
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import decode_delivery, encode_command
from orchestrator.messages.command import SendCommand
from orchestrator.messages.event import DeliveryEvent
from orchestrator.messages.key import partition_of
from orchestrator.settings import Settings
from tests.worker_process import PATIENCE_S, WorkerProcess, produce, read_all

ADAPTER = ("-m", "orchestrator", "adapter")


def a_command(number: int, channel: str = "push", customers: int = 10, **changes: Any) -> SendCommand:
    """Command ``number``, of one of so many customers."""
    fields: dict[str, Any] = {
        "id": f"command-{number}",
        "workspace_id": "acme",
        "customer_id": f"c{number % customers}",
        "journey_id": "journey-1",
        "version": 1,
        "run_id": f"run-{number}",
        "step": "hello",
        "visit": 0,
        "channel": channel,
        "template": "welcome",
        "category": "marketing",
        "variables": {"number": number},
        "decided_at_ms": 1_767_614_400_000,
    }
    return SendCommand(**{**fields, **changes})


def an_adapter(settings: Settings, *words: str, slot: str = "adapter", **environment: str) -> WorkerProcess:
    """``orchestrator adapter WORDS``, with ``ORCHESTRATOR_…`` settings by their names in small letters."""
    given = {f"ORCHESTRATOR_{name.upper()}": value for name, value in environment.items()}
    group = {"ORCHESTRATOR_ADAPTER_GROUP": f"{settings.group}-adapter"}
    return WorkerProcess(settings, slot, (*ADAPTER, *words), **{**group, **given})


async def command(settings: Settings, commands: Iterable[SendCommand]) -> None:
    """Publishes commands, each where it belongs."""
    catalog = Catalog(settings)
    by_topic: defaultdict[str, defaultdict[int, list[Encoded]]] = defaultdict(lambda: defaultdict(list))
    for each in commands:
        topic, record = catalog.commands(each.channel), encode_command(each)
        by_topic[topic][partition_of(record.key, catalog.spec(topic).partitions)].append(record)
    for topic, by_partition in by_topic.items():
        await produce(settings, topic, by_partition)


async def answered(settings: Settings, number: int) -> None:
    """Waits until so many reports are there."""
    catalog = Catalog(settings)
    seen, deadline = 0, time.monotonic() + PATIENCE_S
    partitions = catalog.spec(catalog.deliveries).partitions
    async with await Tail.open(settings, "test", [(catalog.deliveries, partitions)]) as tail:
        while seen < number:
            seen += len(await tail.read())
            assert time.monotonic() < deadline, f"{seen} of {number} reports"


async def reports(settings: Settings) -> list[DeliveryEvent]:
    """Every report so far, committed, in the order of each partition."""
    read = await read_all(settings, Catalog(settings).deliveries)
    return [decode_delivery(each.key, each.value, list(each.headers.items()), each.timestamp_ms) for each in read]


def written(folder: Path) -> list[dict[str, Any]]:
    """What the file adapter wrote, in the order of each partition."""
    files = sorted(folder.glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def times_written(folder: Path) -> Counter[str]:
    """How often each command went out."""
    return Counter(line["id"] for line in written(folder))
