"""A journey over a history, in virtual time: the same engine and guardrails as in a worker, without Kafka."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain, islice

from orchestrator.backtest.history import Event
from orchestrator.backtest.tally import Tally
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.journeys.compile import compile_plan
from orchestrator.journeys.directory import Directory
from orchestrator.journeys.replay import Replaying
from orchestrator.messages.config import JourneyStanding, JourneyStatus, WorkspaceSettings

JOURNEY_ID = "backtest"
# So many events are read, then carried out, then counted: the processor finds what it needs of each part in its caches.
# One by one takes a quarter longer (measured); of a thousand nothing more is gained.
BLOCK = 100
HISTORY_IS_SILENT = (
    "History cannot show how people would have reacted to messages that were never sent: the goals counted here were "
    "reached without them, and say nothing of an uplift."
)


@dataclass(slots=True)
class Backtest:
    """What came of it. ``late``: events older than one before; ``foreign``: events of another workspace, left out.

    ``seconds`` of the wall clock; ``signals``: the events that were carried out, ``before`` of them before the journey
    began: from them it is known what customers had agreed to, and what they had done.
    """

    name: str
    tally: Tally = field(default_factory=Tally)
    signals: int = 0
    before: int = 0
    late: int = 0
    foreign: int = 0
    customers: int = 0
    first_ms: int | None = None
    last_ms: int = 0
    seconds: float = 0.0


def backtest(
    journey: JourneyDefinition,
    events: Iterable[Event],
    until_ms: int | None = None,
    journey_id: str = JOURNEY_ID,
    *,
    since_ms: int | None = None,
    settings: WorkspaceSettings | None = None,
) -> Backtest:
    """Runs ``journey`` over ``events``, then lets everything fall due up to ``until_ms`` (the last event's time).

    The workspace is that of the first event. ``journey_id``: of an existing journey, so that holdout and splits fall as
    they do there. ``since_ms``: when it began; nobody enters before (None: it has always been there). ``settings``: the
    workspace's, which bind beside the journey's own guardrails.
    """
    result = Backtest(journey.name)
    started = time.perf_counter()
    coming = iter(events)
    first = next(coming, None)
    if first is None:
        return result
    workspace_id = first.workspace_id
    active = directory_of(journey, workspace_id, journey_id, settings=settings)
    begins_ms = first.time_ms if since_ms is None else since_ms
    is_begun = since_ms is None
    replaying = Replaying(
        active if is_begun else directory_of(journey, workspace_id, journey_id, "DRAFT", settings=settings)
    )
    result.first_ms = result.last_ms = first.time_ms
    coming = chain((first,), coming)
    while block := list(islice(coming, BLOCK)):
        for event in block:
            if event.workspace_id != workspace_id:
                result.foreign += 1
                continue
            if not is_begun and event.time_ms >= begins_ms:
                is_begun = True
                replaying.directory = active
                replaying.reach(begins_ms)
            result.before += not is_begun
            if event.time_ms < result.last_ms:
                result.late += 1
            else:
                result.last_ms = event.time_ms
                if is_begun:
                    replaying.reach(event.time_ms)
            replaying.take(event)
            result.signals += 1
        result.tally.take_all(replaying.drain())
    end_ms = max(result.last_ms, until_ms or 0)
    if not is_begun and end_ms >= begins_ms:
        replaying.directory = active
        replaying.reach(begins_ms)
    replaying.reach(end_ms)
    replaying.run_out(end_ms)
    result.tally.take_all(replaying.drain())
    result.customers = len(replaying.replay.states)
    result.seconds = time.perf_counter() - started
    return result


def directory_of(
    journey: JourneyDefinition,
    workspace_id: str,
    journey_id: str,
    status: JourneyStatus = "ACTIVE",
    *,
    settings: WorkspaceSettings | None = None,
) -> Directory:
    """The directory of this one journey, of this status since ever, under the settings of its workspace."""
    plan = compile_plan(workspace_id, journey_id, 1, journey)
    standing = JourneyStanding(workspace_id=workspace_id, journey_id=journey_id, version=1, status=status)
    directory = Directory.of_plan(plan, standing)
    return directory if settings is None else directory.with_record(settings)
