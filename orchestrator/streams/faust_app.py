"""The Faust application: group membership, assignment, the table of customers and the one agent.

What of Faust is used: joining the group, assigning partitions together with those of the table's changelog, fetching in
a thread of its own, opening and closing the table's RocksDB folders, committing offsets, stopping in order. What is
replaced, and why, stands in ``faust_consumer.py`` and ``faust_recovery.py``. Its web server, leader topic, standby
replicas, topic creation and ``exactly_once`` mode are off.
"""

import logging
from collections.abc import Callable
from typing import Protocol, cast

import faust
from faust.types import TP, StreamT
from rocksdict import Rdict

from orchestrator.catalog import Catalog
from orchestrator.settings import Settings
from orchestrator.streams.commit import Acknowledge
from orchestrator.streams.faust_consumer import BatchConsumer, Fetched
from orchestrator.streams.faust_recovery import BatchRecovery
from orchestrator.streams.worker import Chunk

log = logging.getLogger(__name__)

TABLE = "customers"
COMMIT_INTERVAL_S = 1.0
HEARTBEAT_S = 1.5
REBALANCE_TIMEOUT_S = 30.0
# Per partition. Faust's defaults are 2 GiB of cache and three buffers of 64 MiB.
STORE_OPTIONS = {
    "driver": "rocksdict",
    "block_cache_size": 32 << 20,
    "write_buffer_size": 16 << 20,
    "max_write_buffer_number": 2,
    "bloom_filter_size": 10,  # bits per key
}


class Partitions(Protocol):
    """What the application drives: see ``worker.Worker``."""

    async def take_over(self, stores: dict[int, Rdict]) -> None:
        """Becomes the owner of these partitions and of no others."""

    async def let_go(self) -> None:
        """Drops every partition."""

    def check_positions(self, committed: dict[tuple[str, int], int | None]) -> None:
        """Compares committed offsets with the state."""

    async def process(self, chunks: list[Chunk], acknowledge: Acknowledge) -> None:
        """Works one batch off."""


class FaustApp:
    """Builds the Faust application around ``partitions``; ``fail`` is told what must end the process."""

    def __init__(
        self, settings: Settings, catalog: Catalog, partitions: Partitions, fail: Callable[[Exception], None]
    ) -> None:
        self._partitions = partitions
        self._fail = fail
        self._batch_max_records = settings.batch_max_records
        self._changelog = catalog.changelog
        (settings.data_dir / settings.slot).mkdir(parents=True, exist_ok=True)
        self.app = _faust_app(settings, catalog)
        self._table = self.app.Table(
            TABLE,
            partitions=catalog.customer_partitions,
            key_type=bytes,
            value_type=bytes,
            options=dict(STORE_OPTIONS),
        )
        self.app.transport.Consumer = BatchConsumer
        self.app.tables._recovery = BatchRecovery(
            self.app, self.app.tables, self._take_over, self._check_positions, fail
        )
        self.app.on_partitions_revoked.connect(self._on_revoked)
        inputs = self.app.topic(
            catalog.events, catalog.deliveries, catalog.timers, key_type=bytes, value_type=bytes, key_serializer="raw"
        )
        self.app.agent(inputs, concurrency=1, name="customers")(self._work)

    @property
    def consumer(self) -> BatchConsumer:
        """The running consumer."""
        return cast(BatchConsumer, self.app.consumer)

    async def _take_over(self, numbers: set[int]) -> None:
        store = self._table.data
        await self._partitions.take_over({number: store._db_for_partition(number) for number in sorted(numbers)})

    def _check_positions(self) -> None:
        committed = {
            (tp.topic, tp.partition): offset
            for tp, offset in self.consumer.committed().items()
            if tp.topic != self._changelog
        }
        self._partitions.check_positions(committed)

    async def _on_revoked(self, _app: faust.App, revoked: set[TP], **_: object) -> None:
        # The stores are closed next, and RocksDB lets go of its lock only with the last reference.
        await self._partitions.let_go()

    async def _work(self, stream: StreamT[bytes]) -> None:
        """The agent. It reads the channel's queue itself; any failure ends the process without acknowledging."""
        queue = stream.channel.queue
        try:
            while True:
                fetched = [await queue.get()]
                records = len(fetched[0].records)
                while records < self._batch_max_records and not queue.empty():
                    fetched.append(queue.get_nowait())
                    records += len(fetched[-1].records)
                await self._process(fetched)
        except StopAsyncIteration:  # the queue says so when the worker stops
            return
        except Exception as error:  # see ``Service.fail``: nothing may be acknowledged after it
            self._fail(error)

    async def _process(self, fetched: list[Fetched]) -> None:
        consumer = self.consumer
        consumer.drained.set()
        generation = self.app.consumer_generation_id
        # From here to ``idle.clear`` nothing is awaited: a rebalance sees either no batch or the whole of it.
        if not self.app.flow_control.is_active():
            return
        chunks = [Chunk(tp.topic, tp.partition, records) for tp, of, records in fetched if of == generation]
        if not chunks:
            return
        consumer.idle.clear()
        try:
            await self._partitions.process(chunks, consumer.acknowledge)
        finally:
            consumer.idle.set()


def _faust_app(settings: Settings, catalog: Catalog) -> faust.App:
    return faust.App(
        settings.group,
        broker=[f"aiokafka://{address.strip()}" for address in settings.kafka.split(",")],
        store="rocksdb://",
        datadir=str(settings.data_dir / settings.slot),
        processing_guarantee="at_least_once",
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_partitions=catalog.customer_partitions,
        table_standby_replicas=0,
        consumer_group_instance_id=settings.slot,
        consumer_auto_offset_reset="earliest",
        broker_client_id=f"{settings.group}.{settings.slot}",
        broker_commit_interval=COMMIT_INTERVAL_S,
        broker_commit_every=None,
        broker_session_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=HEARTBEAT_S,
        broker_rebalance_timeout=REBALANCE_TIMEOUT_S,
        broker_max_poll_records=settings.batch_max_records,
        stream_wait_empty=True,
    )
