"""The work of the comparison: a count per customer, and a command for every second event. And whether it was done."""

import json
from collections import Counter

from aiokafka.admin import NewTopic

from orchestrator.catalog import Catalog
from orchestrator.errors import Unavailable
from orchestrator.kafka.clients import open_admin
from orchestrator.kafka.tail import Tail
from orchestrator.messages.command import SendCommand
from orchestrator.messages.event import EngagementEvent
from orchestrator.messages.ids import derived_id
from orchestrator.settings import Settings
from tests.worker_process import an_event

PER_COMMAND = 2  # events
AT_MS = 1_767_614_400_000


def command_for(workspace_id: str, customer_id: str, count: int, now_ms: int) -> SendCommand:
    """What is sent for the event that makes the count even; the counting worker sends the same."""
    return SendCommand(
        id=derived_id("command", workspace_id, customer_id, str(count)),
        workspace_id=workspace_id,
        customer_id=customer_id,
        journey_id="count",
        version=1,
        run_id="run",
        step="send",
        visit=count,
        channel="email",
        template="count",
        category="marketing",
        variables={"count": count},
        decided_at_ms=now_ms,
    )


def events(count: int, customers: int) -> list[EngagementEvent]:
    """One event of each customer, then another one of each, and so on: a batch hardly meets a customer twice."""
    return [an_event(number, f"c{number % customers}", time_ms=AT_MS + number) for number in range(count)]


async def create_changelog(settings: Settings, name: str) -> None:
    """The changelog as Faust would create it, but stamped by the broker, so that it tells when a count was changed."""
    configs = {"cleanup.policy": "compact", "message.timestamp.type": "LogAppendTime"}
    admin = await open_admin(settings)
    try:
        await admin.create_topics([NewTopic(name, Catalog(settings).customer_partitions, 1, topic_configs=configs)])
    finally:
        await admin.close()


async def assert_faust_counted(settings: Settings, changelog: str, total: int, customers: int) -> None:
    """Every customer's count is right in the changelog, and there is a command for every second event.

    Raises:
        Unavailable: the work was not done.
    """
    catalog = Catalog(settings)
    counts: dict[str, int] = {}
    async with await Tail.open(settings, "bench", [(changelog, catalog.customer_partitions)]) as tail:
        for record in await tail.read_to_end():
            if record.key is not None and record.value is not None:
                counts[record.key.decode().partition(":")[2]] = json.loads(record.value)
    expected = {f"c{i}": total // customers + (i < total % customers) for i in range(customers)}
    if counts != {name: count for name, count in expected.items() if count}:
        wrong = sum(counts.get(name) != count for name, count in expected.items())
        raise Unavailable(f"checking the plain Faust idiom: {wrong} of {customers} counts are wrong in {changelog}")
    await assert_commands(settings, sum(count // PER_COMMAND for count in expected.values()))


async def assert_commands(settings: Settings, expected: int) -> None:
    """There are so many commands, each once.

    Raises:
        Unavailable: there are more or fewer.
    """
    catalog = Catalog(settings)
    topic = catalog.commands("email")
    ids: Counter[bytes] = Counter()
    async with await Tail.open(settings, "bench", [(topic, catalog.spec(topic).partitions)]) as tail:
        for record in await tail.read_to_end():
            ids[dict(record.headers)["ce_id"]] += 1
    if len(ids) != expected or ids.total() != expected:
        raise Unavailable(f"checking {topic}: {ids.total()} commands with {len(ids)} ids, expected are {expected}")
