"""The reference: what the topics hold, read back and run through the pure engine in one thread, with no state store.

It shares the decoding and the engine with the worker, and nothing else: no batches, no timers topic, no partitions, no
recovery, no sink. Where the two disagree, something on the way has lost, repeated or reordered what it must not.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.catalog import Catalog
from orchestrator.errors import DecodeError
from orchestrator.journeys.directory import Directory
from orchestrator.journeys.engine import Signal
from orchestrator.journeys.replay import replay
from orchestrator.kafka.tail import TailRecord
from orchestrator.messages.activity import Activity
from orchestrator.messages.codec import decode_config, decode_delivery, decode_engagement
from orchestrator.messages.command import SendCommand
from orchestrator.messages.event import CLOCK_TICKED, EngagementEvent
from orchestrator.messages.key import customer_key, partition_of
from orchestrator.streams.clock import tick_time_ms
from orchestrator.streams.forwarding import FORWARDED_FROM


@dataclass(frozen=True, slots=True)
class Inputs:
    """The published inputs as they are to be understood. ``astray``: records in a partition that is not their key's."""

    directory: Directory
    signals: list[Signal]
    undecodable: int
    astray: int
    forwarded: int
    ticks: int


@dataclass(frozen=True, slots=True)
class Reference:
    """What the engine makes of the inputs."""

    activities: list[Activity]
    command_ids: frozenset[str]
    duplicates: int

    @property
    def activity_ids(self) -> frozenset[str]:
        """The ids of all activities."""
        return frozenset(activity.id for activity in self.activities)


def understand(catalog: Catalog, records: Iterable[TailRecord]) -> Inputs:
    """Decodes the records of the config, event and delivery topics, given in the order of each partition."""
    directory = Directory.empty()
    events: list[Signal] = []
    reports: list[Signal] = []
    undecodable = astray = forwarded = ticks = 0
    for record in records:
        if record.topic == catalog.configs:
            if record.value is not None:
                directory = directory.with_record(decode_config(record.value))
            continue
        try:
            signal = _decoded(catalog, record)
        except DecodeError:
            if tick_time_ms(record) is None:
                undecodable += 1
            else:
                ticks += 1
            continue
        key = customer_key(signal.workspace_id, signal.customer_id)
        if isinstance(signal, EngagementEvent) and signal.type == CLOCK_TICKED:
            ticks += 1
        elif partition_of(key, catalog.customer_partitions) != record.partition:
            astray += 1  # its forwarded copy is the one that counts
        else:
            forwarded += any(name == FORWARDED_FROM for name, _ in record.headers)
            (events if record.topic == catalog.events else reports).append(signal)
    return Inputs(directory, [*events, *reports], undecodable, astray, forwarded, ticks)


def run_reference(inputs: Inputs, until_ms: int) -> Reference:
    """Replays the inputs and lets time run on to ``until_ms``."""
    replayed = replay(inputs.directory, inputs.signals, until_ms)
    return Reference(
        activities=[effect for effect in replayed.effects if isinstance(effect, Activity)],
        command_ids=frozenset(effect.id for effect in replayed.effects if isinstance(effect, SendCommand)),
        duplicates=replayed.duplicates,
    )


def _decoded(catalog: Catalog, record: TailRecord) -> Signal:
    decode = decode_engagement if record.topic == catalog.events else decode_delivery
    return decode(record.key, record.value, record.headers, record.timestamp)
