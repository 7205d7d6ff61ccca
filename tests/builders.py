"""Readable test data: an event, a journey, a directory that knows it."""

import copy
from typing import Any

from orchestrator.journeys.directory import Directory
from orchestrator.journeys.engine import Advance, advance
from orchestrator.journeys.state import EMPTY, CustomerState
from orchestrator.messages.activity import Activity
from orchestrator.messages.command import SendCommand
from orchestrator.messages.config import JourneyStanding, JourneyVersion
from orchestrator.messages.event import DeliveryEvent, EngagementEvent
from orchestrator.messages.report import report_of
from orchestrator.messages.timer import TimerDue

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MONDAY_NOON = 1_767_614_400_000  # 2026-01-05T12:00:00Z

WORKSPACE = "acme"
CUSTOMER = "c1"
JOURNEY = "journey-1"

WELCOME: dict[str, Any] = {
    "name": "Welcome",
    "entry": {"kind": "event", "type": "customer.signed_up"},
    "start": "hello",
    "steps": {
        "hello": {"kind": "send", "channel": "email", "template": "welcome", "next": "pause"},
        "pause": {"kind": "wait", "duration": "P3D", "next": "remind"},
        "remind": {"kind": "send", "channel": "push", "template": "reminder", "next": "done"},
        "done": {"kind": "exit"},
    },
    "guardrails": {"consent": {"marketing": "opt_out"}},
}


def a_journey(**changes: Any) -> dict[str, Any]:
    """The welcome journey with fields replaced; None removes one."""
    journey = {**copy.deepcopy(WELCOME), **changes}
    return {name: value for name, value in journey.items() if value is not None}


def steps(**by_id: dict[str, Any]) -> dict[str, Any]:
    """Steps, with the exit that every journey needs."""
    return {**by_id, "done": {"kind": "exit"}}


def an_event(
    type_: str = "customer.signed_up", at_ms: int = MONDAY_NOON, id_: str | None = None, **data: Any
) -> EngagementEvent:
    """Something the customer did; its id follows from type and time unless given."""
    return EngagementEvent(
        id=id_ or f"{type_}@{at_ms}",
        source="shop",
        type=type_,
        time_ms=at_ms,
        workspace_id=WORKSPACE,
        customer_id=CUSTOMER,
        data=data,
    )


def a_report(command: SendCommand, outcome: Any, at_ms: int, **fields: Any) -> DeliveryEvent:
    """What became of a command."""
    return report_of(command, outcome, at_ms, id=f"{command.id}/{outcome}", source="adapter", **fields)


def a_version(journey: dict[str, Any], version: int = 1, journey_id: str = JOURNEY) -> JourneyVersion:
    """A published version."""
    return JourneyVersion(workspace_id=WORKSPACE, journey_id=journey_id, version=version, config=journey)


def a_standing(
    status: Any = "ACTIVE", version: int = 1, journey_id: str = JOURNEY, drain: bool = False
) -> JourneyStanding:
    """Whether the journey runs."""
    return JourneyStanding(workspace_id=WORKSPACE, journey_id=journey_id, version=version, status=status, drain=drain)


def a_directory(journey: dict[str, Any] | None = None, status: Any = "ACTIVE", **more: dict[str, Any]) -> Directory:
    """A directory that knows this journey, and ``more`` by their ids."""
    directory = Directory.empty()
    for journey_id, document in {JOURNEY: journey or a_journey(), **more}.items():
        directory = directory.with_record(a_version(document, journey_id=journey_id))
        directory = directory.with_record(a_standing(status, journey_id=journey_id))
    return directory


class Customer:
    """One customer driven through the engine; remembers every effect."""

    def __init__(self, directory: Directory, time: Any = "wall") -> None:
        self.directory = directory
        self.time = time
        self.state: CustomerState = EMPTY
        self.effects: list[SendCommand | Activity] = []

    def does(self, type_: str, at_ms: int, id_: str | None = None, now_ms: int | None = None, **data: Any) -> Advance:
        """The customer does something at ``at_ms``; it is decided at ``now_ms`` (the same, unless given)."""
        event = an_event(type_, at_ms, id_, **data)
        return self._keep(advance(self.directory, self.state, event, at_ms if now_ms is None else now_ms, self.time))

    def waits_until(self, at_ms: int) -> Advance:
        """Time reaches ``at_ms``."""
        timer = TimerDue(workspace_id=WORKSPACE, customer_id=CUSTOMER, due_ms=at_ms)
        return self._keep(advance(self.directory, self.state, timer, at_ms, self.time))

    def is_reported(self, report: DeliveryEvent) -> Advance:
        """A channel adapter reports."""
        return self._keep(advance(self.directory, self.state, report, report.time_ms, self.time))

    def _keep(self, advanced: Advance) -> Advance:
        self.state = advanced.state
        self.effects += advanced.effects
        return advanced

    @property
    def commands(self) -> list[SendCommand]:
        """Every command so far."""
        return [effect for effect in self.effects if isinstance(effect, SendCommand)]

    @property
    def activities(self) -> list[Activity]:
        """Every activity so far."""
        return [effect for effect in self.effects if isinstance(effect, Activity)]

    def types(self) -> list[str]:
        """The types of every activity so far."""
        return [activity.type for activity in self.activities]

    def last(self, type_: str) -> Activity:
        """The newest activity of a type."""
        return [activity for activity in self.activities if activity.type == type_][-1]
