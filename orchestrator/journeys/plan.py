"""A published version made ready to run: what :mod:`orchestrator.journeys.compile` makes of a definition.

Conditions are compiled to functions, lengths are in milliseconds, names are resolved.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.definitions.entry import ReEntry
from orchestrator.definitions.schedule import Schedule
from orchestrator.definitions.step import Variable
from orchestrator.guardrails.budget import Limit
from orchestrator.guardrails.rules import SendRules
from orchestrator.journeys.conditions import Counter, Test

Variables = tuple[tuple[str, Variable], ...]  # (name, source)


@dataclass(frozen=True, slots=True)
class ContactPlan:
    """One way to reach the customer. ``cost`` None: what the workspace says of the channel."""

    channel: str
    template: str
    cost: float | None


@dataclass(frozen=True, slots=True)
class SendPlan:
    """A send step. ``contacts``: the first way and its fallbacks, in order.

    ``tries_next``: after what the next contact is tried. ``report_ms``: how long a report is waited for; 0: not at all.
    """

    contacts: tuple[ContactPlan, ...]
    category: str
    variables: Variables
    expires_ms: int | None
    tries_next: frozenset[str]
    report_ms: int
    next: str


@dataclass(frozen=True, slots=True)
class WaitPlan:
    """A wait of fixed length."""

    duration_ms: int
    next: str


@dataclass(frozen=True, slots=True)
class InstantPlan:
    """A wait until one moment."""

    at_ms: int
    next: str


@dataclass(frozen=True, slots=True)
class DateAttributePlan:
    """A wait until a customer's own date plus ``offset_ms``."""

    name: str
    offset_ms: int
    next: str
    when_missing: str


@dataclass(frozen=True, slots=True)
class LocalTimePlan:
    """A wait until the customer's clock shows ``minute`` of the day."""

    minute: int
    weekdays: frozenset[int]
    zone_when_unknown: str
    next: str


@dataclass(frozen=True, slots=True)
class LocalWindowPlan:
    """A wait until the customer's clock shows a minute of the day from ``opens`` to before ``closes``."""

    opens: int
    closes: int
    weekdays: frozenset[int]
    zone_when_unknown: str
    next: str


@dataclass(frozen=True, slots=True)
class WaitForPlan:
    """A wait for an event, or (``event`` empty) until ``condition`` holds; with a timeout."""

    event: str
    where: Test | None
    condition: Test | None
    timeout_ms: int
    look_back_ms: int
    next: str
    on_timeout: str


@dataclass(frozen=True, slots=True)
class BranchPlan:
    """Paths in order: (test, next)."""

    paths: tuple[tuple[Test, str], ...]
    otherwise: str


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """Paths by weight; ``weights`` in percent."""

    names: tuple[str, ...]
    weights: tuple[float, ...]
    nexts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExperimentPlan:
    """Arms that share customers by what is known of them; equally, before anything is."""

    nexts: Mapping[str, str]
    equal: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class UpdatePlan:
    """Attributes to set and to forget."""

    values: Variables
    remove: tuple[str, ...]
    next: str


@dataclass(frozen=True, slots=True)
class StartJourneyPlan:
    """Another journey to enter."""

    journey_id: str
    fields: Variables
    next: str


@dataclass(frozen=True, slots=True)
class EmitPlan:
    """An event to publish."""

    event: str
    data: Variables
    next: str


@dataclass(frozen=True, slots=True)
class WebhookPlan:
    """Another system to tell."""

    endpoint: str
    data: Variables
    next: str


@dataclass(frozen=True, slots=True)
class LoopPlan:
    """A way back, so many times."""

    times: int
    back_to: str
    next: str


@dataclass(frozen=True, slots=True)
class ExitPlan:
    """The end of the journey."""

    reason: str


WaitingPlan = WaitPlan | InstantPlan | DateAttributePlan | LocalTimePlan | LocalWindowPlan
StepPlan = (
    SendPlan
    | WaitPlan
    | InstantPlan
    | DateAttributePlan
    | LocalTimePlan
    | LocalWindowPlan
    | WaitForPlan
    | BranchPlan
    | SplitPlan
    | ExperimentPlan
    | UpdatePlan
    | StartJourneyPlan
    | EmitPlan
    | WebhookPlan
    | LoopPlan
    | ExitPlan
)


@dataclass(frozen=True, slots=True)
class EntryPlan:
    """Who enters: see :mod:`orchestrator.definitions.entry`.

    ``type``: of the event that is a trigger, empty for other kinds. ``schedule``: when all known customers are looked
    at. ``opens_ms`` and ``closes_ms``: the entry window, milliseconds since 1970 UTC. ``grace_ms``: how long after its
    trigger an entry is decided.
    """

    kind: str
    type: str
    where: Test | None
    audience: Test | None
    exclude: Test | None
    key: tuple[str, ...] | None
    re_entry: ReEntry
    period_ms: int
    opens_ms: int | None
    closes_ms: int | None
    schedule: Schedule | None
    grace_ms: int


@dataclass(frozen=True, slots=True)
class GoalPlan:
    """What counts as a conversion; ``before_ms``: how far back the past of who enters is counted, 0 for not at all."""

    event: str
    where: Test | None
    window_ms: int
    value: tuple[str, ...] | None
    exits: bool
    before_ms: int


@dataclass(frozen=True, slots=True)
class ExitCriterionPlan:
    """What ends a run early: an event, or (``event`` empty) that ``when`` holds."""

    event: str
    where: Test | None
    when: Test | None
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """One version of one journey, ready to run.

    ``entry_fields``: what is needed later of the entry event. ``exits_when``: whether an exit criterion looks at the
    customer rather than at an event. ``counters``: the filtered event counts that its conditions ask for. ``limits``:
    of sends over all customers; ``capacity``: of entries.
    """

    workspace_id: str
    journey_id: str
    version: int
    name: str
    entry: EntryPlan
    start: str
    steps: Mapping[str, StepPlan]
    goal: GoalPlan | None
    exit_on: tuple[ExitCriterionPlan, ...]
    exits_when: bool
    holdout_percent: float
    expires_ms: int
    rules: SendRules
    entry_fields: tuple[tuple[str, tuple[str, ...]], ...]
    counters: tuple[Counter, ...]
    has_loops: bool
    limits: tuple[Limit, ...]
    capacity: Limit | None
    priority: int
    exclusion_group: str
