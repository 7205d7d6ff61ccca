"""Puts an adapter to the test: publishes the exercise, watches the reports, has it restarted, and asks the judge."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from orchestrator.adapters.conformance.exercise import WORKSPACE, Published, Wish, first_part, second_part
from orchestrator.adapters.conformance.judgement import ANSWERS, Evidence, Observed, Verdict, judge
from orchestrator.adapters.partition import clock_ms
from orchestrator.catalog import Catalog
from orchestrator.errors import DecodeError
from orchestrator.kafka.outgoing import Outgoing
from orchestrator.kafka.publisher import Publisher
from orchestrator.kafka.tail import Tail, TailRecord
from orchestrator.messages.codec import decode_delivery
from orchestrator.settings import Settings

QUIET_S = 3.0  # how long second answers are waited for when all have their first

Restart = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Check:
    """What is checked. ``patience_s``: how long answers are waited for, before and after the restart each."""

    wish: Wish
    patience_s: float
    rate_per_s: float = 0.0
    restart: Restart | None = None


async def check(settings: Settings, asked: Check) -> list[Verdict]:
    """The verdicts on whatever reads the channel's commands now.

    Raises:
        Unavailable: the cluster does not answer.
    """
    catalog = Catalog(settings)
    topic = catalog.commands(asked.wish.channel)
    count = catalog.spec(catalog.deliveries).partitions
    tail = await Tail.open(settings, "conformance", [(catalog.deliveries, count)])
    async with tail:
        await tail.go_to_end()
        watch = _Watch(tail, asked.wish.mark)
        began_ms = clock_ms()
        first = first_part(asked.wish, began_ms)
        await _publish(settings, topic, first)
        await watch.until_answered(first, asked.patience_s)
        published, restarted_ms = first, None
        if asked.restart is not None:
            await asked.restart()
            restarted_ms = clock_ms()
            second = second_part(asked.wish, first, restarted_ms)
            await _publish(settings, topic, second)
            await watch.until_answered(second, asked.patience_s)
            published = [*first, *second]
        return judge(
            Evidence(
                published=published,
                observed=watch.observed,
                delivery_partitions=count,
                began_ms=began_ms,
                ended_ms=clock_ms(),
                restarted_ms=restarted_ms,
                rate_per_s=asked.rate_per_s,
            )
        )


class _Watch:
    """What was seen so far of the check's own reports."""

    def __init__(self, tail: Tail, mark: str) -> None:
        self.observed: list[Observed] = []
        self._tail = tail
        self._prefix = f"{WORKSPACE}:{mark}-".encode()

    async def until_answered(self, published: Sequence[Published], patience_s: float) -> None:
        """Until all have an answer and it is quiet, or patience is over."""
        wanted = {each.command.id for each in published if each.command is not None}
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline and wanted:
            await self._read()
            wanted -= {
                each.event.command_id
                for each in self.observed
                if each.event is not None and each.event.outcome in ANSWERS
            }
        quiet = time.monotonic() + QUIET_S
        while time.monotonic() < quiet:
            await self._read()

    async def _read(self) -> None:
        records = await self._tail.read()
        self.observed += [_observed(each) for each in records if self._is_ours(each)]
        if not records:
            await asyncio.sleep(0)

    def _is_ours(self, record: TailRecord) -> bool:
        """By its key; or, where an adapter writes other keys, by what stands in it."""
        mark = self._prefix.partition(b":")[2]
        return (record.key or b"").startswith(self._prefix) or mark in (record.value or b"")


def _observed(record: TailRecord) -> Observed:
    place = (record.partition, record.offset, record.timestamp, record.key or b"")
    try:
        return Observed(*place, decode_delivery(record.key, record.value, record.headers, record.timestamp))
    except DecodeError as error:
        return Observed(*place, None, str(error))


async def _publish(settings: Settings, topic: str, records: Sequence[Published]) -> None:
    publisher = await Publisher.open(settings, "conformance")
    try:
        await publisher.publish(
            [Outgoing(topic, each.partition, each.key, each.value, each.headers) for each in records]
        )
    finally:
        await publisher.close()
