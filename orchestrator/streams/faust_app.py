"""The Faust application: group membership, assignment, the table of customers and the one agent.

What of Faust is used: joining the group, assigning partitions together with those of the table's changelog (and, to
other workers, copies of them), fetching in a thread of its own, opening and closing the table's RocksDB folders,
committing offsets, stopping in order. What is replaced, and why, stands in ``faust_consumer.py`` and
``faust_recovery.py``. Its web server, leader topic, topic creation and ``exactly_once`` mode are off.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Protocol, cast

import faust
from faust.auth import SASLCredentials, SSLCredentials
from faust.tables.recovery import RebalanceAgain
from faust.types import TP, StreamT
from rocksdict import Rdict

from orchestrator.catalog import Catalog
from orchestrator.kafka.security import tls_of
from orchestrator.settings import Settings
from orchestrator.streams.commit import Acknowledge
from orchestrator.streams.faust_consumer import BatchConsumer, Work
from orchestrator.streams.faust_light import NoHttpClient
from orchestrator.streams.faust_recovery import BatchRecovery, PromptTables
from orchestrator.streams.record import InputRecord
from orchestrator.streams.rocksdb import SharedMemory

log = logging.getLogger(__name__)

TABLE = "customers"
COMMIT_INTERVAL_S = 1.0
HEARTBEAT_S = 1.5
REBALANCE_TIMEOUT_S = 30.0


class Partitions(Work, Protocol):
    """What the application drives: see ``worker.Worker``."""

    async def take_over(self, stores: dict[int, Rdict], acknowledge: Acknowledge) -> bool:
        """Becomes the owner of these partitions and of no others; False: it had to let go before it was through."""

    def check_positions(self, positions: dict[tuple[str, int], tuple[int | None, int]]) -> None:
        """Compares what is committed, and where reading goes on, with the state."""

    def feed(self, topic: str, partition: int, records: Sequence[InputRecord]) -> None:
        """Hands consecutive records of a partition over."""

    def stand_by(self, stores: dict[int, Rdict]) -> None:
        """Keeps copies of these partitions up to date."""

    async def let_go(self) -> None:
        """Drops every partition, and every copy."""


class FaustApp:
    """Builds the Faust application around ``partitions``; ``fail`` is told what must end the process.

    The slot's folder is used from the start of the application on, not before.
    """

    def __init__(
        self, settings: Settings, catalog: Catalog, partitions: Partitions, fail: Callable[[Exception], None]
    ) -> None:
        self._partitions = partitions
        self._changelog = catalog.changelog
        self.app = _faust_app(settings, catalog)
        self._table = self.app.Table(
            TABLE,
            partitions=catalog.customer_partitions,
            key_type=bytes,
            value_type=bytes,
            options={"driver": "rocksdict"},
        )
        self._table.data.rocksdb_options = SharedMemory()
        self.app.transport.Consumer = partial(BatchConsumer, partitions)
        self.app.tables._recovery = BatchRecovery(
            self.app, self.app.tables, self._take_over, self._check_positions, self._stand_by, fail
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

    def known_positions(self, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], tuple[int, int]]:
        """Where reading goes on and where it ends, by topic and partition, for those that the client knows about."""
        known = self.consumer.known_positions(TP(topic, partition) for topic, partition in places)
        return {(tp.topic, tp.partition): positions for tp, positions in known.items()}

    async def _take_over(self, numbers: set[int]) -> None:
        if not await self._partitions.take_over(self._stores(numbers), self.consumer.acknowledge):
            raise RebalanceAgain

    def _stand_by(self, numbers: set[int]) -> None:
        self._partitions.stand_by(self._stores(numbers))

    def _stores(self, numbers: set[int]) -> dict[int, Rdict]:
        store = self._table.data
        return {number: store._db_for_partition(number) for number in sorted(numbers)}

    def _check_positions(self) -> None:
        committed = self.consumer.committed()
        starts = self.consumer.starts
        self._partitions.check_positions(
            {(tp.topic, tp.partition): (committed.get(tp), start) for tp, start in starts.items()}
        )

    async def _on_revoked(self, _app: faust.App, revoked: set[TP], **_: object) -> None:
        # The stores are closed next, and RocksDB lets go of its lock only with the last reference.
        await self._partitions.let_go()

    async def _work(self, stream: StreamT[bytes]) -> None:
        """The agent. It reads the queue below the stream: iterating the stream acknowledges what fails."""
        queue = stream.channel.queue
        while True:
            try:
                tp, generation, records = await queue.get()
            except StopAsyncIteration:  # the queue says so when the worker stops
                return
            # Nothing is awaited between these questions and the answer: a rebalance comes before or after.
            if generation == self.app.consumer_generation_id and self.app.flow_control.is_active():
                self._partitions.feed(tp.topic, tp.partition, records)


def _credentials(settings: Settings) -> SASLCredentials | SSLCredentials | None:
    """Kafka's security in Faust's words; Faust leaves out the protocol's name, which follows from the rest."""
    tls = tls_of(settings)
    if settings.kafka_security.startswith("SASL"):
        return SASLCredentials(
            username=settings.kafka_username,
            password=settings.kafka_password.get_secret_value(),
            mechanism=settings.kafka_sasl_mechanism,
            ssl_context=tls,
        )
    return None if tls is None else SSLCredentials(tls)


def _faust_app(settings: Settings, catalog: Catalog) -> faust.App:
    return faust.App(
        settings.group,
        broker=[f"aiokafka://{address.strip()}" for address in settings.kafka.split(",")],
        broker_credentials=_credentials(settings),
        store="rocksdb://",
        TableManager=PromptTables,
        datadir=str(settings.data_dir / settings.slot),
        processing_guarantee="at_least_once",
        web_enabled=False,
        HttpClient=NoHttpClient,
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_partitions=catalog.customer_partitions,
        table_standby_replicas=settings.standbys,
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
