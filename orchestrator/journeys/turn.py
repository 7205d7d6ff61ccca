"""One turn: the working copy of a customer's state while one signal is carried out, and what comes of it."""

from collections.abc import Mapping
from typing import Literal

from orchestrator.guardrails.decide import CustomerFacts
from orchestrator.journeys.conditions import Situation
from orchestrator.journeys.directory import Directory
from orchestrator.journeys.plan import Plan
from orchestrator.journeys.state import CustomerState, Run
from orchestrator.messages.activity import Activity, ActivityType
from orchestrator.messages.command import SendCommand
from orchestrator.messages.ids import derived_id

Effect = SendCommand | Activity
TimeRule = Literal["wall", "stream"]

ZONE_ATTRIBUTE = "timezone"
_NO_DATA: Mapping[str, object] = {}


class Turn:
    """Begins as the state says, is changed by the rules of this room, and ends as the next state.

    The state it began with is never touched: containers are replaced, not changed.
    """

    __slots__ = (
        "attributes",
        "cause",
        "consents",
        "customer_id",
        "directory",
        "effects",
        "entries",
        "history",
        "now_ms",
        "runs",
        "seen",
        "sends",
        "workspace_id",
    )

    def __init__(
        self, directory: Directory, state: CustomerState, workspace_id: str, customer_id: str, now_ms: int, cause: str
    ) -> None:
        self.directory = directory
        self.workspace_id = workspace_id
        self.customer_id = customer_id
        self.now_ms = now_ms
        self.cause = cause
        self.attributes = state.attributes
        self.consents = state.consents
        self.sends = state.sends
        self.history = state.history
        self.seen = state.seen
        self.runs: list[Run] = list(state.runs)
        self.entries = state.entries
        self.effects: list[Effect] = []

    def end(self, clock_ms: int) -> CustomerState:
        """The state after this turn, without runs of which nothing more can come."""
        runs = tuple(
            run
            for run in self.runs
            if run.step != "" or (run.goal_until_ms is not None and run.goal_until_ms >= clock_ms)
        )
        return CustomerState(
            clock_ms, self.attributes, self.consents, self.sends, self.history, self.seen, runs, self.entries
        )

    def facts(self) -> CustomerFacts:
        """What the guardrails need to know of the customer."""
        zone = self.attributes.get(ZONE_ATTRIBUTE)
        zone_name = zone.value if zone is not None and isinstance(zone.value, str) else None
        return CustomerFacts(zone_name, self.consents, self.sends)

    def situation(self, data: Mapping[str, object] = _NO_DATA, outcomes: Mapping[str, str] | None = None) -> Situation:
        """What conditions may look at now."""
        return Situation(self.now_ms, self.attributes, self.history, data, outcomes or {})

    def record(
        self, type_: ActivityType, plan: Plan, run: Run, step: str, details: dict[str, object], nth: int = 0
    ) -> None:
        """Puts a decision about a run on record. ``nth`` tells repeated decisions of one kind at one step apart."""
        self.effects.append(
            Activity(
                id=derived_id("activity", run.id, type_, step, str(nth)),
                workspace_id=self.workspace_id,
                customer_id=self.customer_id,
                journey_id=plan.journey_id,
                version=plan.version,
                run_id=run.id,
                type=type_,
                at_ms=self.now_ms,
                step=step,
                arm=run.arm,
                details=details,
                cause=self.cause,
            )
        )
