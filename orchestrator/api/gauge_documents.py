"""What the API says of limits: how high, how far used, and how much they have held back."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

GaugeKind = Literal[
    "cap", "gap", "quiet_hours", "consent", "rate", "budget", "brake", "capacity", "holdout", "kill_switch"
]
GaugeOf = Literal["journey", "workspace"]


class Gauge(BaseModel):
    """One rule and where it stands, as far as the reports know by now; the workers alone keep it.

    What cannot be known is null. ``limit`` and ``used`` are messages, money, entries or, of brakes and holdouts,
    percent. ``since`` and ``until``: the period that ``used`` counts; null: from the beginning, or without end.
    """

    kind: GaugeKind
    of: GaugeOf = Field(description="Whose rule it is. That of a workspace counts all its journeys; a brake, each.")
    sentence: str = Field(description="The rule in words.")
    limit: float | None
    used: float | None
    share: float | None = Field(description="used / limit; null of a holdout, which is a plan and no limit.")
    since: datetime | None
    until: datetime | None
    held_back: int = Field(
        description="Sends of this journey suppressed or deferred (of a capacity: entries refused) by rules of this "
        "kind in the last 24 hours."
    )
    is_reached: bool = Field(description="Whether it stops something now; false also where that is not known.")
    is_off_plan: bool | None = Field(
        None, description="Of a holdout: its share of the customers differs from the plan by more than chance does."
    )


class GuardrailState(BaseModel):
    """The guardrails that bind a journey, its own and those of its workspace."""

    generated_at: datetime
    items: list[Gauge]
