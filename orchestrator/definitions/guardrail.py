"""The limits a journey may never exceed, as people write them: caps, gap, quiet hours and consent."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from orchestrator.definitions.document import Document, Name
from orchestrator.definitions.duration import Duration, parse_duration
from orchestrator.definitions.zone import ZoneName

MAX_CAP_LIMIT = 100  # sends; guardrails.history keeps at least so many of each kind
MAX_WINDOW = timedelta(days=366)  # guardrails.history forgets what is older
MAX_FALLBACK_ZONES = 8
_SHORTEST = timedelta(seconds=1)

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Channel = Literal["email", "sms", "push", "whatsapp", "in-app", "webhook"]
CalendarPeriod = Literal["day", "week"]
CapScope = Literal["journey", "customer"]
ConsentMode = Literal["required", "opt_out", "none"]

# What holds for a category that the journey does not mention; any other category requires consent.
DEFAULT_CONSENT: dict[str, ConsentMode] = {"marketing": "required", "transactional": "none"}

_LocalTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["21:00"])]


def _day_week_or_duration(value: object) -> object:
    """One message for the whole field, instead of one for each thing it might have been."""
    return parse_duration(value) if isinstance(value, str) and value not in ("day", "week") else value


class FrequencyCap(Document):
    """At most ``limit`` sends per customer within ``per``, of the channel and category named (else of all)."""

    limit: int = Field(ge=1, le=MAX_CAP_LIMIT, description="The most sends that may fall into one window.")
    per: Annotated[CalendarPeriod | Duration, BeforeValidator(_day_week_or_duration)] = Field(
        description="The window: an ISO 8601 duration (sliding, at most P366D), or a calendar day or week "
        "(from Monday) in the customer's time zone."
    )
    channel: Channel | None = Field(default=None, description="Count and limit only sends over this channel.")
    category: Name | None = Field(default=None, description="Count and limit only sends of this category.")
    scope: CapScope = Field(
        default="customer",
        description="Which sends count: those of this journey, or those of every journey to the customer.",
    )

    @field_validator("per")
    @classmethod
    def _window_is_kept(cls, per: CalendarPeriod | timedelta) -> CalendarPeriod | timedelta:
        if isinstance(per, timedelta) and not _SHORTEST <= per <= MAX_WINDOW:
            raise ValueError("the window of a cap must be between PT1S and P366D: older sends are not kept")
        return per


class QuietHours(Document):
    """When not to send, by the customer's wall clock."""

    starts: _LocalTime = Field(alias="from", description="Local time at which quiet begins, HH:MM.")
    ends: _LocalTime = Field(
        alias="to", description="Local time at which sending is allowed again, HH:MM; before `from`: the next morning."
    )
    weekdays: Annotated[tuple[Weekday, ...], Field(strict=False)] = Field(
        default=WEEKDAYS, description="The days of the local date on which sending is allowed; all when absent."
    )
    on_quiet: Literal["defer", "skip"] = Field(
        default="defer", description="Send at the first allowed moment, or not at all."
    )

    @field_validator("weekdays")
    @classmethod
    def _some_day_is_left(cls, weekdays: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
        if not weekdays:
            raise ValueError("no weekday is left on which to send; name at least one, or leave the field out for all")
        if len(set(weekdays)) < len(weekdays):
            raise ValueError("a weekday is named twice")
        return weekdays

    @model_validator(mode="after")
    def _window_has_a_length(self) -> "QuietHours":
        if self.starts == self.ends:
            raise ValueError(
                f"quiet hours from {self.starts} to {self.ends} are either never or always; "
                "choose two different times, or leave quiet hours out"
            )
        return self


class Guardrails(Document):
    """Hard limits, checked before every send; each decision is recorded with its counters."""

    caps: Annotated[tuple[FrequencyCap, ...], Field(strict=False)] = Field(
        default=(), max_length=20, description="Frequency caps; a send must fit under every one of them."
    )
    minimum_gap: Duration | None = Field(
        default=None,
        description="The least time between any two sends to the customer, whichever the journey or channel; "
        "a send that comes too early is deferred.",
    )
    quiet_hours: QuietHours | None = Field(default=None, description="When not to send; none when absent.")
    fallback_zones: Annotated[tuple[ZoneName, ...], Field(strict=False)] = Field(
        default=("UTC",),
        json_schema_extra={"minItems": 1, "maxItems": MAX_FALLBACK_ZONES},
        description="IANA zones assumed when the customer's zone is unknown: a send is allowed only when "
        "it is allowed in every one of them.",
    )
    consent: dict[Name, ConsentMode] = Field(
        default_factory=lambda: dict(DEFAULT_CONSENT),
        max_length=50,
        description="Per category: `required` (an explicit grant for the channel), `opt_out` (unless revoked) or "
        "`none` (transactional). Categories not named: transactional needs none, any other an explicit grant.",
    )

    @field_validator("fallback_zones")
    @classmethod
    def _some_zone_is_assumed(cls, zones: tuple[str, ...]) -> tuple[str, ...]:
        if not 1 <= len(zones) <= MAX_FALLBACK_ZONES:
            raise ValueError(f"name 1 to {MAX_FALLBACK_ZONES} zones to assume when the customer's is unknown")
        return zones

    @field_validator("minimum_gap")
    @classmethod
    def _gap_is_kept(cls, gap: timedelta | None) -> timedelta | None:
        if gap is not None and not _SHORTEST <= gap <= MAX_WINDOW:
            raise ValueError("the minimum gap must be between PT1S and P366D: older sends are not kept")
        return gap

    def consent_mode(self, category: str) -> ConsentMode:
        """What a send of ``category`` needs; the strictest for a category nobody mentioned."""
        return self.consent.get(category) or DEFAULT_CONSENT.get(category, "required")
