"""Histories on file: what the directory said, what happened, and what was decided.

``python -m tests.replay.histories NAME`` records one anew from ``MAKERS``: only for one that is new, or was wrong.
"""

import gzip
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import msgspec

from orchestrator.backtest.crowd import Crowd
from orchestrator.backtest.files import read_journey
from orchestrator.backtest.people import START_MS, Person, World
from orchestrator.backtest.people import WORKSPACE as SIMULATION
from orchestrator.demo.scenario import TRIAL_OFFER, WIN_BACK, WORKSPACE, end_ms, events
from orchestrator.journeys.directory import Directory
from orchestrator.journeys.replay import replay, time_of
from orchestrator.journeys.turn import Signal
from orchestrator.messages.activity import Activity
from orchestrator.messages.command import SendCommand
from orchestrator.messages.config import ConfigRecord, JourneyStanding, JourneyVersion
from orchestrator.messages.event import DeliveryEvent, EngagementEvent
from tests.builders import CUSTOMER, DAY, HOUR, JOURNEY, MONDAY_NOON, a_journey, a_standing, a_version, an_event, steps
from tests.builders import WORKSPACE as ACME

FOLDER = Path(__file__).parent / "histories"


class History(msgspec.Struct, kw_only=True):
    """Everything that decided, and what was decided."""

    about: str
    configs: list[ConfigRecord]
    events: list[EngagementEvent]
    until_ms: int
    commands: list[SendCommand] = []
    activities: list[Activity] = []
    reports: list[DeliveryEvent] = []


def decide(history: History) -> History:
    """The history with what the present engine decides."""
    directory = Directory.empty()
    for record in history.configs:
        directory = directory.with_record(record)
    signals: list[Signal] = [*history.events, *history.reports]
    if history.reports:
        signals.sort(key=time_of)
    effects = replay(directory, signals, history.until_ms).effects
    decided = msgspec.structs.replace(
        history,
        commands=[effect for effect in effects if isinstance(effect, SendCommand)],
        activities=[effect for effect in effects if isinstance(effect, Activity)],
    )
    # Through JSON, as on the wire: so tuples in details become lists, as they are in a history on file.
    return msgspec.json.decode(msgspec.json.encode(decided), type=History)


def load(file: Path) -> History:
    return msgspec.json.decode(gzip.decompress(file.read_bytes()), type=History)


def save(name: str, history: History) -> None:
    FOLDER.mkdir(exist_ok=True)
    # No name and no time in the header: the same history is the same file.
    (FOLDER / f"{name}.json.gz").write_bytes(gzip.compress(msgspec.json.encode(history), mtime=0))


def _published(journey_id: str, config: dict[str, object]) -> list[ConfigRecord]:
    return [
        JourneyVersion(workspace_id=WORKSPACE, journey_id=journey_id, version=1, config=config),
        JourneyStanding(workspace_id=WORKSPACE, journey_id=journey_id, version=1, status="ACTIVE"),
    ]


def purchases() -> History:
    """Two hundred real customers in the demo's win-back journey."""
    happening = events(0)
    customers = list(dict.fromkeys(event.customer_id for event in happening))[:200]
    chosen = [event for event in happening if event.customer_id in set(customers)]
    return History(
        about=purchases.__doc__ or "",
        configs=_published("win-back", WIN_BACK),
        events=chosen,
        until_ms=end_ms(happening),
    )


def personas() -> History:
    """Three hundred personas in the demo's trial offer, half of them held out."""
    happening = [event for event in events(300) if event.customer_id.startswith("persona")]
    return History(
        about=personas.__doc__ or "",
        configs=_published("trial-offer", TRIAL_OFFER),
        events=happening,
        until_ms=end_ms(happening),
    )


def every_step() -> History:
    """One customer through every kind of step, over a change to summer time, with duplicates and late events."""
    send = {"kind": "send", "channel": "email", "template": "t", "next": "split"}
    halves = [{"name": name, "percent": 50, "next": "fork"} for name in ("a", "b")]
    big = {"when": {"kind": "field", "name": "amount", "op": "gt", "value": 50}, "next": "morning"}
    morning = {"kind": "local_time", "time": "02:30"}
    renewal = {"kind": "date_attribute", "name": "renewal", "before": "P1D", "when_missing": "done"}
    journey = a_journey(
        start="pause",
        steps=steps(
            pause={"kind": "wait", "duration": "P1D", "next": "hello"},
            hello=send,
            split={"kind": "split", "paths": halves},
            fork={"kind": "branch", "paths": [big], "otherwise": "done"},
            morning={"kind": "wait_until", "until": morning, "next": "renewal"},
            renewal={"kind": "wait_until", "until": renewal, "next": "order"},
            order={
                "kind": "wait_for",
                "event": "order.placed",
                "timeout": "P5D",
                "next": "done",
                "on_timeout": "again",
            },
            again={"kind": "send", "channel": "sms", "template": "again", "next": "done"},
        ),
        goal={"event": "order.placed", "window": "P90D", "value": "amount"},
        guardrails={"caps": [{"limit": 1, "per": "day"}], "quiet_hours": {"from": "22:00", "to": "07:30"}},
    )
    march = MONDAY_NOON + 81 * DAY  # 2026-03-27, two days before the clocks go forward in Europe
    happening = [
        an_event("customer.updated", march - DAY, attributes={"timezone": "Europe/Berlin", "renewal": "2026-04-02"}),
        an_event("consent.granted", march - DAY, channel="*"),
        an_event("customer.signed_up", march + 9 * HOUR, amount=70),
        an_event("customer.signed_up", march + 9 * HOUR, amount=70),
        an_event("page.viewed", march + 3 * DAY),
        an_event("page.viewed", march + 2 * DAY),
        an_event("order.placed", march + 40 * DAY, amount=12.5),
    ]
    return History(
        about=every_step.__doc__ or "",
        configs=[a_version(journey), a_standing()],
        events=happening,
        until_ms=march + 200 * DAY,
    )


def whole_language() -> History:
    """The six sample journeys, each with thirty made-up people and what they do about what they are sent."""
    configs: list[ConfigRecord] = []
    told: list[Signal] = []
    until_ms = START_MS + 150 * DAY
    for path in sorted(Path(str(files("orchestrator.demo").joinpath("journeys"))).glob("*.yaml")):
        journey = read_journey(path)
        config = journey.model_dump(mode="json", by_alias=True)
        configs += [
            JourneyVersion(workspace_id=SIMULATION, journey_id=path.stem, version=1, config=config),
            JourneyStanding(workspace_id=SIMULATION, journey_id=path.stem, version=1, status="ACTIVE"),
        ]
        directory = Directory.empty().with_record(configs[-2]).with_record(configs[-1])
        for number in range(30):
            person = Person(World(days=150, seed=7), journey, number, prefix=path.stem, journey_id=path.stem)
            story = Crowd(directory, [person]).live(until_ms)
            told += [moment.happened for moment in story if moment.happened is not None]
    return History(
        about=whole_language.__doc__ or "",
        configs=configs,
        events=[signal for signal in told if isinstance(signal, EngagementEvent)],
        reports=[signal for signal in told if isinstance(signal, DeliveryEvent)],
        until_ms=until_ms,
    )


MAKERS: dict[str, Callable[[], History]] = {
    "purchases": purchases,
    "whole-language": whole_language,
    "personas": personas,
    "every-step": every_step,
}

if __name__ == "__main__":
    assert (ACME, CUSTOMER, JOURNEY) == ("acme", "c1", "journey-1"), "recorded histories hold these names"
    for chosen in sys.argv[1:]:
        save(chosen, decide(MAKERS[chosen]()))
