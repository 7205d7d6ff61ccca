"""What the sink keeps in PostgreSQL beside the activities themselves, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import TypeAlias

import msgspec

from orchestrator.messages.activity import Activity
from orchestrator.messages.ids import derived_id
from orchestrator.messages.key import customer_key

# A day's figures: counters, sums of money, or the same by a further key (channel, rule, arm …).
Figures: TypeAlias = Mapping[str, "int | Decimal | Figures"]
DayKey: TypeAlias = tuple[str, date]  # journey id, UTC day
QuarterKey: TypeAlias = tuple[str, int]  # journey id, quarters of an hour since 1970
CustomerKey: TypeAlias = tuple[str, str]  # journey id, customer id
MinuteKey: TypeAlias = tuple[str, int, str]  # journey id, minutes since 1970, outcome


@dataclass(frozen=True, slots=True)
class Participant:
    """One customer in one journey, over all their runs.

    ``arm`` is the one they first entered in and never changes: experiments compare customers as they were assigned.
    ``first_entered_ms`` is None for a customer whose goal is on record but whose entry is not. ``past``: how many of
    the goal's events there were before the first entry; None where that was not kept. ``was_active``: whether
    one of them came as shortly before it as the goal may come after it.
    """

    arm: str
    first_entered_ms: int | None = None
    entries: int = 0
    conversions: int = 0
    value: Decimal = Decimal(0)
    past: int | None = None
    was_active: bool | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a run stands: at ``step`` of ``version``, or ended for ``reason``, since ``moved_ms``.

    ``entered_ms``: of the first activity that told of the run; of a run on record, what stands there. ``arrived_ms``:
    when it came to the step; None: it stands where it stood before, if that was the same step.
    """

    journey_id: str
    workspace_id: str
    customer_id: str
    version: int
    step: str
    arm: str
    status: str
    reason: str
    entered_ms: int
    moved_ms: int
    arrived_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Exposure:
    """A customer who was given an arm of an experiment; ``converted_ms`` None: that run has not reached the goal."""

    journey_id: str
    step: str
    customer_id: str
    arm: str
    run_id: str
    exposed_ms: int
    converted_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Erasure:
    """A customer whose rows are to go, by the record that says so; ``receipt`` names the request for ever.

    ``decided_ms`` is when the worker forgot the customer: later activities are those of a new one.
    """

    receipt: str
    workspace_id: str
    customer_id: str
    requested_ms: int
    decided_ms: int
    partition: int
    offset: int

    @property
    def customer_sha256(self) -> bytes:
        """Shows to whoever has the id that it was this customer, and nothing to anyone else."""
        return digest_of(customer_key(self.workspace_id, self.customer_id))


@dataclass(frozen=True, slots=True)
class Erased:
    """What of a customer is gone: all that stood before ``offset`` in ``partition``, up to ``decided_ms``."""

    partition: int
    offset: int
    decided_ms: int


def digest_of(key: bytes | None) -> bytes:
    """The SHA-256 of a record's key (``workspace_id:customer_id``)."""
    return sha256(key or b"").digest()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record the sink could not use: where it stood, why, and its bytes.

    ``reason``: ``malformed`` (not an activity), ``no_such_journey``, ``other_workspace`` or ``unstorable``.
    """

    topic: str
    partition: int
    offset: int
    reason: str
    message: str
    key: bytes | None
    value: bytes | None
    workspace_id: str | None = None
    journey_id: str | None = None

    @property
    def id(self) -> str:
        """Follows from the place and the bytes, so that a topic made anew cannot hide one record behind another."""
        digest = sha256(self.value or b"").hexdigest()
        return derived_id("refusal", self.topic, str(self.partition), str(self.offset), digest)


def activity_row(activity: Activity, at: object) -> tuple[object, ...]:
    """The columns of an activity, in the table's order from its id on; ``at``: when, as the statement takes it."""
    return (
        activity.id,
        activity.journey_id,
        activity.workspace_id,
        activity.type,
        msgspec.json.encode(activity.details).decode(),
        at,
        activity.customer_id,
        activity.run_id or None,
        activity.version,
        activity.step,
        activity.arm,
        activity.cause,
    )
