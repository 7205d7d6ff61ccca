"""The worker's view of the config topic: read to its end before anything is decided, then followed live.

A reader without a group: every worker sees every record. What it knows is an immutable directory that is replaced as a
whole, so a batch that holds on to one directory is decided by one truth.
"""

import asyncio
import logging
from typing import Generic, NamedTuple, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from orchestrator.errors import DecodeError
from orchestrator.kafka.clients import closing, open_reader
from orchestrator.settings import Settings
from orchestrator.streams.decider import Decider
from orchestrator.telemetry.metrics import CONFIG_REVISION

log = logging.getLogger(__name__)

POLL_MS = 1_000
FETCH_WAIT_MS = 500
# The largest number of records applied before other tasks get their turn.
MAX_RECORDS = 500

D = TypeVar("D")
S = TypeVar("S")


class View(NamedTuple, Generic[D]):
    """A directory, and the offset of the last config record in it (-1: none)."""

    directory: D
    revision: int


class Configs(Generic[D, S]):
    """The current directory. ``view`` may be replaced at every await of the reader of it."""

    def __init__(self, settings: Settings, topic: str, decider: Decider[D, S]) -> None:
        self._settings = settings
        self._partition = TopicPartition(topic, 0)
        self._decider = decider
        self.view: View[D] = View(decider.empty_directory(), -1)
        self.is_complete = asyncio.Event()  # everything that was on the topic at the start has been read

    async def follow(self) -> None:
        """Reads the topic until cancelled.

        Raises:
            KafkaError, Unavailable: when the topic cannot be read; the worker must not go on with an old view.
        """
        reader = await open_reader(self._settings, "configs", fetch_wait_ms=FETCH_WAIT_MS)
        async with closing(reader):
            reader.assign([self._partition])
            await reader.seek_to_beginning(self._partition)
            end = (await reader.end_offsets([self._partition]))[self._partition]
            while True:
                # The position, not the last record: the topic may end in what compaction or a transaction left behind.
                if not self.is_complete.is_set() and await reader.position(self._partition) >= end:
                    self.is_complete.set()
                    log.debug("Read the configs up to revision %d", self.view.revision)
                for record in await self._poll(reader):
                    self._take(record)

    async def _poll(self, reader: AIOKafkaConsumer) -> list[ConsumerRecord[bytes, bytes]]:
        by_partition = await reader.getmany(timeout_ms=POLL_MS, max_records=MAX_RECORDS)
        return list(by_partition.get(self._partition, ()))

    def _take(self, record: "ConsumerRecord[bytes, bytes]") -> None:
        directory = self.view.directory
        try:
            directory = self._decider.with_config(directory, record.key or b"", record.value)
        except DecodeError as error:
            # The API checks what it publishes; whoever wrote this did not. The rest must go on working.
            log.error(
                "Config record %d cannot be used and is left out: %s",
                record.offset,
                error,
                extra={"action": "config_unusable", "offset": record.offset, "reason": error.reason},
            )
        self.view = View(directory, record.offset)
        CONFIG_REVISION.set(record.offset)
