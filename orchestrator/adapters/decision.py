"""What is to be done about a command: a function of the command, of what is remembered of its id, and of the time.

Rules, in this order:

1. An id that was answered is not sent again, and not reported again.
2. An attempt of a former life, of which nobody knows how it ended: where the transport can repeat it without harm it is
   repeated, else it is reported as failed with the reason ``unknown_outcome``. Guardrails are hard limits, so rather a
   message that is missing than two.
3. Nothing is sent at or after ``expires_at_ms``.
4. After a temporary failure it is tried again, with pauses that double, until it has expired or was tried often or long
   enough; that is reported as failed.
"""

from dataclasses import dataclass
from enum import Enum, auto

from orchestrator.adapters.result import Later, Refused, Result, Sent, Unknown
from orchestrator.messages.event import Outcome

EXPIRED = "expired"
UNKNOWN_OUTCOME = "unknown_outcome"
GAVE_UP = "gave_up"


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for all commands of a process. Pauses and lengths in milliseconds."""

    is_repeatable: bool  # whether a send whose outcome is unknown may be made again
    first_pause_ms: int = 1_000
    longest_pause_ms: int = 300_000
    most_tries: int = 20
    longest_ms: int = 86_400_000  # from the first try to the last


class Past(Enum):
    """What is remembered of a command's id from before it was taken up in this life."""

    NEW = auto()  # nothing, or that nothing was sent
    ATTEMPTED = auto()  # a try had begun; how it ended is not known
    FOUND = auto()  # a try had begun, and the transport has found that it was sent
    ANSWERED = auto()


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a command is: its past, the tries so far, since when, and when the next one is due."""

    past: Past = Past.NEW
    tries: int = 0
    since_ms: int | None = None
    next_ms: int = 0
    reason: str = ""  # of the last failure


@dataclass(frozen=True, slots=True)
class Go:
    """Send it now."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again at ``until_ms``."""

    until_ms: int


@dataclass(frozen=True, slots=True)
class Repeated:
    """It was answered before: nothing is to be done."""


@dataclass(frozen=True, slots=True)
class Answer:
    """It is over; this is to be reported."""

    outcome: Outcome
    reason: str = ""
    is_permanent: bool = False


Decision = Go | Wait | Repeated | Answer


def decide(expires_at_ms: int | None, standing: Standing, now_ms: int, rules: Rules) -> Decision:
    """What to do about a command now."""
    match standing.past:
        case Past.ANSWERED:
            return Repeated()
        case Past.FOUND:
            return Answer("sent")
        case Past.ATTEMPTED if not rules.is_repeatable or is_expired(expires_at_ms, now_ms):
            return Answer("failed", UNKNOWN_OUTCOME)
        case Past.ATTEMPTED | Past.NEW:
            pass
    if is_expired(expires_at_ms, now_ms):
        return Answer("failed", _because(EXPIRED, standing.reason))
    if standing.next_ms > now_ms:
        return Wait(standing.next_ms)
    return Go()


def conclude(
    expires_at_ms: int | None, standing: Standing, result: Result, now_ms: int, rules: Rules
) -> Answer | Standing:
    """What follows from a try that has ended at ``now_ms``: an answer, or how the command stands until the next one."""
    match result:
        case Sent():
            return Answer("sent")
        case Refused(outcome, reason, is_permanent):
            return Answer(outcome, reason, is_permanent)
        case Unknown(reason) if not rules.is_repeatable:
            return Answer("failed", f"{UNKNOWN_OUTCOME}: {reason}")
        case Unknown(reason):
            # Should the pause end the process, or the command's time, the outcome is as unknown as now.
            return _again(expires_at_ms, standing, Past.ATTEMPTED, reason, 0, now_ms, rules)
        case Later(reason, after_ms):
            return _again(expires_at_ms, standing, standing.past, reason, after_ms, now_ms, rules)


def _again(
    expires_at_ms: int | None, standing: Standing, past: Past, reason: str, after_ms: int, now_ms: int, rules: Rules
) -> Answer | Standing:
    tries = standing.tries + 1
    since_ms = now_ms if standing.since_ms is None else standing.since_ms
    pause_ms = min(rules.longest_pause_ms, rules.first_pause_ms * 2 ** min(tries - 1, 30))
    next_ms = now_ms + max(pause_ms, after_ms)
    unknown = UNKNOWN_OUTCOME if past is Past.ATTEMPTED else ""
    if tries >= rules.most_tries or next_ms - since_ms > rules.longest_ms:
        return Answer("failed", _because(unknown or GAVE_UP, reason))
    if is_expired(expires_at_ms, next_ms):
        return Answer("failed", _because(unknown or EXPIRED, reason))
    return Standing(past, tries, since_ms, next_ms, reason)


def is_expired(expires_at_ms: int | None, now_ms: int) -> bool:
    """Whether a command may not be sent any more."""
    return expires_at_ms is not None and now_ms >= expires_at_ms


def _because(what: str, reason: str) -> str:
    return f"{what}: {reason}" if reason else what
