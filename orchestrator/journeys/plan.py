"""A published version made ready to run: conditions compiled, durations in milliseconds, names resolved."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from orchestrator.definitions.condition import Condition, FieldIs, parts_of
from orchestrator.definitions.document import Length
from orchestrator.definitions.duration import duration_ms
from orchestrator.definitions.journey import EventEntry, ExitCriterion, Goal, JourneyDefinition, ReEntry
from orchestrator.definitions.step import (
    Branch,
    DateAttribute,
    Exit,
    FromEntry,
    Instant,
    LocalTime,
    Send,
    Split,
    Step,
    Variable,
    Wait,
    WaitFor,
    WaitUntil,
)
from orchestrator.guardrails.rules import SendRules, compile_rules
from orchestrator.guardrails.zone import DAY_MS
from orchestrator.journeys.conditions import Test, compile_condition
from orchestrator.journeys.timing import minute_of_day, weekday_numbers

DEFAULT_EXPIRY_MS = 365 * DAY_MS  # a run that nobody gave an end gets one, so that no state grows for ever


@dataclass(frozen=True, slots=True)
class SendPlan:
    """A send step. ``variables``: (name, source)."""

    channel: str
    template: str
    category: str
    variables: tuple[tuple[str, Variable], ...]
    expires_ms: int | None
    cost: float
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
class WaitForPlan:
    """A wait for an event, with a timeout."""

    event: str
    where: Test | None
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
class ExitPlan:
    """The end of the journey."""

    reason: str


StepPlan = (
    SendPlan
    | WaitPlan
    | InstantPlan
    | DateAttributePlan
    | LocalTimePlan
    | WaitForPlan
    | BranchPlan
    | SplitPlan
    | ExitPlan
)


@dataclass(frozen=True, slots=True)
class EntryPlan:
    """Who enters: see :class:`orchestrator.definitions.journey.EventEntry`."""

    type: str
    where: Test | None
    audience: Test | None
    key: tuple[str, ...] | None
    re_entry: ReEntry
    period_ms: int


@dataclass(frozen=True, slots=True)
class GoalPlan:
    """What counts as a conversion."""

    event: str
    where: Test | None
    window_ms: int
    value: tuple[str, ...] | None
    exits: bool


@dataclass(frozen=True, slots=True)
class ExitCriterionPlan:
    """What ends a run early."""

    event: str
    where: Test | None
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """One version of one journey, ready to run. ``entry_fields``: what is needed later of the entry event."""

    workspace_id: str
    journey_id: str
    version: int
    name: str
    entry: EntryPlan
    start: str
    steps: Mapping[str, StepPlan]
    goal: GoalPlan | None
    exit_on: tuple[ExitCriterionPlan, ...]
    holdout_percent: float
    expires_ms: int
    rules: SendRules
    entry_fields: tuple[tuple[str, tuple[str, ...]], ...]


def compile_plan(workspace_id: str, journey_id: str, version: int, journey: JourneyDefinition) -> Plan:
    """``journey`` made ready to run. Costs milliseconds: once per published version.

    Raises:
        DefinitionError: it was checked with another time zone database than the one installed here.
    """
    return Plan(
        workspace_id=workspace_id,
        journey_id=journey_id,
        version=version,
        name=journey.name,
        entry=_entry(journey.entry),
        start=journey.start,
        steps={step_id: _step(step) for step_id, step in journey.steps.items()},
        goal=_goal(journey.goal) if journey.goal else None,
        exit_on=tuple(_exit_criterion(criterion) for criterion in journey.exit_on),
        holdout_percent=journey.holdout.percent if journey.holdout else 0.0,
        expires_ms=duration_ms(journey.expires_after) if journey.expires_after else DEFAULT_EXPIRY_MS,
        rules=compile_rules(journey.guardrails),
        entry_fields=tuple((name, path_of(name)) for name in sorted(_entry_fields(journey))),
    )


def path_of(field: str) -> tuple[str, ...]:
    """A dotted field path as a tuple of names."""
    return tuple(field.split("."))


def _test(condition: Condition | None) -> Test | None:
    return None if condition is None else compile_condition(condition)


def _ms(length: Length | None) -> int:
    return 0 if length is None else duration_ms(length)


def _entry(entry: EventEntry) -> EntryPlan:
    return EntryPlan(
        type=entry.type,
        where=_test(entry.where),
        audience=_test(entry.audience),
        key=path_of(entry.key) if entry.key else None,
        re_entry=entry.re_entry,
        period_ms=duration_ms(entry.re_entry.period) if entry.re_entry.kind == "after" else 0,
    )


def _goal(goal: Goal) -> GoalPlan:
    value = path_of(goal.value) if goal.value else None
    return GoalPlan(goal.event, _test(goal.where), duration_ms(goal.window), value, goal.exits)


def _exit_criterion(criterion: ExitCriterion) -> ExitCriterionPlan:
    return ExitCriterionPlan(criterion.event, _test(criterion.where), criterion.reason)


def _step(step: Step) -> StepPlan:
    match step:
        case Send():
            expires_ms = duration_ms(step.expires_after) if step.expires_after else None
            variables = tuple(step.variables.items())
            return SendPlan(step.channel, step.template, step.category, variables, expires_ms, step.cost, step.next)
        case Wait():
            return WaitPlan(duration_ms(step.duration), step.next)
        case WaitUntil():
            return _wait_until(step)
        case WaitFor():
            timeout_ms, look_back_ms = duration_ms(step.timeout), _ms(step.look_back)
            return WaitForPlan(step.event, _test(step.where), timeout_ms, look_back_ms, step.next, step.on_timeout)
        case Branch():
            paths = tuple((compile_condition(path.when, fields_are_flat=True), path.next) for path in step.paths)
            return BranchPlan(paths, step.otherwise)
        case Split():
            names, weights, nexts = zip(*((path.name, path.percent, path.next) for path in step.paths), strict=True)
            return SplitPlan(names, weights, nexts)
        case Exit():
            return ExitPlan(step.reason)
        case _:
            assert_never(step)


def _wait_until(step: WaitUntil) -> StepPlan:
    until = step.until
    match until:
        case Instant():
            return InstantPlan(round(until.at.timestamp() * 1_000), step.next)
        case DateAttribute():
            return DateAttributePlan(until.name, _ms(until.after) - _ms(until.before), step.next, until.when_missing)
        case LocalTime():
            weekdays = weekday_numbers(until.weekdays)
            return LocalTimePlan(minute_of_day(until.time), weekdays, until.zone_when_unknown, step.next)
        case _:
            assert_never(until)


def _entry_fields(journey: JourneyDefinition) -> set[str]:
    """The fields of the entry event that a send or a branch looks at later, and that a run must therefore keep."""
    fields: set[str] = set()
    for step in journey.steps.values():
        if isinstance(step, Send):
            fields |= {source.name for source in step.variables.values() if isinstance(source, FromEntry)}
        if isinstance(step, Branch):
            for path in step.paths:
                fields |= _fields_in(path.when)
    return fields


def _fields_in(condition: Condition) -> set[str]:
    own = {condition.name} if isinstance(condition, FieldIs) else set()
    return own.union(*(_fields_in(part) for part in parts_of(condition)))
