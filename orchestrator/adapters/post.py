"""What all partitions of a process share."""

import asyncio
from dataclasses import dataclass

from orchestrator.adapters.allowance import Allowance
from orchestrator.adapters.decision import Rules
from orchestrator.adapters.transport import Transport
from orchestrator.catalog import Catalog
from orchestrator.crash import Crash
from orchestrator.settings import Settings


class Nothing(Allowance):
    """Of a process that is about to end: no try begins any more."""

    def __init__(self) -> None:
        super().__init__(0, 0)

    def take(self, now_ms: int) -> bool:
        """Never."""
        return False


@dataclass(frozen=True, slots=True)
class Post:
    """A channel's adapter in this process.

    ``window``: how far beyond the oldest command in hand a partition is read. ``most_tries_at_once``: of a partition,
    and so the most that are in doubt after a crash. ``sending`` bounds what is under way at the same time.
    """

    settings: Settings
    catalog: Catalog
    channel: str
    transport: Transport
    rules: Rules
    allowance: Allowance
    nothing: Allowance
    sending: asyncio.Semaphore
    window: int
    most_tries_at_once: int
    crash: Crash

    @property
    def topic(self) -> str:
        """The topic of the channel's commands."""
        return self.catalog.commands(self.channel)

    @property
    def group(self) -> str:
        """The consumer group; with the number of a partition, the transactional id of its owner."""
        return f"{self.settings.adapter_group}-{self.channel}"
