"""What the API takes and gives about subscriptions, and the message that a subscriber is sent each day."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from orchestrator.api.documents import RequestDocument
from orchestrator.api.outgoing_hosts import MAX_URL_CHARS
from orchestrator.api.overview_documents import OverviewFigures
from orchestrator.definitions.zone import ZoneName
from orchestrator.messages.config import JourneyStatus

MOST_JOURNEYS = 100
ClockTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class NewSubscription(RequestDocument):
    """Where the figures of each day are to be sent. Without ``journeys``: those of all but the archived."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=MAX_URL_CHARS)] = Field(
        description="By HTTPS, at a host that the installation allows.", examples=["https://hooks.example.com/figures"]
    )
    at: ClockTime = Field("07:00", description="When, on the clock of the zone; the day before is told.")
    zone: Annotated[ZoneName, StringConstraints(max_length=100)] = "UTC"
    journeys: (
        Annotated[list[Annotated[UUID, Field(strict=False)]], Field(min_length=1, max_length=MOST_JOURNEYS)] | None
    ) = None


class SubscriptionDocument(BaseModel):
    """Who is sent the figures of each day, and how that goes. The secret is shown once, when it is made."""

    id: UUID
    url: str
    at: str
    zone: str
    journeys: list[UUID] | None
    author: str
    created_at: datetime
    next_at: datetime = Field(description="When the next attempt is made.")
    attempts: int = Field(description="Attempts that have failed to deliver the message that is on its way.")
    last_sent_at: datetime | None
    last_day: date | None = Field(description="The last day that was delivered.")
    last_error: str | None = Field(description="Why the last attempt failed; null: it has not.")
    failed_day: date | None = Field(description="The last day that was given up, a day after it was due.")


class CreatedSubscription(SubscriptionDocument):
    """A subscription just made. ``secret``, which its messages are signed with, is shown this once."""

    secret: str


class SubscriptionList(BaseModel):
    """Every subscription of the workspace, oldest first."""

    items: list[SubscriptionDocument]


class SubscriptionTest(BaseModel):
    """What became of a sample."""

    is_delivered: bool
    status: int | None = Field(description="Of the receiver's answer; null: there was none.")
    detail: str


class ResultOfLife(BaseModel):
    """Treatment against holdout over the journey's whole life; see ``ComparisonDocument``.

    ``uplift`` with its 95 % interval, which holds however often one looks; null: it cannot be said.
    """

    finding: str
    verdict: str
    first_day: date
    last_day: date
    with_messages: int = Field(description="Customers who entered, but for the holdout.")
    with_messages_converted: int
    without_messages: int | None = Field(description="Customers of the holdout; null: the journey has none.")
    without_messages_converted: int | None
    uplift: float | None
    uplift_low: float | None
    uplift_high: float | None


class JourneyOfDay(BaseModel):
    """A journey's figures of the day, and its result so far; null: nobody has entered yet."""

    journey_id: UUID
    name: str
    campaign_id: str | None
    status: JourneyStatus
    figures: OverviewFigures
    under_way: int = Field(description="Runs under way when the message was made, without the holdout.")
    result: ResultOfLife | None


class DailyFigures(BaseModel):
    """The figures of one day. ``is_sample``: the message was asked for as a test."""

    subscription_id: UUID
    workspace_id: str
    day: date
    zone: str = Field(description="Whose day it is.")
    is_sample: bool
    notes: list[str] = Field(description="What to know about the figures.")
    totals: OverviewFigures = Field(description="Over the journeys below.")
    journeys: list[JourneyOfDay]


class DailyFiguresMessage(BaseModel):
    """What a subscriber is sent each day, signed as Standard Webhooks has it."""

    type: Literal["figures.daily"] = "figures.daily"
    timestamp: datetime = Field(description="When the figures were read.")
    data: DailyFigures
