"""Whether a sink lives and whether it is ready: functions of what it shows of itself, and of the time."""

import time
from dataclasses import dataclass, replace
from enum import StrEnum

from orchestrator.telemetry.probes import Check, Checks, event_loop

# A round reads for a quarter of a second and writes a batch; PostgreSQL is given a minute for a statement.
LONGEST_ROUND_S = 90.0
LONGEST_SILENCE_S = 30.0


class Part(StrEnum):
    """What a sink does at the moment."""

    CONNECTING = "waiting for PostgreSQL and Kafka"
    STANDBY = "standing by: another sink writes"
    WRITING = "writing"


@dataclass(frozen=True, slots=True)
class Signs:
    """What a sink shows of itself. Moments are seconds of the monotonic clock; None: not yet."""

    turned_s: float
    part: Part = Part.CONNECTING
    round_s: float | None = None  # the last round of reading and writing
    answered_s: float | None = None  # when PostgreSQL did, last
    is_kafka_silent: bool = False


class Vitals:
    """The last signs; replaced as a whole, so that any thread may read them."""

    def __init__(self) -> None:
        self.signs = Signs(time.monotonic())

    def turn(self) -> None:
        """The event loop turns."""
        self.signs = replace(self.signs, turned_s=time.monotonic())

    def connect(self) -> None:
        """It begins again with connecting."""
        self.signs = replace(self.signs, part=Part.CONNECTING)

    def stand_by(self) -> None:
        """PostgreSQL has said that another sink writes."""
        self.signs = replace(self.signs, part=Part.STANDBY, answered_s=time.monotonic())

    def go_round(self, *, is_kafka_silent: bool) -> None:
        """A round of reading and writing is over."""
        self.signs = replace(self.signs, part=Part.WRITING, round_s=time.monotonic(), is_kafka_silent=is_kafka_silent)

    def hear(self) -> None:
        """PostgreSQL has answered."""
        self.signs = replace(self.signs, answered_s=time.monotonic())


def liveness(signs: Signs, now_s: float) -> Checks:
    """What must hold for the process to be worth keeping."""
    return event_loop(signs.turned_s, now_s)


def readiness(signs: Signs, now_s: float) -> Checks:
    """What must hold for the sink to write, or to take over from the one that does."""
    checks = {
        **liveness(signs, now_s),
        "sink": Check(signs.part is not Part.CONNECTING, signs.part),
        "postgres": _recent(signs.answered_s, now_s, LONGEST_SILENCE_S, "answered"),
    }
    if signs.part is not Part.WRITING:
        return checks
    return {
        **checks,
        "kafka": Check(not signs.is_kafka_silent, "does not answer" if signs.is_kafka_silent else "answers"),
        "rounds": _recent(signs.round_s, now_s, LONGEST_ROUND_S, "the last one ended"),
    }


def _recent(moment_s: float | None, now_s: float, longest_s: float, what: str) -> Check:
    if moment_s is None:
        return Check(False, "not yet")
    return Check(now_s - moment_s <= longest_s, f"{what} {now_s - moment_s:.0f} s ago")
