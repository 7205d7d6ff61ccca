"""What the API takes and gives, field by field. Requests refuse fields they do not know."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from orchestrator.api.experiment_documents import ComparisonDocument
from orchestrator.api.moments import Moment
from orchestrator.definitions.document import StepId
from orchestrator.definitions.guardrail import Channel
from orchestrator.definitions.journey import MAX_STEPS
from orchestrator.messages.config import JourneyStatus, MigrationPolicy
from orchestrator.messages.key import MAX_CUSTOMER_ID_CHARS
from orchestrator.store.keys import Role

ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Grain = Literal["day", "week", "month", "none"]
HoldoutPercent = Annotated[float, Field(ge=0, le=95, allow_inf_nan=False)]
Cost = Annotated[float, Field(ge=0, le=1_000, allow_inf_nan=False)]
CampaignId = Annotated[str, StringConstraints(min_length=1, max_length=255)]


def _left_out() -> Any:  # noqa: ANN401 - stands for "not in the request"; `model_fields_set` tells it from a value
    return None


class RequestDocument(BaseModel):
    """What every request body shares: unknown fields and values of another type are mistakes, so they are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class NewJourney(RequestDocument):
    """A journey to be created. ``name`` is that of the definition unless given."""

    name: ShortText = Field(default_factory=_left_out)
    campaign_id: CampaignId | None = None
    config: dict[str, Any] = Field(description="The journey definition; every problem in it is reported at once.")
    status: Literal["ACTIVE", "DRAFT"] = "ACTIVE"


class InFlight(RequestDocument):
    """How customers under way go on when the new version is published.

    ``pin``: to the end of the version they are on. ``follow``: at the step of the same name in the new one. ``map``: at
    the step that ``steps`` names for theirs (old to new), else at that of the same name. ``drain``: on the version they
    are on, but whoever is still under way at ``until`` leaves. Whose step is gone leaves when following.
    """

    policy: MigrationPolicy = "pin"
    steps: dict[StepId, StepId] = Field(default_factory=dict, max_length=MAX_STEPS)
    until: Moment | None = None

    @model_validator(mode="after")
    def _fields_belong_to_the_policy(self) -> "InFlight":
        if bool(self.steps) != (self.policy == "map"):
            raise ValueError('"steps" goes with "policy": "map", which needs it')
        if (self.until is not None) != (self.policy == "drain"):
            raise ValueError('"until" goes with "policy": "drain", which needs it')
        return self


class JourneyPatch(RequestDocument):
    """What is to change; fields left out stay as they are. A new ``config`` makes a new version.

    ``in_flight``, with ``config``: what becomes of customers under way; they stay on their version unless it says
    otherwise (see ``POST …/versions/preview`` for how many that concerns). ``drain`` goes with
    ``"status": "STOPPED"``: customers under way finish (true) or leave at once (false, the default).
    """

    name: ShortText = Field(default_factory=_left_out)
    campaign_id: CampaignId | None = None
    config: dict[str, Any] = Field(default_factory=_left_out)
    in_flight: InFlight = InFlight()
    status: Literal["ACTIVE", "PAUSED", "STOPPED", "ARCHIVED"] = Field(default_factory=_left_out)
    drain: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> "JourneyPatch":
        if not self.model_fields_set:
            raise ValueError("name at least one of: name, campaign_id, config, status")
        if "drain" in self.model_fields_set and self.status != "STOPPED":
            raise ValueError('"drain" goes with "status": "STOPPED"')
        if "in_flight" in self.model_fields_set and "config" not in self.model_fields_set:
            raise ValueError('"in_flight" goes with a new "config"')
        return self


class NewVersion(RequestDocument):
    """A version that might be published, and what would become of customers under way."""

    config: dict[str, Any]
    in_flight: InFlight = InFlight()


class NewEntry(RequestDocument):
    """A customer who is to enter a journey. ``fields`` stand for those of an entry event.

    ``id`` names the request: asked again with the same id, nothing more happens. Without it each request counts.
    """

    customer_id: Annotated[str, StringConstraints(min_length=1, max_length=MAX_CUSTOMER_ID_CHARS)]
    fields: dict[str, Any] = Field(default_factory=dict, max_length=100)
    id: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None


class WorkspaceSettingsDocument(RequestDocument):
    """What holds for every journey of a workspace, all of it; a field left out has its default.

    ``is_sending`` false is the kill switch: no send command leaves the workspace. ``holdout_percent``: of all
    customers, who get nothing from any journey. ``guardrails`` bind beside each journey's own. ``costs``: of one send,
    by channel, where a step names none. ``needs_approval``: a second person agrees before
    customers are reached anew, and before settings change in a way that does not only tighten them.

    Guardrails that are empty are none. Any that are not have all rules, those left out with their defaults: among them
    ``consent``, which then binds every journey too.
    """

    is_sending: bool  # without a default: nobody switches sending on by leaving something out
    holdout_percent: HoldoutPercent = 0.0
    guardrails: dict[str, Any] = Field(default_factory=dict)
    costs: dict[Channel, Cost] = Field(default_factory=dict)
    needs_approval: bool = False


class WorkspacePatch(RequestDocument):
    """What is to change; fields left out stay as they are. The fields are those of ``WorkspaceSettingsDocument``."""

    is_sending: bool = Field(default_factory=_left_out)
    holdout_percent: HoldoutPercent = Field(default_factory=_left_out)
    guardrails: dict[str, Any] = Field(default_factory=_left_out)
    costs: dict[Channel, Cost] = Field(default_factory=_left_out)
    needs_approval: bool = Field(default_factory=_left_out)

    @model_validator(mode="after")
    def _says_something(self) -> "WorkspacePatch":
        if not self.model_fields_set:
            raise ValueError("name at least one of: is_sending, holdout_percent, guardrails, costs, needs_approval")
        return self


class JourneyItem(BaseModel):
    """A journey without its definition. ``published``: Kafka has its last change, so the workers act on it."""

    id: UUID
    workspace_id: str
    name: str
    campaign_id: str | None
    status: JourneyStatus
    drain: bool = Field(description="When STOPPED: customers under way finish (true) or leave at once.")
    paused_reason: str | None = Field(
        description="Why it paused by itself; null: a person did it, or it is not paused."
    )
    version: int
    allowed_statuses: list[JourneyStatus] = Field(description="What `status` may be set to from here.")
    created_at: datetime
    updated_at: datetime
    published: bool = Field(description="False: written, and waiting for Kafka.")


class JourneyDocument(JourneyItem):
    """A journey with the definition of its current version."""

    config: dict[str, Any]
    proposal_id: UUID | None = Field(
        None, description="The change waits for a second person under this id; nothing has changed yet."
    )


class JourneyList(BaseModel):
    """A page of journeys, newest first; ``next_cursor`` null: the last page."""

    items: list[JourneyItem]
    next_cursor: str | None


class VersionItem(BaseModel):
    """A published definition, and how customers under way went over to it."""

    version: int
    created_at: datetime
    policy: MigrationPolicy
    steps: dict[str, str]
    until: datetime | None


class VersionDocument(VersionItem):
    """A version with its definition."""

    config: dict[str, Any]


class VersionList(BaseModel):
    """The newest versions, newest first."""

    items: list[VersionItem]


class GroupPreview(BaseModel):
    """Customers under way who stand at one step of one version, and what becomes of them.

    ``to_step``: where they go on in the new version; null: they stay on theirs, or leave.
    """

    version: int
    step: str
    customers: int
    fate: Literal["stays", "goes_on", "leaves", "drained"]
    to_step: str | None
    sentence: str


class VersionPreview(BaseModel):
    """What publishing a version would do; nothing has been done. Counts are as the reports know them by now."""

    version: int
    added_steps: list[str]
    removed_steps: list[str]
    changed_steps: list[str]
    groups: list[GroupPreview]
    stay: int
    go_on: int
    leave: int
    drained: int


class EntryAccepted(BaseModel):
    """The request for an entry is safe; the workers decide on it when it has reached them."""

    event_id: str
    customer_id: str
    published: bool


class ExplainedDecision(BaseModel):
    """One decision in a customer's path: what, where, by which rule, on what grounds, and which record led to it.

    ``details``: everything the engine put on record: inputs, counters, results.
    """

    at: datetime
    type: str
    step: str
    version: int
    sentence: str
    rule: str | None
    reason: str | None
    next_eligible_at: datetime | None
    details: dict[str, Any]
    cause: str = Field(description="topic/partition/offset of the record that led to it.")


class ExplainedStep(BaseModel):
    """A stay at a step; ``kind`` as the definition has it. ``left_at`` null: the customer is still there."""

    step: str
    kind: str | None
    version: int
    arrived_at: datetime
    left_at: datetime | None


class ExplainedRun(BaseModel):
    """One passage of the customer through the journey, with its way and every decision on it, oldest first.

    ``step``: where it stands; null: it has ended, or is held out. ``next_at``: when it goes on unless something
    happens before.
    """

    run_id: UUID
    arm: str
    version: int
    status: Literal["under_way", "ended", "held_out"]
    step: str | None
    next_at: datetime | None
    summary: str
    path: list[ExplainedStep]
    decisions: list[ExplainedDecision]


class Explanation(BaseModel):
    """Why a customer got what they got from a journey, and did not get the rest. Oldest first.

    ``is_cut``: only the newest 1,000 decisions are told.
    """

    journey_id: UUID
    customer_id: str
    summary: str
    next_eligible_at: datetime | None = Field(description="When the last refused entry or send may be tried again.")
    runs: list[ExplainedRun]
    refused_entries: list[ExplainedDecision]
    is_cut: bool


class ErasureDocument(BaseModel):
    """The receipt of a customer's erasure: nothing else is left of them, but for figures that name nobody."""

    receipt: UUID
    customer_sha256: str = Field(description="In hex, of workspace_id:customer_id in UTF-8.")
    requested_at: datetime
    erased_at: datetime
    rows: dict[str, int] = Field(description="How many were deleted, by table.")


class SettingInWords(BaseModel):
    """One thing that holds for every journey of the workspace, as a sentence."""

    path: str = Field(description="Where it stands in the settings.", examples=["$.guardrails.caps[0]"])
    sentence: str = Field(examples=["At most 3 messages per customer and calendar week, over all journeys"])


class WorkspaceDocument(BaseModel):
    """The workspace of the API key, and the key's role. ``guardrails`` empty: the workspace sets none of its own."""

    workspace_id: str
    is_sending: bool
    holdout_percent: float
    guardrails: dict[str, Any]
    costs: dict[str, float]
    needs_approval: bool
    in_words: list[SettingInWords] = Field(description="All of the settings but the kill switch.")
    role: Role
    updated_at: datetime | None
    published: bool
    proposal_id: UUID | None = Field(
        None,
        description="The change waits for a second person under this id; of all that was asked for nothing has changed "
        "but that sending was switched off, where it was.",
    )


class ArmFigures(BaseModel):
    """The part of an arm in some figures; the meaning of each is that in ``Figures``."""

    entered: int
    customers: int
    customers_converted: int
    conversions: int
    revenue: float
    cost: float


class ChannelFigures(BaseModel):
    """The part of a channel; outcomes as its adapter reported them."""

    sends: int
    suppressed: int
    deferred: int
    cost: float
    sent: int
    delivered: int
    opened: int
    clicked: int
    bounced: int
    complained: int
    unsubscribed: int
    failed: int


class StepFigures(BaseModel):
    """What happened at one step, over all arms."""

    passed: int = Field(description="How often a customer went on from it, or reached it where it is an exit.")
    waits: int = Field(description="How often a customer began to wait at it.")
    sends: int
    suppressed: int
    deferred: int
    cost: float
    exits: int = Field(description="Runs that ended early while at it.")


class VariantFigures(BaseModel):
    """How one arm of an experiment step fared."""

    customers: int = Field(description="Customers who were given the arm for the first time.")
    customers_converted: int = Field(description="Customers with the arm whose same run reached the goal after it.")


class Figures(BaseModel):
    """What happened in a period: counts of runs, sends and goals; money in the unit of the events."""

    entered: int = Field(description="Runs begun, both arms.")
    customers: int = Field(description="Customers who entered for the first time.")
    completed: int
    exited: int
    entry_refused: int
    conversions: int = Field(description="Goals reached.")
    customers_converted: int = Field(description="Customers who reached the goal for the first time.")
    revenue: float
    sends: int
    suppressed: int
    deferred: int
    cost: float
    arms: dict[str, ArmFigures]
    channels: dict[str, ChannelFigures]
    suppressed_by_rule: dict[str, int]
    deferred_by_rule: dict[str, int]
    refused_by_rule: dict[str, int]
    exits_by_reason: dict[str, int]
    steps_passed: dict[str, int]
    steps: dict[str, StepFigures] = Field(description="By step; of activities since this is counted.")
    variants: dict[str, dict[str, VariantFigures]] = Field(description="By experiment step, then arm.")


class DayFigures(Figures):
    """The figures of a day, of a week from Monday, or of a month; ``date`` is its first day within the period."""

    date: date


class MetricsDocument(BaseModel):
    """A journey's figures by the days of a zone and in total; ``days`` has every day (or week, or month) of the period.

    ``comparison`` is by UTC days whatever the zone. ``notes``: what to know before comparing the days.
    """

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    journey_id: UUID
    since: date = Field(alias="from")
    until: date = Field(alias="to")
    zone: str = Field(description="Whose days they are: an IANA name.")
    generated_at: datetime
    notes: list[str]
    by: Grain = Field(description="How long each of `days` is; none: there are none.")
    days: list[DayFigures]
    totals: Figures
    comparison: ComparisonDocument | None


class ActivityDocument(BaseModel):
    """One decision or outcome; ``cause`` is topic/partition/offset of the record that led to it.

    ``sentence``: what was decided and why, in words; moments in it are UTC.
    """

    id: UUID
    journey_id: UUID
    customer_id: str | None
    run_id: UUID | None
    version: int | None
    type: str
    step: str
    arm: str
    at: datetime
    sentence: str
    details: dict[str, Any]
    cause: str


class ActivityList(BaseModel):
    """A page of activities, newest first; ``next_cursor`` null: the last page.

    Those of one moment stand in the order in which they were written, as far as they are on the same page.
    """

    items: list[ActivityDocument]
    next_cursor: str | None
