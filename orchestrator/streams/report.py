"""The metrics of a batch, told once per batch and partition: nothing here is paid for by every record."""

from collections.abc import Iterable
from typing import TypeVar, get_args

from orchestrator.streams.batch import Outcome, Result
from orchestrator.telemetry.metrics import (
    ACTIVITIES,
    ALLOWANCE_MESSAGES,
    COMMANDS,
    DEAD_LETTERS,
    EVENT_LAG,
    RECORDS_CONSUMED,
    SUPPRESSED,
    TIMER_LATENESS,
)

S = TypeVar("S")


def declare(inputs: Iterable[str]) -> None:
    """Has every count of what becomes of records begin at 0: of one that begins at 1, Prometheus sees no increase."""
    for topic in inputs:
        for result in get_args(Result):
            RECORDS_CONSUMED.labels(topic, result)


def report(outcome: Outcome[S], decided_ms: int) -> None:
    """Counts what a committed batch of one partition did. The lag is that of the record that had waited longest."""
    for (topic, result), count in outcome.results.items():
        RECORDS_CONSUMED.labels(topic, result).inc(count)
    for (topic, reason), count in outcome.dead_letters.items():
        DEAD_LETTERS.labels(topic, reason).inc(count)
    for channel, count in outcome.commands.items():
        COMMANDS.labels(channel).inc(count)
    for type_, count in outcome.activities.items():
        ACTIVITIES.labels(type_).inc(count)
    for rule, count in outcome.suppressed.items():
        SUPPRESSED.labels(rule).inc(count)
    for kind, count in outcome.allowances.items():
        ALLOWANCE_MESSAGES.labels(kind).inc(count)
    if outcome.oldest_ms is not None:
        EVENT_LAG.observe(max(0, decided_ms - outcome.oldest_ms) / 1_000)
    for lateness_ms in outcome.lateness_ms:
        TIMER_LATENESS.observe(max(0, lateness_ms) / 1_000)
