"""What the control plane has said, made ready for the engine: an immutable value, replaced at every config record."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from orchestrator.definitions.parse import parse_guardrails, parse_journey
from orchestrator.guardrails.budget import Limit, compile_limits
from orchestrator.guardrails.rules import SendRules, compile_rules
from orchestrator.journeys.compile import compile_plan
from orchestrator.journeys.conditions import Counter
from orchestrator.journeys.plan import Plan
from orchestrator.messages.config import (
    ConfigRecord,
    ExperimentShares,
    JourneyStanding,
    JourneyVersion,
    Migration,
    WorkspaceSettings,
    config_key,
)
from orchestrator.messages.event import CONSENT_GRANTED, CONSENT_REVOKED, CUSTOMER_UPDATED, ENTRY_REQUESTED

K = TypeVar("K")

_NO_PLANS: tuple[Plan, ...] = ()
_NO_COUNTERS: tuple[Counter, ...] = ()
_ALWAYS_HEARD = frozenset((CUSTOMER_UPDATED, CONSENT_GRANTED, CONSENT_REVOKED, ENTRY_REQUESTED))


@dataclass(frozen=True, slots=True)
class Workspace:
    """What holds for every journey of a workspace; ``rules`` is None when its settings name no guardrails.

    ``limits``: over all customers and journeys.
    """

    settings: WorkspaceSettings
    rules: SendRules | None
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class Directory:
    """Every journey that workers know of.

    ``plans``: by (journey id, version), so that a run stays on the version it entered. ``standings``: by journey id.
    ``shares``: by (journey id, experiment step).

    Of each journey that is active or paused, the version that is entered now, highest priority first, then by journey
    id: ``entries`` by (workspace, event type); ``segment_entries`` by workspace; ``entered`` by journey id.
    ``counters``: the filtered counts that they ask for, by (workspace, event type).
    ``limits``: over all customers, by journey id: those of the version that is entered, or was last, for all who are
    under way. ``moving``: journeys by whose standing customers under way may have to go over to another version, or
    leave.
    """

    plans: Mapping[tuple[str, int], Plan] = field(default_factory=dict)
    standings: Mapping[str, JourneyStanding] = field(default_factory=dict)
    workspaces: Mapping[str, Workspace] = field(default_factory=dict)
    shares: Mapping[tuple[str, str], ExperimentShares] = field(default_factory=dict)
    entries: Mapping[tuple[str, str], tuple[Plan, ...]] = field(default_factory=dict)
    segment_entries: Mapping[str, tuple[Plan, ...]] = field(default_factory=dict)
    entered: Mapping[str, Plan] = field(default_factory=dict)
    counters: Mapping[tuple[str, str], tuple[Counter, ...]] = field(default_factory=dict)
    limits: Mapping[str, tuple[Limit, ...]] = field(default_factory=dict)
    moving: frozenset[str] = frozenset()

    @classmethod
    def empty(cls) -> "Directory":
        """The directory before any config record."""
        return cls()

    @classmethod
    def of_plan(cls, plan: Plan, standing: JourneyStanding) -> "Directory":
        """The directory of one journey that is compiled already."""
        return cls(standings={plan.journey_id: standing})._with_plan(plan)

    def with_record(self, record: ConfigRecord) -> "Directory":
        """The directory after ``record``.

        Raises:
            DefinitionError: the record holds a definition that this program does not accept.
        """
        match record:
            case JourneyVersion():
                journey = parse_journey(record.config)
                return self._with_plan(compile_plan(record.workspace_id, record.journey_id, record.version, journey))
            case JourneyStanding():
                standings = {**self.standings, record.journey_id: record}
                return replace(self, standings=standings)._concluded(record.journey_id)
            case WorkspaceSettings():
                workspace = _workspace_of(record)
                return replace(self, workspaces={**self.workspaces, record.workspace_id: workspace})
            case ExperimentShares():
                return replace(self, shares={**self.shares, (record.journey_id, record.step): record})

    def without(self, key: str) -> "Directory":
        """The directory after a tombstone for ``key`` (see ``messages.config.config_key``)."""
        left = Directory(
            standings={at: standing for at, standing in self.standings.items() if config_key(standing) != key},
            workspaces={at: one for at, one in self.workspaces.items() if config_key(one.settings) != key},
            shares={at: shares for at, shares in self.shares.items() if config_key(shares) != key},
        )
        for journey_id in left.standings:
            left = left._concluded(journey_id)
        for plan in self.plans.values():
            left = left if _version_key(plan) == key else left._with_plan(plan)
        return left

    def _with_plan(self, plan: Plan) -> "Directory":
        counters = dict(self.counters)
        for counter in plan.counters:
            at = (plan.workspace_id, counter.event)
            counters[at] = (*(each for each in counters.get(at, ()) if each.key != counter.key), counter)
        plans = {**self.plans, (plan.journey_id, plan.version): plan}
        return replace(self, plans=plans, counters=counters)._concluded(plan.journey_id)

    def _concluded(self, journey_id: str) -> "Directory":
        """What follows from standing and plans of this journey, made anew.

        Of this one only: a worker that starts hears of thousands, one after the other.
        """
        standing = self.standings.get(journey_id)
        plan = None if standing is None else self.plans.get((journey_id, standing.version))
        limits, entered, moving = dict(self.limits), dict(self.entered), self.moving - {journey_id}
        before = entered.pop(journey_id, None)
        limits.pop(journey_id, None)
        if plan is not None:
            limits[journey_id] = plan.limits
        if standing is not None and (standing.migrations or self.is_discarded(journey_id)):
            moving |= {journey_id}
        now = plan if standing is not None and standing.status in ("ACTIVE", "PAUSED") else None
        if now is not None:
            entered[journey_id] = now
        entries, segment_entries = dict(self.entries), dict(self.segment_entries)
        for entering, new in ((before, None), (now, now)):
            if entering is None:
                continue
            if entering.entry.kind == "event":
                _exchange(entries, (entering.workspace_id, entering.entry.type), journey_id, new)
            if entering.entry.kind == "segment":
                _exchange(segment_entries, entering.workspace_id, journey_id, new)
        return replace(
            self,
            entries=entries,
            segment_entries=segment_entries,
            entered=entered,
            limits=limits,
            moving=moving,
        )

    def entered_by(self, workspace_id: str, event_type: str) -> tuple[Plan, ...]:
        """The plans that an event of this type may start, highest priority first."""
        return self.entries.get((workspace_id, event_type), _NO_PLANS)

    def entered_by_segment(self, workspace_id: str) -> tuple[Plan, ...]:
        """The plans that a customer enters by coming to match their audience, highest priority first."""
        return self.segment_entries.get(workspace_id, _NO_PLANS)

    def hears(self, workspace_id: str, event_type: str) -> bool:
        """Whether an event of this type may be more than history to a customer who is under way nowhere."""
        at = (workspace_id, event_type)
        return (
            event_type in _ALWAYS_HEARD
            or at in self.entries
            or at in self.counters
            or workspace_id in self.segment_entries
        )

    def counters_of(self, workspace_id: str, event_type: str) -> tuple[Counter, ...]:
        """The filtered counts that an event of this type may add to."""
        return self.counters.get((workspace_id, event_type), _NO_COUNTERS)

    def plan(self, journey_id: str, version: int) -> Plan | None:
        """The version of a journey; None when no record of it has been seen (yet)."""
        return self.plans.get((journey_id, version))

    def migrations(self, journey_id: str, after: int) -> tuple[Migration, ...]:
        """How customers under way go on who were on a version up to ``after``: oldest decision first."""
        standing = self.standings.get(journey_id)
        if standing is None or standing.version <= after:
            return ()
        return tuple(each for each in standing.migrations if after < each.version <= standing.version)

    def is_held(self, workspace_id: str, journey_id: str) -> bool:
        """Whether what falls due in this journey must wait: it is paused, or its workspace is switched off."""
        workspace = self.workspaces.get(workspace_id)
        if workspace is not None and not workspace.settings.is_sending:
            return True
        standing = self.standings.get(journey_id)
        return standing is None or standing.status in ("PAUSED", "DRAFT")

    def is_discarded(self, journey_id: str) -> bool:
        """Whether customers under way leave when next looked at: the journey was stopped and is not drained."""
        standing = self.standings.get(journey_id)
        return standing is not None and (
            standing.status == "ARCHIVED" or (standing.status == "STOPPED" and not standing.drain)
        )

    def may_send(self, workspace_id: str, journey_id: str) -> bool:
        """Whether a command of this journey may leave now."""
        return not self.is_held(workspace_id, journey_id) and not self.is_discarded(journey_id)


def _workspace_of(settings: WorkspaceSettings) -> Workspace:
    if not settings.guardrails:
        return Workspace(settings, None, ())
    guardrails = parse_guardrails(settings.guardrails)
    return Workspace(settings, compile_rules(guardrails), compile_limits(settings.workspace_id, guardrails))


def _exchange(plans: dict[K, tuple[Plan, ...]], at: K, journey_id: str, new: Plan | None) -> None:
    """Puts ``new`` in the place of what the journey had among the plans at ``at``, highest priority first."""
    others = [plan for plan in plans.get(at, ()) if plan.journey_id != journey_id]
    kept = others if new is None else sorted((*others, new), key=lambda plan: (-plan.priority, plan.journey_id))
    if kept:
        plans[at] = tuple(kept)
    else:
        plans.pop(at, None)


def _version_key(plan: Plan) -> str:
    return config_key(
        JourneyVersion(workspace_id=plan.workspace_id, journey_id=plan.journey_id, version=plan.version, config={})
    )
