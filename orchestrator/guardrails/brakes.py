"""Which of a journey's brakes trips, and what is then said. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from orchestrator.definitions.duration import format_duration
from orchestrator.definitions.guardrail import Brake

ASKED_FOR = "asked_for"  # as the sink counts: see sink/deliveries.py


def window_start(brake: Brake, resumed_at: datetime, now: datetime) -> datetime:
    """Since when messages count: for the brake's window, but from the first whole minute after a resumption.

    Whoever resumes a journey has seen why it paused; what happened before shall not pause it again.
    """
    return max((now - brake.within).replace(second=0, microsecond=0), _next_minute(resumed_at))


def _next_minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0) + timedelta(minutes=1)


def tripped(brakes: Iterable[tuple[Brake, Mapping[str, int]]]) -> str:
    """Why the journey must pause; empty: no brake trips.

    Each brake comes with the messages since ``window_start``, by outcome.
    """
    for brake, counts in brakes:
        messages, bad = counts.get(ASKED_FOR, 0), counts.get(brake.outcome, 0)
        if messages >= brake.at_least and 100 * bad > brake.percent * messages:
            return (
                f"brake: {bad} of the last {messages} messages {brake.outcome} ({100 * bad / messages:.2f} %, within "
                f"{format_duration(brake.within)}); the limit is {brake.percent:g} %"
            )
    return ""
