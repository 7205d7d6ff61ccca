"""The work of the comparison: a count per customer, and a command for every second event. And whether it was done."""

from collections import Counter
from collections.abc import Callable

from aiokafka.admin import NewTopic

from orchestrator.catalog import Catalog
from orchestrator.errors import Unavailable
from orchestrator.kafka.clients import open_admin
from orchestrator.kafka.tail import Tail, TailRecord
from orchestrator.messages.codec import encode_command
from orchestrator.messages.event import EngagementEvent
from orchestrator.settings import Settings
from tests.bench.command import PER_COMMAND, command_for
from tests.worker_process import an_event

AT_MS = 1_767_614_400_000

ReadCount = Callable[[bytes, bytes], tuple[str, int]]


def events(count: int, customers: int) -> list[EngagementEvent]:
    """One event of each customer, then another one of each, and so on: a batch hardly meets a customer twice."""
    return [an_event(number, f"c{number % customers}", time_ms=AT_MS + number) for number in range(count)]


async def create_changelog(settings: Settings, name: str) -> None:
    """The changelog as the peer would create it, but stamped by the broker, so that it tells when a count was kept."""
    configs = {"cleanup.policy": "compact", "message.timestamp.type": "LogAppendTime"}
    admin = await open_admin(settings)
    try:
        await admin.create_topics([NewTopic(name, Catalog(settings).customer_partitions, 1, topic_configs=configs)])
    finally:
        await admin.close()


async def assert_counted(settings: Settings, changelog: str, read: ReadCount, total: int, customers: int) -> None:
    """Every customer's count is right in the changelog, and there is just the right command for every second event.

    ``read`` says what a record of the changelog means: the key of a customer, and the count.

    Raises:
        Unavailable: the work was not done.
    """
    counts: dict[str, int] = {}
    for record in await _records(settings, changelog):
        if record.key is not None and record.value is not None:
            key, count = read(record.key, record.value)
            counts[key.partition(":")[2]] = count
    expected = {f"c{i}": total // customers + (i < total % customers) for i in range(customers)}
    if counts != {name: count for name, count in expected.items() if count}:
        wrong = sum(counts.get(name) != count for name, count in expected.items())
        raise Unavailable(f"checking {changelog}: {wrong} of {customers} counts are wrong")
    await _assert_same_commands(settings, expected)


async def _assert_same_commands(settings: Settings, counts: dict[str, int]) -> None:
    """Each command is there once, and is byte for byte what the Python programs write."""
    due = {}
    for number, (customer, most) in enumerate(counts.items()):
        for count in range(PER_COMMAND, most + 1, PER_COMMAND):
            record = encode_command(command_for("acme", customer, count, AT_MS + (count - 1) * len(counts) + number))
            due[record.key, count] = (record.value, tuple(record.headers))
    topic = Catalog(settings).commands("email")
    records = await _records(settings, topic)
    found = Counter((record.value, record.headers) for record in records)
    missing = [key for key, command in due.items() if found[command] != 1]
    if missing or len(records) != len(due):
        example = f", such as the one for {missing[0]}" if missing else ""
        raise Unavailable(
            f"checking {topic}: {len(records)} commands, expected are {len(due)}; "
            f"{len(missing)} of them are not there just once{example}"
        )


async def assert_commands(settings: Settings, expected: int) -> None:
    """There are so many commands, each once.

    Raises:
        Unavailable: there are more or fewer.
    """
    topic = Catalog(settings).commands("email")
    ids = Counter(dict(record.headers)["ce_id"] for record in await _records(settings, topic))
    if len(ids) != expected or ids.total() != expected:
        raise Unavailable(f"checking {topic}: {ids.total()} commands with {len(ids)} ids, expected are {expected}")


async def _records(settings: Settings, topic: str) -> list[TailRecord]:
    async with await Tail.open(settings, "bench", [(topic, Catalog(settings).customer_partitions)]) as tail:
        return await tail.read_to_end()
