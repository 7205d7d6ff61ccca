"""What the API takes and gives about backtests: definitions run over the history of a workspace's own events."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestrator.api.documents import RequestDocument
from orchestrator.api.moments import Moment
from orchestrator.store.backtests import BacktestStatus

_WrittenMoment = Annotated[Moment | None, Field(strict=False)]


class NewBacktest(RequestDocument):
    """A definition to be run over history, as if the journey had begun at ``from`` (30 days before ``to``, by default).

    Events before ``from`` are read too, for what is known of customers by then; those from ``to`` on (now, by default)
    are not. ``journey_id``: the journey it is a definition of, so that holdout and splits fall as they do there.
    ``against_published``: run what is published of that journey as well, and tell what differs.
    """

    config: dict[str, Any]
    journey_id: Annotated[UUID | None, Field(strict=False)] = None
    since: _WrittenMoment = Field(None, alias="from")
    until: _WrittenMoment = Field(None, alias="to")
    against_published: bool = False

    @model_validator(mode="after")
    def _what_is_published_is_of_a_journey(self) -> "NewBacktest":
        if self.against_published and self.journey_id is None:
            raise ValueError('"against_published" goes with a "journey_id"')
        return self


class BacktestProgress(BaseModel):
    """How far it is: ``done`` of ``of`` records or events of this phase."""

    phase: Literal["reading", "running", "comparing"]
    done: int
    of: int


class BacktestArm(BaseModel):
    """Runs of an arm, and what customers reached in them, as history has it."""

    entered: int
    goals: int
    value: float


class BacktestStep(BaseModel):
    """One step: how often it was left; messages by channel; what was held back and put off, by guardrail."""

    passed: int
    sent: dict[str, int]
    suppressed: dict[str, int]
    deferred: dict[str, int]


class BacktestDay(BaseModel):
    """One day in UTC."""

    entered: int
    sent: int
    suppressed: int
    deferred: int
    goals: int
    cost: float


class BacktestPair(BaseModel):
    """A figure of this definition and of the published one."""

    this: float
    other: float


class BacktestDifference(BaseModel):
    """Where the two differ. ``customers_who_differ``: who got other messages, or at other times."""

    figures: dict[str, BacktestPair]
    customers_who_differ: int


class BacktestResult(BaseModel):
    """What the journey would have done. ``from`` and ``to``: the first and the last event there was, null: none.

    ``read``: events of the workspace on the topic before the end of the period, ``unusable`` of them could not be read;
    ``erased``: left out, since their customer was erased. ``before``: of what was before the period it is only learnt.
    Whoever entered and has not ended was under way at the end. ``note``: what history cannot show.
    """

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    first_at: datetime | None = Field(alias="from")
    last_at: datetime | None = Field(alias="to")
    read: int
    unusable: int
    erased: int
    signals: int
    before: int
    customers: int
    entered: int
    entry_refused: dict[str, int]
    sent: int
    suppressed: dict[str, int]
    deferred: dict[str, int]
    cost: float
    ended: dict[str, int]
    arms: dict[str, BacktestArm]
    steps: dict[str, BacktestStep]
    days: dict[str, BacktestDay]
    difference: BacktestDifference | None = None
    note: str


class BacktestItem(BaseModel):
    """A backtest without its definition and its result. ``against_version``: the published one it is compared with."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    id: UUID
    journey_id: UUID | None
    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    against_version: int | None
    author: str
    status: BacktestStatus
    progress: BacktestProgress | None = Field(description="While it runs, as soon as it has begun to read.")
    failure: str | None = Field(description="Why there is no result, and what to do.")
    created_at: datetime
    ended_at: datetime | None


class BacktestDocument(BacktestItem):
    """A backtest with its definition, and with its result when it is `DONE`."""

    config: dict[str, Any]
    result: BacktestResult | None


class BacktestList(BaseModel):
    """A page of backtests, newest first; ``next_cursor`` null: the last page."""

    items: list[BacktestItem]
    next_cursor: str | None
