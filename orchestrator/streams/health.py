"""Whether a worker lives and whether it is ready: functions of what it shows of itself, and of the time.

The event loop leaves its signs once a second; the telemetry server reads them from its own thread. So a loop that does
not turn any more is seen by the age of what it left.
"""

from dataclasses import dataclass

from orchestrator.telemetry.probes import Check, Checks, event_loop

PULSE_S = 1.0
# Longer than a broker takes to restart or a partition to elect a leader; a batch takes well under a second.
STUCK_S = 120.0


@dataclass(frozen=True, slots=True)
class Signs:
    """What a worker shows of itself. Moments are seconds of the monotonic clock.

    ``oldest_batch_s``: since when the batch that is longest in work has been; None: there is none.
    ``partitions``: how many it has taken over (0: there are more workers than partitions); None: it is joining the
    group, or recovering.
    """

    turned_s: float
    oldest_batch_s: float | None = None
    are_topics_checked: bool = False
    are_configs_read: bool = False
    partitions: int | None = None


class Vitals:
    """The last signs; replaced as a whole, so that any thread may read them."""

    def __init__(self, signs: Signs) -> None:
        self.signs = signs


def is_stuck(signs: Signs, now_s: float) -> bool:
    """Whether a batch has been in work for longer than any batch takes."""
    return signs.oldest_batch_s is not None and now_s - signs.oldest_batch_s > STUCK_S


def liveness(signs: Signs, now_s: float) -> Checks:
    """What must hold for the process to be worth keeping."""
    working_s = 0.0 if signs.oldest_batch_s is None else now_s - signs.oldest_batch_s
    return {
        **event_loop(signs.turned_s, now_s),
        "batches": Check(not is_stuck(signs, now_s), f"the oldest in work has been for {working_s:.0f} s"),
    }


def readiness(signs: Signs, now_s: float) -> Checks:
    """What must hold for the worker to decide about customers."""
    return {
        **liveness(signs, now_s),
        "topics": Check(
            signs.are_topics_checked,
            "as declared" if signs.are_topics_checked else "not looked at yet: does Kafka answer?",
        ),
        "configs": Check(
            signs.are_configs_read, "complete" if signs.are_configs_read else "still being read from the beginning"
        ),
        "partitions": Check(
            signs.partitions is not None,
            "not taken over: it is joining the group, or recovering state"
            if signs.partitions is None
            else f"{signs.partitions} taken over",
        ),
    }
