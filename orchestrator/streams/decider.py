"""The seam between the shell and what it runs: everything the shell asks of the pure core.

The product runs :class:`JourneyDecider`; the bench runs a counter through the same shell.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias, TypeVar

from orchestrator.errors import DecodeError, DefinitionError
from orchestrator.guardrails.budget import Purse
from orchestrator.journeys import engine, turn
from orchestrator.journeys.directory import Directory
from orchestrator.journeys.occasions import Occasion, due_occasions
from orchestrator.journeys.state import EMPTY, CustomerState, decode_state, encode_state
from orchestrator.messages.codec import decode_config
from orchestrator.settings import TimeMode

Signal: TypeAlias = turn.Signal
Effect: TypeAlias = turn.Effect

D = TypeVar("D")  # what the configs say: an immutable value
S = TypeVar("S")  # one customer's state: an immutable value


class Wallet:
    """What a partition has spent of limits over all customers, while one batch is decided."""

    __slots__ = ("purse",)

    def __init__(self, purse: Purse) -> None:
        self.purse = purse


class Decider(Protocol[D, S]):
    """Pure functions over a directory and a customer's state; but for what they say, none raises for input."""

    def empty_directory(self) -> D:
        """The directory before the first config record."""

    def with_config(self, directory: D, key: bytes, value: bytes | None) -> D:
        """The directory after one config record; ``value`` None removes what ``key`` names.

        Raises:
            DecodeError: when the record is not a config.
        """

    def empty_state(self) -> S:
        """The state of a customer nothing is known of."""

    def decode_state(self, raw: bytes) -> S:
        """The state that ``encode_state`` wrote, by this version of the program or any earlier one."""

    def encode_state(self, state: S) -> bytes | None:
        """The state as bytes; None: nothing is to be kept of this customer."""

    def advance(
        self, directory: D, state: S, signal: Signal, now_ms: int, time: TimeMode, cause: str, wallet: Wallet
    ) -> tuple[S, Sequence[Effect]]:
        """What the signal makes of the state, and what follows from it. The same state *object* back: nothing changed.

        ``cause``, "topic/partition/offset", is put on the activities. ``wallet`` is changed by what is spent.
        """

    def outlook(self, directory: D, workspace_id: str, state: S, now_ms: int) -> tuple[int | None, Sequence[str]]:
        """When this customer has to be looked at next (None: nothing waits), and the journeys that hold something back
        whose moment has come. A moment ahead counts whether or not it is held.
        """

    def may_send(self, directory: D, workspace_id: str, journey_id: str) -> bool:
        """Whether a command of this journey may leave now."""

    def due_occasions(self, directory: D, done: Mapping[str, int], now_ms: int) -> Sequence[Occasion]:
        """The moments that have come at which all known customers are to be looked at; ``done``: by journey."""

    def is_walking(self, directory: D, journey_id: str) -> bool:
        """Whether customers are still to be looked at for this journey."""

    def moves_customers(self, before: D, after: D) -> bool:
        """Whether customers under way may be due earlier by ``after`` than they were by ``before``."""


class JourneyDecider:
    """The journey engine."""

    def empty_directory(self) -> Directory:
        """No journeys."""
        return Directory.empty()

    def with_config(self, directory: Directory, key: bytes, value: bytes | None) -> Directory:
        """See :class:`Decider`."""
        if value is None:
            return directory.without(key.decode(errors="replace"))
        try:
            return directory.with_record(decode_config(value))
        except DefinitionError as error:
            raise DecodeError("definition", str(error)) from error

    def empty_state(self) -> CustomerState:
        """A customer nothing is known of."""
        return EMPTY

    def decode_state(self, raw: bytes) -> CustomerState:
        """See :class:`Decider`."""
        return decode_state(raw)

    def encode_state(self, state: CustomerState) -> bytes | None:
        """See :class:`Decider`."""
        return None if state is EMPTY else encode_state(state)

    def advance(
        self,
        directory: Directory,
        state: CustomerState,
        signal: Signal,
        now_ms: int,
        time: TimeMode,
        cause: str,
        wallet: Wallet,
    ) -> tuple[CustomerState, Sequence[Effect]]:
        """See :class:`Decider`."""
        result = engine.advance(directory, state, signal, now_ms, time, cause, wallet.purse)
        if result.spent:
            wallet.purse = wallet.purse.with_spent(result.spent)
        return result.state, result.effects

    def outlook(
        self, directory: Directory, workspace_id: str, state: CustomerState, now_ms: int
    ) -> tuple[int | None, Sequence[str]]:
        """See :class:`Decider`."""
        return engine.outlook(directory, workspace_id, state, now_ms)

    def may_send(self, directory: Directory, workspace_id: str, journey_id: str) -> bool:
        """See :class:`Decider`."""
        return directory.may_send(workspace_id, journey_id)

    def due_occasions(self, directory: Directory, done: Mapping[str, int], now_ms: int) -> Sequence[Occasion]:
        """See :class:`Decider`."""
        return due_occasions(directory, done, now_ms)

    def is_walking(self, directory: Directory, journey_id: str) -> bool:
        """See :class:`Decider`."""
        return journey_id in directory.entered

    def moves_customers(self, before: Directory, after: Directory) -> bool:
        """See :class:`Decider`."""
        return any(
            (is_discarded and not before.is_discarded(journey_id))
            or (standing.migrations and standing != before.standings.get(journey_id))
            for journey_id, standing in after.standings.items()
            if (is_discarded := after.is_discarded(journey_id)) or standing.migrations
        )
