"""Copies of partitions that other workers own, kept up to date, so that taking one of them over takes no recovery.

Faust's assignor says which (``ORCHESTRATOR_STANDBYS`` copies of each partition, on as many workers) and gives a
partition to a worker that has its copy. Faust's own way of following was replaced with the rest of its recovery. Here a
reader of committed records follows the changelogs and writes what it reads into the same folders that recovery uses:
when a copy becomes the partition's store, recovery finds nearly nothing left to read.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError
from rocksdict import Rdict

from orchestrator.kafka.clients import closing, open_reader
from orchestrator.settings import Settings
from orchestrator.streams.recovery import Changelog, apply, empty_outdated
from orchestrator.streams.stored import OFFSET_KEY, decode_offset
from orchestrator.telemetry.metrics import STANDBY_LAG, STANDBYS

log = logging.getLogger(__name__)

POLL_MS = 1_000
# Written at a time: what the event loop is held up by, some milliseconds.
MAX_RECORDS = 2_000


class Standby:
    """Follows partitions from one assignment of the group to the next. ``fail`` is told what must end the process."""

    def __init__(self, settings: Settings, changelog: Changelog, fail: Callable[[Exception], None]) -> None:
        self._settings = settings
        self._changelog = changelog
        self._fail = fail
        self._following: asyncio.Task[None] | None = None

    def follow(self, stores: Mapping[int, Rdict]) -> None:
        """Follows these partitions from now on; ``let_go`` comes before."""
        STANDBYS.set(len(stores))
        if stores:
            extra = {"action": "standing_by", "partitions": sorted(stores)}
            log.info("Keeps copies of %d partitions of others", len(stores), extra=extra)
            self._following = asyncio.create_task(self._guarded(stores))

    async def let_go(self) -> None:
        """Writes nothing more into the stores, and drops them."""
        STANDBYS.set(0)
        STANDBY_LAG.set(0)
        following, self._following = self._following, None
        if following is not None:
            following.cancel()
            await asyncio.wait([following])

    async def _guarded(self, stores: Mapping[int, Rdict]) -> None:
        try:
            await self._follow(
                {TopicPartition(self._changelog.name, number): store for number, store in stores.items()}
            )
        except Exception as error:  # such as a damaged store or a full disk: the one place that ends the process knows
            self._fail(error)

    async def _follow(self, stores: dict[TopicPartition, Rdict]) -> None:
        reader = await open_reader(self._settings, "standby", start="none")
        async with closing(reader):
            await empty_outdated(reader, stores, await reader.end_offsets(list(stores)), self._changelog.trusted_ms)
            await _seek(reader, stores)
            while stores:
                try:
                    fetched = await reader.getmany(timeout_ms=POLL_MS, max_records=MAX_RECORDS)
                except OffsetOutOfRangeError as error:
                    _leave(stores, error.args[0])
                    await _seek(reader, stores)
                    continue
                for place, records in fetched.items():
                    apply(stores[place], records)
                STANDBY_LAG.set(await _lag(reader, stores))


async def _seek(reader: AIOKafkaConsumer, stores: Mapping[TopicPartition, Rdict]) -> None:
    """Has the reader go on where each store has come to."""
    reader.assign(list(stores))
    # By the offset: seeking "to the beginning" is no use to a reader that must not begin anywhere by itself.
    beginnings = await reader.beginning_offsets(list(stores))
    for place, store in stores.items():
        applied = decode_offset(store.get(OFFSET_KEY))
        reader.seek(place, beginnings[place] if applied is None else applied + 1)


def _leave(stores: dict[TopicPartition, Rdict], places: Mapping[TopicPartition, int]) -> None:
    """Leaves copies alone that are not of these changelogs: whoever takes them over will say what to do."""
    for place, offset in places.items():
        del stores[place]
        log.error(
            "The copy of %s/%d goes on at offset %d, which the changelog does not have; it is not followed",
            place.topic,
            place.partition,
            offset,
            extra={"action": "standby_left", "topic": place.topic, "partition": place.partition},
        )


async def _lag(reader: AIOKafkaConsumer, places: Mapping[TopicPartition, object]) -> int:
    """Offsets that are committed and not followed yet, as far as the client knows."""
    lag = 0
    for place in places:
        end = reader.last_stable_offset(place)
        if end is not None:
            lag += max(0, end - await reader.position(place))
    return lag
