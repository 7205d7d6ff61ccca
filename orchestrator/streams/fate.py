"""Makes sure of what became of a partition's last transaction before the next one begins.

A commit is confirmed when the coordinator has written down that it is decided; the markers that make the records
visible reach the partitions afterwards. A broker that is killed in between can lose them for good (measured on Kafka
4.3.1: docs/decisions.md). What was confirmed then hangs, invisible, and the next transaction of the same producer would
take it along: if that one is aborted, records are gone whose input is acknowledged. (And what was aborted and hangs
would be committed with it.) So:

- *While a partition is owned*, the next transaction begins only when the last one has ended everywhere (``settle``).
  Where it stays open, a marker of our own ends it. That is safe at any time: the coordinator admits a transaction only
  when it is through with the one before.
- *When a partition is taken over*, the coordinator is asked what it decided about the former owner's last transaction,
  before fencing changes the answer; what hangs afterwards is ended just so (``take_over``).

The look costs one request for the offsets up to which all is decided. It is taken as soon as the transaction is ended,
beside everything else, so that only a batch that follows at once has to wait for it.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import NamedTuple, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from orchestrator.errors import ProcessingHalted
from orchestrator.kafka.clients import closing, open_admin, open_reader
from orchestrator.kafka.transactions import (
    TransactionState,
    end_hanging,
    open_transactions,
    still_open,
    transaction_state,
)
from orchestrator.settings import Settings
from orchestrator.streams.producers import open_partition_producers, stop_producers, transactional_id

log = logging.getLogger(__name__)

T = TypeVar("T")

# Markers take a few milliseconds. A partition without a leader takes seconds to get one.
HANGING_S = 5.0
# Then the worker ends; its restart asks the coordinator anew.
MOST_MARKERS = 10
PATIENCE_S = 60.0
FIRST_LOOK_S = 0.004  # sooner, the markers are seldom there: 1.8 looks a transaction instead of 1.0
FIRST_PAUSE_S = 0.002
LONGEST_PAUSE_S = 0.25
UNKNOWN = -1  # the offset of a record for which the broker did not tell it


class Transaction(NamedTuple):
    """A transaction that was ended: the offset of the last record in each partition, and how it was ended."""

    written: Mapping[TopicPartition, int]
    is_committed: bool


class Fate:
    """Looks after the transactions of all partitions of a worker, with one reader that is opened at the first look."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reader: AIOKafkaConsumer | None = None
        self._opening = asyncio.Lock()

    async def settle(self, number: int, producer: AIOKafkaProducer, last: Transaction) -> None:
        """Comes back when readers of committed records see what became of all that ``last`` has written.

        While the broker does not answer this waits: nothing else could be done by then either.

        Raises:
            ProcessingHalted: it could not be made visible.
            KafkaError: the broker refused the marker; ``ProducerFenced`` for a former owner.
        """
        await asyncio.sleep(FIRST_LOOK_S)
        # Without an offset there is nothing to compare: such a partition gets a marker, which does no harm.
        if unsure := [place for place, offset in last.written.items() if offset == UNKNOWN]:
            await end_hanging(producer, unsure, commit=last.is_committed)
        left = await self._open_for_long({place: o for place, o in last.written.items() if o != UNKNOWN})
        for _ in range(MOST_MARKERS):
            if not left:
                return
            # The marker may be lost as the first one was, when the broker is killed once more.
            await end_hanging(producer, left, commit=last.is_committed)
            _tell(number, left, commit=last.is_committed)
            left = await self._open_for_long(left)
        if left:
            raise ProcessingHalted(
                f"partition {number}: a transaction was ended and is still open in {_names(left)}, after "
                f"{MOST_MARKERS} markers of our own; the worker stops, and its restart looks at it anew"
            )

    async def close(self) -> None:
        """Lets go of the reader."""
        reader, self._reader = self._reader, None
        if reader is not None:
            await reader.stop()

    async def _open_for_long(self, written: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, int]:
        """What of ``written`` is still open ``HANGING_S`` after the broker said so for the first time."""
        began: float | None = None
        pause_s = FIRST_PAUSE_S
        left = written
        while left:
            try:
                left = await still_open(await self._opened(), left)
            except KafkaError as error:
                log.debug("Asking what has ended: %r", error)
            else:
                began = time.monotonic() if began is None else began
                if time.monotonic() - began >= HANGING_S:
                    break
            if left:
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
        return left

    async def _opened(self) -> AIOKafkaConsumer:
        async with self._opening:
            if self._reader is None:
                self._reader = await open_reader(self._settings, "fate")
            return self._reader


async def take_over(
    settings: Settings, numbers: Iterable[int], outputs: Collection[TopicPartition]
) -> dict[int, AIOKafkaProducer]:
    """Starts the producers of these partitions, which fences their former owners, and ends what hangs of theirs.

    ``outputs``: every partition that a worker may write to.

    Raises:
        ProcessingHalted: something hangs that cannot be ended.
        KafkaError: as starting a producer may.
    """
    wanted = sorted(numbers)
    if not wanted:  # more workers than partitions
        return {}
    async with closing(await open_admin(settings, "fate")) as admin:
        before = {number: await _asked(admin, transactional_id(settings, number)) for number in wanted}
        producers = await open_partition_producers(settings, wanted)
        try:
            await _end_hanging(admin, before, producers, outputs)
        except BaseException:
            await stop_producers(producers.values())
            raise
    return producers


async def _end_hanging(
    admin: AIOKafkaAdminClient,
    before: Mapping[int, TransactionState | None],
    producers: Mapping[int, AIOKafkaProducer],
    outputs: Collection[TopicPartition],
) -> None:
    owner_of = {state.producer_id: number for number, state in before.items() if state is not None}
    for _ in range(MOST_MARKERS):
        hanging = await _hanging_for_long(admin, outputs, owner_of)
        if not hanging:
            return
        for number, places in hanging.items():
            state = before[number]
            commit = state is not None and state.is_confirmed
            await end_hanging(producers[number], places, commit=commit)
            _tell(number, places, commit=commit)
    if hanging := await _hanging_for_long(admin, outputs, owner_of):
        raise ProcessingHalted(
            f"taking over: transactions of the former owner hang in {_names(set().union(*hanging.values()))}, and "
            f"{MOST_MARKERS} markers did not end them. Look at `kafka-transactions.sh find-hanging`"
        )


async def _hanging_for_long(
    admin: AIOKafkaAdminClient, outputs: Collection[TopicPartition], owner_of: Mapping[int, int]
) -> dict[int, list[TopicPartition]]:
    """What former owners have open for ``HANGING_S``: markers that are on their way arrive by then."""
    began = time.monotonic()
    pause_s = FIRST_PAUSE_S
    while (hanging := await _hanging(admin, outputs, owner_of)) and time.monotonic() - began < HANGING_S:
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
    return hanging


async def _hanging(
    admin: AIOKafkaAdminClient, outputs: Collection[TopicPartition], owner_of: Mapping[int, int]
) -> dict[int, list[TopicPartition]]:
    """By owned partition, where its former owner has something open."""
    found: dict[int, list[TopicPartition]] = {}
    for place, producer_ids in (await _patiently(lambda: open_transactions(admin, outputs))).items():
        for producer_id in producer_ids & owner_of.keys():
            found.setdefault(owner_of[producer_id], []).append(place)
    return found


async def _asked(admin: AIOKafkaAdminClient, id_: str) -> TransactionState | None:
    return await _patiently(lambda: transaction_state(admin, id_))


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Asks until there is an answer: coordinators and leaders may be moving.

    Raises:
        KafkaError: what will not go away by waiting, or has not within ``PATIENCE_S``.
    """
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return await ask()
        except (KafkaError, TimeoutError) as error:
            is_passing = isinstance(error, TimeoutError) or error.retriable or type(error) is KafkaError
            if not is_passing or time.monotonic() > deadline:
                raise
        await asyncio.sleep(LONGEST_PAUSE_S)


def _tell(number: int, places: Iterable[TopicPartition], *, commit: bool) -> None:
    log.warning(
        "Partition %d: a transaction that was %s had stayed open in %s; a marker of our own has ended it",
        number,
        "committed" if commit else "aborted",
        _names(places),
        extra={"action": "transaction_settled", "partition": number, "committed": commit},
    )


def _names(places: Iterable[TopicPartition]) -> str:
    return ", ".join(sorted(f"{place.topic}/{place.partition}" for place in places))
