"""From a definition to a plan. Costs milliseconds: once per published version."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import assert_never

from orchestrator.definitions.clock import minute_of
from orchestrator.definitions.condition import Condition, FieldIs, Happened, InSegment, parts_of
from orchestrator.definitions.document import Length
from orchestrator.definitions.duration import duration_ms
from orchestrator.definitions.entry import ApiEntry, EventEntry, JourneyEntry, ScheduleEntry, SegmentEntry
from orchestrator.definitions.journey import DEFAULT_EXPIRY, ExitCriterion, Goal, JourneyDefinition
from orchestrator.definitions.moment import ms_of
from orchestrator.definitions.places import conditions_of_events, conditions_of_runs, variables_of
from orchestrator.definitions.step import (
    Branch,
    DateAttribute,
    Emit,
    Exit,
    Experiment,
    FromEntry,
    Instant,
    LocalTime,
    LocalWindow,
    Loop,
    Send,
    Split,
    StartJourney,
    Step,
    Update,
    Wait,
    WaitFor,
    WaitUntil,
    Webhook,
)
from orchestrator.guardrails.budget import compile_capacity, compile_limits
from orchestrator.guardrails.rules import compile_rules
from orchestrator.journeys.conditions import Compiler, Counter, counter_of
from orchestrator.journeys.plan import (
    BranchPlan,
    ContactPlan,
    DateAttributePlan,
    EmitPlan,
    EntryPlan,
    ExitCriterionPlan,
    ExitPlan,
    ExperimentPlan,
    GoalPlan,
    InstantPlan,
    LocalTimePlan,
    LocalWindowPlan,
    LoopPlan,
    Plan,
    SendPlan,
    SplitPlan,
    StartJourneyPlan,
    StepPlan,
    UpdatePlan,
    WaitForPlan,
    WaitPlan,
    WebhookPlan,
)
from orchestrator.journeys.timing import weekday_numbers

DEFAULT_EXPIRY_MS = duration_ms(DEFAULT_EXPIRY)  # so that no state grows for ever


def compile_plan(workspace_id: str, journey_id: str, version: int, journey: JourneyDefinition) -> Plan:
    """``journey`` made ready to run.

    Raises:
        DefinitionError: it was checked with another time zone database than the one installed here.
    """
    of_event = Compiler(journey.segments)
    of_run = Compiler(journey.segments, fields_are_flat=True)
    exit_on = tuple(_exit_criterion(criterion, of_event, of_run) for criterion in journey.exit_on)
    return Plan(
        workspace_id=workspace_id,
        journey_id=journey_id,
        version=version,
        name=journey.name,
        entry=_entry(journey.entry, of_event),
        start=journey.start,
        steps={step_id: _step(step, of_event, of_run) for step_id, step in journey.steps.items()},
        goal=_goal(journey.goal, of_event) if journey.goal else None,
        exit_on=exit_on,
        exits_when=any(criterion.when is not None for criterion in exit_on),
        holdout_percent=journey.holdout.percent if journey.holdout else 0.0,
        expires_ms=duration_ms(journey.expires_after) if journey.expires_after else DEFAULT_EXPIRY_MS,
        rules=compile_rules(journey.guardrails),
        entry_fields=tuple((name, path_of(name)) for name in sorted(_entry_fields(journey))),
        counters=_counters(journey),
        has_loops=any(isinstance(step, Loop) for step in journey.steps.values()),
        limits=compile_limits(journey_id, journey.guardrails),
        capacity=compile_capacity(journey_id, journey.entry.capacity) if journey.entry.capacity else None,
        priority=journey.priority,
        exclusion_group=journey.exclusion_group or "",
    )


def path_of(field: str) -> tuple[str, ...]:
    """A dotted field path as a tuple of names."""
    return tuple(field.split("."))


def _ms(length: Length | None) -> int:
    return 0 if length is None else duration_ms(length)


def _instant_ms(at: datetime | None) -> int | None:
    return None if at is None else ms_of(at)


def _entry(entry: JourneyEntry, of_event: Compiler) -> EntryPlan:
    keyed = entry.key if isinstance(entry, (EventEntry, ApiEntry)) else None
    match entry:
        case SegmentEntry():
            schedule = entry.recheck
        case ScheduleEntry():
            schedule = entry.schedule
        case EventEntry() | ApiEntry():
            schedule = None
        case _:
            assert_never(entry)
    return EntryPlan(
        kind=entry.kind,
        type=entry.type if isinstance(entry, EventEntry) else "",
        where=of_event.test_or_none(entry.where if isinstance(entry, EventEntry) else None),
        audience=of_event.test_or_none(entry.audience),
        exclude=of_event.test_or_none(entry.exclude),
        key=path_of(keyed) if keyed else None,
        re_entry=entry.re_entry,
        period_ms=duration_ms(entry.re_entry.period) if entry.re_entry.kind == "after" else 0,
        opens_ms=_instant_ms(entry.opens_at),
        closes_ms=_instant_ms(entry.closes_at),
        schedule=schedule,
        grace_ms=_ms(entry.grace) if isinstance(entry, EventEntry) else 0,
    )


def _goal(goal: Goal, of_event: Compiler) -> GoalPlan:
    value = path_of(goal.value) if goal.value else None
    return GoalPlan(
        event=goal.event,
        where=of_event.test_or_none(goal.where),
        window_ms=duration_ms(goal.window),
        value=value,
        exits=goal.exits,
        before_ms=_ms(goal.compare_before),
    )


def _exit_criterion(criterion: ExitCriterion, of_event: Compiler, of_run: Compiler) -> ExitCriterionPlan:
    where, when = of_event.test_or_none(criterion.where), of_run.test_or_none(criterion.when)
    return ExitCriterionPlan(criterion.event or "", where, when, criterion.reason)


def _step(step: Step, of_event: Compiler, of_run: Compiler) -> StepPlan:
    match step:
        case Send():
            return _send(step)
        case Wait():
            return WaitPlan(duration_ms(step.duration), step.next)
        case WaitUntil():
            return _wait_until(step)
        case WaitFor():
            return WaitForPlan(
                step.event or "",
                of_event.test_or_none(step.where),
                of_run.test_or_none(step.condition),
                duration_ms(step.timeout),
                _ms(step.look_back),
                step.next,
                step.on_timeout,
            )
        case Branch():
            return BranchPlan(tuple((of_run.test(path.when), path.next) for path in step.paths), step.otherwise)
        case Split():
            names, weights, nexts = zip(*((path.name, path.percent, path.next) for path in step.paths), strict=True)
            return SplitPlan(names, weights, nexts)
        case Experiment():
            nexts_of = {arm.name: arm.next for arm in step.arms}
            return ExperimentPlan(nexts_of, {name: 100 / len(nexts_of) for name in nexts_of})
        case Update():
            return UpdatePlan(tuple(step.values.items()), step.remove, step.next)
        case StartJourney():
            return StartJourneyPlan(step.journey, tuple(step.fields.items()), step.next)
        case Emit():
            return EmitPlan(step.event, tuple(step.data.items()), step.next)
        case Webhook():
            return WebhookPlan(step.endpoint, tuple(step.data.items()), step.next)
        case Loop():
            return LoopPlan(step.times, step.back_to, step.next)
        case Exit():
            return ExitPlan(step.reason)
        case _:
            assert_never(step)


def _send(step: Send) -> SendPlan:
    fallback = step.fallback
    others = fallback.to if fallback else ()
    return SendPlan(
        contacts=(
            ContactPlan(step.channel, step.template, step.cost),
            *(ContactPlan(other.channel, other.template, other.cost) for other in others),
        ),
        category=step.category,
        variables=tuple(step.variables.items()),
        expires_ms=duration_ms(step.expires_after) if step.expires_after else None,
        tries_next=frozenset(fallback.when if fallback else ()),
        report_ms=_ms(fallback.within if fallback else None),
        next=step.next,
    )


def _wait_until(step: WaitUntil) -> StepPlan:
    until = step.until
    match until:
        case Instant():
            return InstantPlan(ms_of(until.at), step.next)
        case DateAttribute():
            return DateAttributePlan(until.name, _ms(until.after) - _ms(until.before), step.next, until.when_missing)
        case LocalTime():
            weekdays = weekday_numbers(until.weekdays)
            return LocalTimePlan(minute_of(until.time), weekdays, until.zone_when_unknown, step.next)
        case LocalWindow():
            opens, closes = minute_of(until.starts), minute_of(until.ends)
            weekdays = weekday_numbers(until.weekdays)
            return LocalWindowPlan(opens, closes, weekdays, until.zone_when_unknown, step.next)
        case _:
            assert_never(until)


def _entry_fields(journey: JourneyDefinition) -> set[str]:
    """The fields of the entry event that are looked at later, and that a run must therefore keep."""
    fields: set[str] = set()
    for step in journey.steps.values():
        fields |= {source.name for source in variables_of(step)[1].values() if isinstance(source, FromEntry)}
    for _, condition in conditions_of_runs(journey):
        fields |= {part.name for part in _parts(condition, journey.segments) if isinstance(part, FieldIs)}
    return fields


def _parts(condition: Condition, segments: dict[str, Condition]) -> Iterator[Condition]:
    """The condition and every one inside it; those that look at another event than the entry's are left out."""
    yield condition
    if isinstance(condition, InSegment):
        yield from _parts(segments[condition.name], segments)
    elif not isinstance(condition, Happened):
        for part in parts_of(condition):
            yield from _parts(part, segments)


def _counters(journey: JourneyDefinition) -> tuple[Counter, ...]:
    counters = {
        counter.key: counter
        for _, condition in chain(conditions_of_events(journey), conditions_of_runs(journey))
        for part in _parts(condition, journey.segments)
        if isinstance(part, Happened) and (counter := counter_of(part)) is not None
    }
    return tuple(counters.values())
