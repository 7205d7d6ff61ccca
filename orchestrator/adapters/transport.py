"""What carries messages to a provider: the whole boundary between the loop and the outside."""

from collections.abc import Collection
from typing import Protocol

from orchestrator.adapters.result import Result
from orchestrator.messages.command import SendCommand
from orchestrator.messages.trace import TraceContext


class Transport(Protocol):
    """``is_repeatable``: whether the same command may be sent again when nobody knows how its last try ended."""

    @property
    def is_repeatable(self) -> bool:
        """Whether whoever receives it knows a repeated send by the command's id."""

    async def found(self, partition: int, ids: Collection[str]) -> Collection[str]:
        """Which of these tries without a known end surely went out; none where that cannot be seen."""

    async def send(self, partition: int, command: SendCommand, trace: TraceContext | None = None) -> Result:
        """Makes one try; a provider that follows traces is told ``trace``.

        Raises nothing that a provider or a message may cause.
        """

    async def close(self) -> None:
        """Lets go of connections."""
