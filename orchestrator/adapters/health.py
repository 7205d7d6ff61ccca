"""Whether an adapter lives and whether it is ready: functions of what it shows of itself, and of the time."""

import time
from dataclasses import dataclass, replace

from orchestrator.telemetry.probes import Check, Checks, event_loop


@dataclass(frozen=True, slots=True)
class Signs:
    """What an adapter shows of itself. ``assigned``: partitions, None before the group has said; ``ready`` of them."""

    turned_s: float
    assigned: int | None = None
    ready: int = 0


class Vitals:
    """The last signs; replaced as a whole, so that any thread may read them."""

    def __init__(self) -> None:
        self.signs = Signs(time.monotonic())

    def turn(self) -> None:
        """The event loop turns."""
        self.signs = replace(self.signs, turned_s=time.monotonic())

    def taken_over(self, partitions: int) -> None:
        """So many of the partitions that are ours are at work."""
        self.signs = replace(self.signs, ready=partitions)

    def assigned(self, partitions: int) -> None:
        """The group has said which partitions are ours."""
        self.signs = replace(self.signs, assigned=partitions)


def liveness(signs: Signs, now_s: float) -> Checks:
    """What must hold for the process to be worth keeping."""
    return event_loop(signs.turned_s, now_s)


def readiness(signs: Signs, now_s: float) -> Checks:
    """What must hold for the adapter to send."""
    is_ready = signs.assigned is not None and signs.ready >= signs.assigned
    detail = "not assigned yet" if signs.assigned is None else f"{signs.ready} of {signs.assigned} taken over"
    return {**liveness(signs, now_s), "partitions": Check(is_ready, detail)}
