"""The heart of the demo: history is published, everybody does their part, and it is over when nothing moves."""

import asyncio
from dataclasses import dataclass

from orchestrator.catalog import Catalog
from orchestrator.demo.channel import Channel
from orchestrator.demo.control import metrics
from orchestrator.demo.feed import feed
from orchestrator.demo.phases import Phases
from orchestrator.demo.premises import Ports
from orchestrator.demo.publication import Edition, clock_ticks
from orchestrator.demo.scenario import WORKSPACE
from orchestrator.demo.sender import Sender
from orchestrator.demo.settle import Look, settled
from orchestrator.kafka.clients import closing, open_admin, open_producer
from orchestrator.kafka.lag import group_lag
from orchestrator.kafka.tail import Tail
from orchestrator.settings import Settings
from orchestrator.store.pool import Pool
from orchestrator.store.tally import activity_count
from orchestrator.store.tenant import Tenant

LINGER_MS = 5


@dataclass(frozen=True, slots=True)
class Played:
    """What went over the wire: purchases made because of an offer, delivery reports, and the commands' ids."""

    answers: int
    reports: int
    command_ids: frozenset[str]
    repeated_commands: int


class Playing:
    """One replay; ``phases`` tells people how it goes."""

    def __init__(self, settings: Settings, ports: Ports, pool: Pool, phases: Phases) -> None:
        self._settings = settings
        self._ports = ports
        self._pool = pool
        self._phases = phases
        self._catalog = Catalog(settings)

    async def play(self, edition: Edition, end_ms: int, days_per_second: float) -> Played:
        """Publishes ``edition``, then lets time reach ``end_ms``, and waits until all of it has been dealt with.

        Raises:
            Unavailable: Kafka or PostgreSQL does not answer, or nothing moves any more before the end.
        """
        async with (
            closing(await open_producer(self._settings, "demo", linger_ms=LINGER_MS)) as producer,
            await Channel.listen(self._settings, self._catalog) as commands,
        ):
            channel = Channel(self._catalog, commands, Sender(producer))
            working = asyncio.create_task(channel.run())
            playing = asyncio.create_task(
                self._feed_and_wait(Sender(producer), channel, edition, end_ms, days_per_second)
            )
            try:
                # The adapter never ends by itself: if it does, something failed, and nothing would become quiet.
                await asyncio.wait((working, playing), return_when=asyncio.FIRST_COMPLETED)
                (playing if playing.done() else working).result()
            finally:
                for task in (working, playing):
                    task.cancel()
                await asyncio.wait((working, playing))
        adapter = channel.adapter
        return Played(channel.answers, channel.reports, adapter.command_ids, adapter.repeated)

    async def _feed_and_wait(
        self, sender: Sender, channel: Channel, edition: Edition, end_ms: int, days_per_second: float
    ) -> None:
        events = self._catalog.events
        count = len(edition.publications)
        with self._phases.phase(f"Publish {count:,} records, {days_per_second:g} days in a second"):
            await feed(sender, events, edition.publications, days_per_second)
            for tick in clock_ticks(end_ms, self._catalog.customer_partitions):
                await sender.send_raw(events, tick.key, tick.value, tick.headers, tick.partition)
            await sender.flush()
        with self._phases.phase("Wait until everybody is done"):
            await self._until_quiet(channel)

    async def _until_quiet(self, channel: Channel) -> None:
        inputs = (self._catalog.events, self._catalog.deliveries, self._catalog.timers)
        counts = [(topic, self._catalog.customer_partitions) for topic in inputs]
        async with (
            closing(await open_admin(self._settings, "demo-lag")) as admin,
            await Tail.open(self._settings, "demo-ends", counts) as tail,
        ):

            async def look() -> Look:
                ends = await tail.end_offsets()
                worker = await asyncio.to_thread(metrics, self._ports.worker_metrics)
                sink = await asyncio.to_thread(metrics, self._ports.sink_metrics)
                seen = Look(
                    worker_lag=await group_lag(admin, self._settings.group, ends),
                    timers=_whole(worker.get("orchestrator_timers_pending")),
                    adapter_is_idle=await channel.is_idle(),
                    sink_lag=_whole(sink.get("orchestrator_sink_lag_records")),
                    inputs=sum(ends.values()),
                    rows=await activity_count(Tenant(self._pool, WORKSPACE)),
                )
                self._phases.say(str(seen))
                return seen

            await settled(look)


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)
