"""What the control plane has said, made ready for the engine: an immutable value, replaced at every config record."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from orchestrator.definitions.parse import parse_journey
from orchestrator.journeys.plan import Plan, compile_plan
from orchestrator.messages.config import ConfigRecord, JourneyStanding, JourneyVersion, WorkspaceSettings, config_key

_NO_PLANS: tuple[Plan, ...] = ()


@dataclass(frozen=True, slots=True)
class Directory:
    """Every journey that workers know of.

    ``plans``: by (journey id, version), so that a run stays on the version it entered. ``standings``: by journey id.
    ``entries``: the plans that an event type may start, by (workspace, event type): of each journey that is active or
    paused, the version that is entered now.
    """

    plans: Mapping[tuple[str, int], Plan] = field(default_factory=dict)
    standings: Mapping[str, JourneyStanding] = field(default_factory=dict)
    workspaces: Mapping[str, WorkspaceSettings] = field(default_factory=dict)
    entries: Mapping[tuple[str, str], tuple[Plan, ...]] = field(default_factory=dict)

    @classmethod
    def empty(cls) -> "Directory":
        """The directory before any config record."""
        return cls()

    def with_record(self, record: ConfigRecord) -> "Directory":
        """The directory after ``record``.

        Raises:
            DefinitionError: the record holds a definition that this program does not accept.
        """
        match record:
            case JourneyVersion():
                key = (record.journey_id, record.version)
                plan = compile_plan(record.workspace_id, *key, parse_journey(record.config))
                return replace(self, plans={**self.plans, key: plan})._with_entries()
            case JourneyStanding():
                return replace(self, standings={**self.standings, record.journey_id: record})._with_entries()
            case WorkspaceSettings():
                return replace(self, workspaces={**self.workspaces, record.workspace_id: record})

    def without(self, key: str) -> "Directory":
        """The directory after a tombstone for ``key`` (see ``messages.config.config_key``)."""
        plans = {at: plan for at, plan in self.plans.items() if _version_key(plan) != key}
        standings = {at: standing for at, standing in self.standings.items() if config_key(standing) != key}
        workspaces = {at: settings for at, settings in self.workspaces.items() if config_key(settings) != key}
        return replace(self, plans=plans, standings=standings, workspaces=workspaces)._with_entries()

    def _with_entries(self) -> "Directory":
        entries: dict[tuple[str, str], tuple[Plan, ...]] = {}
        for standing in sorted(self.standings.values(), key=lambda standing: standing.journey_id):
            plan = self.plans.get((standing.journey_id, standing.version))
            if plan is not None and standing.status in ("ACTIVE", "PAUSED"):
                at = (plan.workspace_id, plan.entry.type)
                entries[at] = (*entries.get(at, ()), plan)
        return replace(self, entries=entries)

    def entered_by(self, workspace_id: str, event_type: str) -> tuple[Plan, ...]:
        """The plans that an event of this type may start, in order of journey id."""
        return self.entries.get((workspace_id, event_type), _NO_PLANS)

    def plan(self, journey_id: str, version: int) -> Plan | None:
        """The version of a journey; None when no record of it has been seen (yet)."""
        return self.plans.get((journey_id, version))

    def is_held(self, workspace_id: str, journey_id: str) -> bool:
        """Whether what falls due in this journey must wait: it is paused, or its workspace is switched off."""
        settings = self.workspaces.get(workspace_id)
        if settings is not None and not settings.is_sending:
            return True
        standing = self.standings.get(journey_id)
        return standing is None or standing.status in ("PAUSED", "DRAFT")

    def is_discarded(self, journey_id: str) -> bool:
        """Whether customers under way leave at their next signal: the journey was stopped and is not drained."""
        standing = self.standings.get(journey_id)
        return standing is not None and (
            standing.status == "ARCHIVED" or (standing.status == "STOPPED" and not standing.drain)
        )

    def may_send(self, workspace_id: str, journey_id: str) -> bool:
        """Whether a command of this journey may leave now."""
        return not self.is_held(workspace_id, journey_id) and not self.is_discarded(journey_id)


def _version_key(plan: Plan) -> str:
    return config_key(
        JourneyVersion(workspace_id=plan.workspace_id, journey_id=plan.journey_id, version=plan.version, config={})
    )
