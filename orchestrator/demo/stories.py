"""What customers lived through in a sample journey, and the tables that follow from it, as text to be copied. Pure.

The engine runs once over made-up people; what it decided is a *story*. A story may be told of any journey with the same
definition, again and again of other customers: the names of both are marks (``JOURNEY``, ``COPY``) that are replaced in
its text. Each story is there several times, days apart, cut off at the end: so there are entries on every day, and
people under way at the last.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from msgspec.structs import replace

from orchestrator.backtest.crowd import Crowd
from orchestrator.backtest.people import JOURNEY_ID as SIMULATED_JOURNEY
from orchestrator.backtest.people import START_MS, Person, World
from orchestrator.backtest.people import WORKSPACE as SIMULATED
from orchestrator.backtest.run import directory_of
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.guardrails.zone import DAY_MS
from orchestrator.messages.activity import Activity
from orchestrator.sink.deliveries import deliveries
from orchestrator.sink.exposures import Exposures, exposures
from orchestrator.sink.fold import Fold, fold
from orchestrator.sink.positions import positions
from orchestrator.store.bulk import line_of
from orchestrator.store.rows import MinuteKey, Position, activity_row

JOURNEY = "@JOURNEY@"
COPY = "@COPY@"
STARTS = 6  # into so many parts the first half of the days is cut; each story begins at the ends of them
_EFFECT = 0.3  # how much more often a message brings people to the goal
# Moments among the details, which move with the story.
_MOMENTS = frozenset({"until_ms", "next_eligible_ms", "report_until_ms"})


@dataclass(frozen=True, slots=True)
class Story:
    """One story: its rows by table, and what it adds to the figures."""

    count: int
    rows: dict[str, str]
    folded: Fold
    exposed: Exposures
    messages: dict[MinuteKey, int]

    def told(self, table: str, journey_id: str, copy: int) -> bytes:
        """The rows of a table, of this journey and of customers of their own."""
        return self.rows[table].replace(JOURNEY, journey_id).replace(COPY, f"{copy:08x}").encode()


def stories_of(
    journey: JourneyDefinition, workspace_id: str, people: int, days: int, seed: int, end_ms: int
) -> list[Story]:
    """The stories of a definition, which end at ``end_ms``; the same for the same arguments."""
    world = World(customers=people, days=days, seed=seed, effect=_EFFECT)
    crowd = Crowd(
        directory_of(journey, SIMULATED, SIMULATED_JOURNEY),
        (Person(world, journey, number) for number in range(people)),
    )
    decided = [
        effect
        for moment in crowd.live(START_MS + days * DAY_MS)
        for effect in moment.effects
        if isinstance(effect, Activity)
    ]
    marked = list(_marked(decided, workspace_id))
    begins_ms = end_ms - days * DAY_MS
    later = sorted({days * start // (2 * STARTS) for start in range(STARTS + 1)})
    return [_story(list(_moved(marked, begins_ms - START_MS + day * DAY_MS, end_ms))) for day in later]


def _marked(decided: list[Activity], workspace_id: str) -> Iterator[Activity]:
    """The activities with marks for the journey and the copy; ids are numbers, so that they come in order."""
    runs: dict[str, str] = {"": ""}
    for number, activity in enumerate(decided):
        run_id = runs.setdefault(activity.run_id, f"{COPY}-0000-8001-8000-{len(runs):012x}")
        yield replace(
            activity,
            id=f"{COPY}-0000-8000-8000-{number:012x}",
            journey_id=JOURNEY,
            workspace_id=workspace_id,
            customer_id=f"{activity.customer_id}.{COPY}",
            run_id=run_id,
            cause=f"engagement.events.v1/0/{number}",
        )


def _moved(activities: list[Activity], by_ms: int, end_ms: int) -> Iterator[Activity]:
    for activity in activities:
        if activity.at_ms + by_ms < end_ms:
            details = {
                name: value + by_ms if name in _MOMENTS and isinstance(value, int) else value
                for name, value in activity.details.items()
            }
            yield replace(activity, at_ms=activity.at_ms + by_ms, details=details)


def _story(activities: list[Activity]) -> Story:
    folded, exposed = fold(activities, {}), exposures(activities)
    rows = {
        "activities": "".join(map(_activity, activities)),
        "participants": "".join(_participants(folded)),
        "runs": "".join(_run(run_id, position) for run_id, position in positions(activities).items()),
        "exposures": "".join(_exposures(exposed)),
    }
    return Story(len(activities), rows, folded, exposed, dict(deliveries(activities)))


def _activity(activity: Activity) -> str:
    at = _at(activity.at_ms)
    return line_of((*activity_row(activity, at), at))


def _participants(folded: Fold) -> Iterator[str]:
    for (journey_id, customer_id), one in folded.participants.items():
        first = _at(one.first_entered_ms)
        yield line_of(
            (journey_id, customer_id, one.arm, first, one.entries, one.conversions, one.value, one.past, one.was_active)
        )


def _run(run_id: str, position: Position) -> str:
    return line_of(
        (
            run_id,
            position.journey_id,
            position.workspace_id,
            position.customer_id,
            position.version,
            position.step,
            position.arm,
            position.status,
            position.reason,
            _at(position.entered_ms),
            _at(position.moved_ms),
            _at(position.arrived_ms),
        )
    )


def _exposures(exposed: Exposures) -> Iterator[str]:
    for one in exposed.first:
        exposed_at, converted_at = _at(one.exposed_ms), _at(one.converted_ms)
        yield line_of((one.journey_id, one.step, one.customer_id, one.arm, one.run_id, exposed_at, converted_at))


def _at(ms: int | None) -> str | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1_000, UTC).replace(tzinfo=None).isoformat(sep=" ")
