"""What the API says of where runs stand."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field


class StandingDocument(BaseModel):
    """Customers at one step now. Who is in the journey twice counts twice."""

    step: str
    customers: int
    versions: dict[str, int] = Field(description="How many of them are on which version.")
    since: datetime | None = Field(description="When the one who has stood there longest came.")


class PositionsDocument(BaseModel):
    """Where the runs of a journey stand, as far as the reports know by now.

    ``under_way``: all but the holdout; some may be at no step for the moment of their entry. ``held_out``: in the
    holdout and not ended. ``version`` is the one that customers enter.
    """

    journey_id: UUID
    version: int
    generated_at: datetime
    under_way: int
    held_out: int
    steps: list[StandingDocument]
