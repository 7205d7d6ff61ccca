"""When a request is made again, and after which pause. Pure: the client waits.

An answer may be lost although the request was carried out. A write carries an Idempotency-Key, so that making it again
does nothing twice; while the API still works on the first it answers 409, and it holds the key of a request whose
process died for a minute. So a write in doubt is repeated for longer than that.
"""

from dataclasses import dataclass

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 8.0
PATIENCE_S = 20.0  # in all, for what was certainly not carried out
DOUBT_S = 90.0  # in all, for a write that may have been: longer than the minute for which the API holds its key
LONGEST_TOLD_S = 300.0  # of pauses that the API asks for: an allowance is one of a minute
MOST_TOLD = 20

_AWAY = frozenset({502, 503, 504})
_TOO_MANY = 429
_CONFLICT = 409


@dataclass(frozen=True, slots=True)
class Attempt:
    """How an attempt ended: with an HTTP ``status``, or None when there was no answer.

    ``was_sent``: it may have reached the API. ``retry_after_s``: the pause that the answer asks for.
    """

    status: int | None
    was_sent: bool = True
    retry_after_s: float | None = None

    @property
    def is_lost(self) -> bool:
        """Whether it may have been carried out although no answer says so."""
        return self.was_sent and (self.status is None or self.status in (502, 504))


@dataclass(frozen=True, slots=True)
class Course:
    """What has been tried so far: how often, how long was waited for it, and whether an answer was lost."""

    attempts: int = 0
    waited_s: float = 0.0
    told: int = 0
    is_in_doubt: bool = False

    def after(self, attempt: Attempt, is_reading: bool) -> "Course":
        """The course with this attempt in it."""
        return Course(
            attempts=self.attempts + 1,
            waited_s=self.waited_s,
            told=self.told + (attempt.status == _TOO_MANY),
            is_in_doubt=self.is_in_doubt or (attempt.is_lost and not is_reading),
        )

    def waiting(self, pause_s: float, attempt: Attempt) -> "Course":
        """The course after a pause; one that the API asked for is nobody's patience."""
        spent_s = 0.0 if attempt.status == _TOO_MANY else pause_s
        return Course(self.attempts, self.waited_s + spent_s, self.told, self.is_in_doubt)


def pause_before_next(attempt: Attempt, course: Course, is_repeatable: bool) -> float | None:
    """Seconds to wait before the request is made again; None: this was its last attempt.

    ``course`` has the attempt in it already.
    """
    if attempt.status == _TOO_MANY:  # refused before anything was done
        pause_s = attempt.retry_after_s or FIRST_PAUSE_S
        return pause_s if course.told <= MOST_TOLD and pause_s <= LONGEST_TOLD_S else None
    if attempt.was_sent and not is_repeatable:
        return None
    is_being_answered = attempt.status == _CONFLICT and course.is_in_doubt
    if attempt.status is not None and attempt.status not in _AWAY and not is_being_answered:
        return None
    growing_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (course.attempts - 1))
    pause_s = max(growing_s, attempt.retry_after_s or 0.0)
    return pause_s if course.waited_s + pause_s <= (DOUBT_S if course.is_in_doubt else PATIENCE_S) else None
