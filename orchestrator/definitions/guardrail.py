"""The limits a journey may never exceed, as people write them.

Caps, gap, quiet hours and consent look at one customer; rates, budgets and brakes at all customers together.
"""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from orchestrator.definitions.clock import WEEKDAYS, LocalClock, Weekday
from orchestrator.definitions.document import Document, Length, Name
from orchestrator.definitions.duration import Duration, bounded, parse_duration
from orchestrator.definitions.zone import ZoneName

MAX_CAP_LIMIT = 100  # sends; guardrails.history keeps at least so many of each kind
MAX_WINDOW = timedelta(days=366)  # guardrails.history forgets what is older
MAX_FALLBACK_ZONES = 8
MAX_BRAKE_WINDOW = timedelta(days=30)
_SHORTEST = timedelta(seconds=1)
_KEPT = bounded(_SHORTEST, MAX_WINDOW, "the minimum gap is 1 second to 366 days: older messages are not remembered")
_RECENT = bounded(
    timedelta(0), MAX_BRAKE_WINDOW, "a brake looks back 30 days at most: an older message says nothing of today"
)

Channel = Literal["email", "sms", "push", "whatsapp", "in-app", "webhook"]
CalendarPeriod = Literal["day", "week"]
CapScope = Literal["journey", "customer"]
ConsentMode = Literal["required", "opt_out", "none"]

# What holds for a category that the journey does not mention; any other category requires consent.
DEFAULT_CONSENT: dict[str, ConsentMode] = {"marketing": "required", "transactional": "none"}


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
            raise ValueError("a cap counts over 1 second to 366 days: older messages are not remembered")
        return per


class QuietHours(Document):
    """When not to send, by the customer's wall clock."""

    starts: LocalClock = Field(alias="from", description="Local time at which quiet begins, HH:MM.")
    ends: LocalClock = Field(
        alias="to", description="Local time at which sending is allowed again, HH:MM; before `from`: the next morning."
    )
    weekdays: Annotated[tuple[Weekday, ...], Field(strict=False)] = Field(
        default=WEEKDAYS, description="The days of the local date on which sending is allowed; all when absent."
    )
    on_quiet: Literal["defer", "skip"] = Field(
        default="defer", description="Send at the first allowed moment, or not at all."
    )
    channels: Annotated[tuple[Channel, ...], Field(strict=False)] | None = Field(
        default=None,
        description="The channels that are quiet; all when absent. A send step may name another as its `fallback`.",
    )

    @field_validator("weekdays")
    @classmethod
    def _some_day_is_left(cls, weekdays: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
        if not weekdays:
            raise ValueError("no weekday is left on which to send; name at least one, or leave the field out for all")
        if len(set(weekdays)) < len(weekdays):
            raise ValueError("a weekday is named twice")
        return weekdays

    @field_validator("channels")
    @classmethod
    def _some_channel_is_quiet(cls, channels: tuple[Channel, ...] | None) -> tuple[Channel, ...] | None:
        if channels is not None and not channels:
            raise ValueError("no channel is quiet; name at least one, or leave the field out for all")
        return channels

    def holds_for(self, channel: str) -> bool:
        """Whether sends over the channel are bound by it."""
        return self.channels is None or channel in self.channels

    @model_validator(mode="after")
    def _window_has_a_length(self) -> "QuietHours":
        if self.starts == self.ends:
            raise ValueError(
                f"quiet hours from {self.starts} to {self.ends} are either never or always; "
                "choose two different times, or leave quiet hours out"
            )
        return self


class Rate(Document):
    """At most ``limit`` sends, over all customers, in each second, minute or hour of the clock."""

    limit: int = Field(ge=1, le=1_000_000, description="The most sends in one such period.")
    per: Literal["second", "minute", "hour"] = Field(description="The period, by the clock.")
    channel: Channel | None = Field(default=None, description="Count and limit only sends over this channel.")


class Budget(Document):
    """At most ``limit`` messages, or ``limit`` of money, over all customers: each day in ``zone``, or in total.

    A send that finds a day's budget spent waits for the next day, unless ``when_spent`` is ``skip``.
    """

    kind: Literal["messages", "money"] = Field(description="What is counted: messages, or what they cost.")
    limit: float = Field(
        gt=0, le=1_000_000_000, allow_inf_nan=False, description="How many messages, or how much money."
    )
    per: Literal["day", "total"] = Field(description="Each calendar day, or altogether.")
    channel: Channel | None = Field(default=None, description="Count and limit only sends over this channel.")
    zone: ZoneName = Field("UTC", description="Whose calendar days are counted.")
    when_spent: Literal["defer", "skip"] = Field("defer", description="Wait for the next day, or do not send.")

    @model_validator(mode="after")
    def _messages_are_whole(self) -> "Budget":
        if self.kind == "messages" and self.limit != int(self.limit):
            raise ValueError("a number of messages is a whole number")
        return self


class Brake(Document):
    """The journey pauses by itself when more than ``percent`` of the messages of the last ``within`` had ``outcome``.

    Nothing is concluded from fewer than ``at_least`` messages.
    """

    outcome: Literal["bounced", "complained", "unsubscribed", "failed"] = Field(description="What is counted.")
    percent: float = Field(
        gt=0, le=100, allow_inf_nan=False, description="The share of messages above which the journey pauses."
    )
    at_least: int = Field(
        default=500, ge=1, le=1_000_000, description="How many messages there must be to conclude anything."
    )
    within: Annotated[Length, _RECENT] = Field(timedelta(days=1), description="How far back to look.")


class Guardrails(Document):
    """Hard limits, checked before every send; each decision is recorded with its counters."""

    caps: Annotated[tuple[FrequencyCap, ...], Field(strict=False)] = Field(
        default=(), max_length=20, description="Frequency caps; a send must fit under every one of them."
    )
    minimum_gap: Annotated[Duration, _KEPT] | None = Field(
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

    rates: Annotated[tuple[Rate, ...], Field(strict=False)] = Field(
        default=(), max_length=10, description="How fast to send at most; what comes faster waits for its turn."
    )
    budgets: Annotated[tuple[Budget, ...], Field(strict=False)] = Field(
        default=(), max_length=10, description="How many messages, or how much money, to spend at most."
    )
    brakes: Annotated[tuple[Brake, ...], Field(strict=False)] = Field(
        default=(), max_length=10, description="When the journey pauses by itself."
    )

    @field_validator("fallback_zones")
    @classmethod
    def _some_zone_is_assumed(cls, zones: tuple[str, ...]) -> tuple[str, ...]:
        if not 1 <= len(zones) <= MAX_FALLBACK_ZONES:
            raise ValueError(f"name 1 to {MAX_FALLBACK_ZONES} zones to assume when the customer's is unknown")
        return zones

    def consent_mode(self, category: str) -> ConsentMode:
        """What a send of ``category`` needs; the strictest for a category nobody mentioned."""
        return self.consent.get(category) or DEFAULT_CONSENT.get(category, "required")
