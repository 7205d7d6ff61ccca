"""What a release has left behind, on file: every record of every topic, every row of every table, and what comes later.

Topics are restored so that each record has its old offset, since positions are kept by offset (in the changelog, in the
sink's table, in the group). Offsets without a record are markers of transactions: records before such a hole are
written in a transaction, whose marker fills it.
"""

import asyncio
import io
import lzma
from collections import defaultdict
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

import asyncpg
import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_producer, open_reader, open_transactional_producer
from orchestrator.messages.event import EngagementEvent
from orchestrator.settings import Settings, load_settings
from orchestrator.store.migrate import shipped_migrations
from tests.worker_process import Read, committed_offsets, read_all

FOLDER = Path(__file__).parent
OUR_TABLES = """
select table_name, array_agg(column_name::text order by ordinal_position) as columns
from information_schema.columns
where table_schema = 'public' and is_generated = 'NEVER' and table_name not like '%_migrations'
    and table_name in (select tablename from pg_tables where schemaname = 'public')
group by table_name order by table_name
"""


class Log(msgspec.Struct):
    """A partition: its committed records, and the offset behind everything."""

    topic: str
    number: int
    end: int
    records: list[Read]


class Table(msgspec.Struct):
    """The rows of a table, as COPY writes them."""

    name: str
    columns: list[str]
    rows: bytes


class Estate(msgspec.Struct):
    """All of it. ``migrations``: of the database, with their digests. ``committed``: the group's positions."""

    release: str
    workspace: str
    group: str
    prefix: str
    partitions: int
    key: str
    migrations: dict[str, str]
    logs: list[Log] = []
    committed: list[tuple[str, int, int]] = []
    tables: list[Table] = []
    sequences: dict[str, int] = {}
    later: list[EngagementEvent] = []
    until_ms: int = 0

    def settings(self, kafka: str, postgres: str, data_dir: Path) -> Settings:
        """The settings of that installation, elsewhere."""
        return load_settings(
            kafka=kafka,
            postgres=postgres,
            data_dir=data_dir,
            group=self.group,
            sink_group=f"{self.group}-sink",
            topic_prefix=self.prefix,
            partitions=self.partitions,
            replicas=1,
            time="stream",
        )


def save(estate: Estate) -> Path:
    """Writes the estate of a release; the same estate is the same file."""
    file = FOLDER / f"{estate.release}.estate.xz"
    file.write_bytes(lzma.compress(msgspec.msgpack.encode(estate), preset=9 | lzma.PRESET_EXTREME))
    return file


def load(file: Path) -> Estate:
    """An estate from its file."""
    return msgspec.msgpack.decode(lzma.decompress(file.read_bytes()), type=Estate)


async def read_logs(settings: Settings) -> list[Log]:
    """Every topic, partition by partition."""
    logs: list[Log] = []
    for spec in Catalog(settings).specs:
        found: defaultdict[int, list[Read]] = defaultdict(list)
        for record in await read_all(settings, spec.name):
            found[record.partition].append(record)
        partitions = [TopicPartition(spec.name, number) for number in range(spec.partitions)]
        async with closing(await open_reader(settings, "estate", committed_only=False)) as reader:
            reader.assign(partitions)
            ends = await reader.end_offsets(partitions)
        logs += [Log(at.topic, at.partition, ends[at], found[at.partition]) for at in partitions]
    return logs


async def read_committed(settings: Settings) -> list[tuple[str, int, int]]:
    """The positions of the workers' group."""
    return sorted((topic, number, offset) for (topic, number), offset in (await committed_offsets(settings)).items())


async def read_tables(postgres: str) -> tuple[list[Table], dict[str, int]]:
    """Every row of every table, and how far the sequences are."""
    connection = await asyncpg.connect(postgres)
    try:
        tables = []
        for row in await connection.fetch(OUR_TABLES):
            rows = io.BytesIO()
            await connection.copy_from_table(row["table_name"], columns=row["columns"], output=rows)
            tables.append(Table(row["table_name"], row["columns"], rows.getvalue()))
        sequences = await connection.fetch("select sequencename, last_value from pg_sequences where last_value > 0")
        return tables, {row["sequencename"]: row["last_value"] for row in sequences}
    finally:
        await connection.close()


def migrations_of(names: Collection[str], folder: Path) -> Path:
    """A folder with those migrations of this program alone, as that release had them."""
    folder.mkdir()
    for migration in shipped_migrations():
        if migration.name in names:
            (folder / migration.name).write_text(migration.sql)
    return folder


async def restore_tables(estate: Estate, postgres: str) -> None:
    """Fills the tables, which are those of that release."""
    connection = await asyncpg.connect(postgres)
    try:
        await connection.execute("set session_replication_role = replica")  # rows come in any order
        for table in estate.tables:
            await connection.execute(f'truncate "{table.name}" cascade')
        for table in estate.tables:
            await connection.copy_to_table(table.name, columns=table.columns, source=io.BytesIO(table.rows))
        for name, value in estate.sequences.items():
            await connection.execute("select setval(format('%I', $1::text)::regclass, $2)", name, value)
    finally:
        await connection.close()


async def restore_topics(estate: Estate, settings: Settings) -> None:
    """Writes every record at its offset, and sets the group where it was.

    Raises:
        AssertionError: a hole of another form than a clean run leaves.
    """
    runs = {(log.topic, log.number): runs_of(log) for log in estate.logs}
    opened = open_transactional_producer(settings, "estate", f"{settings.group}.estate", linger_ms=5)
    async with (
        closing(await opened) as with_marker,
        closing(await open_producer(settings, "estate", linger_ms=5)) as without,
    ):
        while any(runs.values()):
            round_ = [(*place, left.pop(0)) for place, left in runs.items() if left]
            await _write(without, ((topic, number, run.records) for topic, number, run in round_ if not run.has_marker))
            if marked := [(topic, number, run.records) for topic, number, run in round_ if run.has_marker]:
                async with with_marker.transaction():
                    await _write(with_marker, marked)
    ends = {(log.topic, log.number): log.end for log in estate.logs}
    restored = {(log.topic, log.number): log.end for log in await read_logs(settings)}
    assert {place: restored[place] for place in ends} == ends  # a newer release may have more topics
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka, group_id=settings.group, enable_auto_commit=False, auto_offset_reset="none"
    )
    await consumer.start()
    try:
        positions = {TopicPartition(topic, number): offset for topic, number, offset in estate.committed}
        consumer.assign(list(positions))
        await consumer.commit(positions)
    finally:
        await consumer.stop()


class Run(NamedTuple):
    """Records one behind the other, and whether the marker of a transaction follows them."""

    records: list[Read]
    has_marker: bool


def runs_of(log: Log) -> list[Run]:
    """The records of a partition between its holes.

    Raises:
        AssertionError: a hole of another form than a clean run leaves: more than a marker, or one without records.
    """
    runs: list[Run] = []
    run: list[Read] = []
    for record in log.records:
        if run and record.offset != run[-1].offset + 1:
            runs.append(Run(run, has_marker=True))
            run = []
        run.append(record)
    if run:
        runs.append(Run(run, has_marker=run[-1].offset + 1 < log.end))
    assert log.end == sum(len(each.records) + each.has_marker for each in runs), f"{log.topic}/{log.number}: a hole"
    return runs


async def _write(producer: AIOKafkaProducer, runs: Iterable[tuple[str, int, list[Read]]]) -> None:
    """One behind the other as they are given, and awaited as a whole."""
    sent = []
    for topic, number, records in runs:
        for read in records:
            headers = list(read.headers.items())
            sent.append(await producer.send(topic, read.value, key=read.key, partition=number, headers=headers))
    await asyncio.gather(*sent)
