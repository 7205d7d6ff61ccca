"""What the API tells of all journeys at once."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.api.documents import JourneyItem


class OverviewFigures(BaseModel):
    """What happened in a period; the meaning of each figure is that in ``Figures``."""

    model_config = ConfigDict(from_attributes=True)

    entered: int
    customers: int
    completed: int
    exited: int
    sends: int
    suppressed: int
    conversions: int
    customers_converted: int
    revenue: float
    cost: float


class OverviewItem(BaseModel):
    """A journey with its figures of the period; finding and verdict are those of its comparison."""

    journey: JourneyItem
    figures: OverviewFigures
    under_way: int = Field(description="Runs under way, without the holdout, as counted within the last minute.")
    last_day: date | None = Field(description="The last UTC day that has figures; null: nobody has entered yet.")
    finding: str | None = Field(description="Null: nobody has entered yet.")
    verdict: str | None


class OverviewDocument(BaseModel):
    """A page of journeys, in the order asked for; ``next_cursor`` null: the last page."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    since: date = Field(alias="from")
    until: date = Field(alias="to")
    zone: str = Field(description="Whose days these are.")
    generated_at: datetime
    notes: list[str] = Field(description="What to know about the figures.")
    items: list[OverviewItem]
    totals: OverviewFigures = Field(description="Over all journeys that the filters let through, on whatever page.")
    next_cursor: str | None
