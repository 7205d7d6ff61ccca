"""Fills an empty database with months of journeys, so that it can be tried out and measured at its size.

Every number follows from the activities as in the sink: by its own pure code, told once and added up as often as the
story is told.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from uuid import UUID

from orchestrator.api.change import new_journey
from orchestrator.api.documents import NewJourney
from orchestrator.backtest.files import read_journey
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.demo.stories import Story, stories_of
from orchestrator.errors import ConfigurationError
from orchestrator.messages.ids import derived_id
from orchestrator.settings import Settings
from orchestrator.sink.fold import merged
from orchestrator.store.audit import COMMAND_LINE
from orchestrator.store.bulk import TABLES, BulkWriter
from orchestrator.store.journeys import create_journey
from orchestrator.store.migrate import migrate
from orchestrator.store.pool import Connection, connect, open_pool
from orchestrator.store.quarters import quarter_of, start_of
from orchestrator.store.rows import DayKey, Figures, QuarterKey
from orchestrator.store.tenant import Tenant
from orchestrator.store.writer import ActivityWriter

# A story takes memory and a few seconds; a journey tells some of each, so that none of them is the whole of it.
MOST_PEOPLE = 1_500
FEWEST_PEOPLE = 40
_ACTIVITIES_PER_PERSON = 12  # roughly, so that a journey tells each of its stories at least once
_GROUP = "load"

Told = Callable[[str, int], None]  # what is being done, and how many activities are there


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How much to fill in: ``activities`` in all, roughly, over ``journeys`` and ``days`` up to ``now``."""

    journeys: int
    days: int
    activities: int
    workspace_id: str
    seed: int
    now: datetime


@dataclass(slots=True)
class Loaded:
    """What is there afterwards."""

    journey_ids: list[UUID] = field(default_factory=list)
    activities: int = 0


@dataclass(frozen=True, slots=True)
class _Plan:
    """One journey: which stories are told, each as which copies."""

    journey_id: UUID
    stories: Sequence[Story]
    copies: Sequence[tuple[int, int]]  # (place of the story, number of the copy)


async def load(settings: Settings, options: LoadOptions, told: Told) -> Loaded:
    """Creates the journeys and everything the sink would have written of them.

    Raises:
        ConfigurationError: there are activities already, or PostgreSQL does not let this user.
        Unavailable: the database does not answer.
    """
    pool = await open_pool(settings, patience_s=10)
    try:
        await migrate(pool)
        connection = await connect(settings, application="load", patience_s=10)
        try:
            bulk = BulkWriter(connection)
            if await bulk.has_activities():
                raise ConfigurationError(
                    "loading made-up activities: the database has activities already; give it one of its own "
                    "(ORCHESTRATOR_POSTGRES)"
                )
            told("making up stories", 0)
            told_of = await asyncio.to_thread(_stories_by_definition, options)
            definitions, stories = zip(*told_of, strict=True)
            told("creating journeys", 0)
            tenant = Tenant(pool, options.workspace_id)
            journey_ids = [
                await _create(tenant, definitions[number % len(definitions)], number, options)
                for number in range(options.journeys)
            ]
            loaded = Loaded(journey_ids)
            async with connection.transaction():
                await bulk.backdate(journey_ids, _end(options.now) - timedelta(days=options.days))
                async with bulk.without_indexes():
                    for plan in _plans(journey_ids, stories, options.activities):
                        loaded.activities += await _fill(connection, bulk, plan)
                        told("copying", loaded.activities)
                    told("building indexes", loaded.activities)
        finally:
            await connection.close()
        told("collecting statistics", loaded.activities)
        await pool.execute("vacuum (analyze)", timeout=3_600)
    finally:
        await pool.close()
    return loaded


def _definitions() -> list[JourneyDefinition]:
    folder = Path(str(files("orchestrator.demo").joinpath("journeys")))
    return [read_journey(path) for path in sorted(folder.glob("*.yaml"))]


def _stories_by_definition(options: LoadOptions) -> list[tuple[JourneyDefinition, list[Story]]]:
    """The sample journeys with their stories, without those in which nothing happens within so few days."""
    found = [(definition, _stories(definition, options)) for definition in _definitions()]
    return [(definition, stories) for definition, stories in found if stories]


async def _create(tenant: Tenant, definition: JourneyDefinition, number: int, options: LoadOptions) -> UUID:
    journey_id = UUID(derived_id("journey", options.workspace_id, str(options.seed), str(number)))
    body = NewJourney(name=f"{definition.name} {number + 1}", campaign_id=f"campaign-{number % 10}", config={})
    change = new_journey(journey_id, tenant.workspace_id, body, definition, options.now)
    await create_journey(tenant, change, COMMAND_LINE)
    return journey_id


def _stories(definition: JourneyDefinition, options: LoadOptions) -> list[Story]:
    of_a_journey = options.activities // options.journeys
    people = min(MOST_PEOPLE, max(FEWEST_PEOPLE, of_a_journey // _ACTIVITIES_PER_PERSON // 6))
    end_ms = int(_end(options.now).timestamp() * 1_000)
    found = stories_of(definition, options.workspace_id, people, options.days, options.seed, end_ms)
    return [story for story in found if story.count]


def _end(now: datetime) -> datetime:
    """The last midnight: whole days, so that the hours of the stories stay what they are."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _plans(journey_ids: Sequence[UUID], stories: Sequence[Sequence[Story]], activities: int) -> Iterator[_Plan]:
    """Each journey as nearly as many activities as the others, out of whole stories."""
    copy = planned = 0
    for number, journey_id in enumerate(journey_ids):
        of_journey = stories[number % len(stories)]
        due = activities * (number + 1) // len(journey_ids)
        copies: list[tuple[int, int]] = []
        while True:
            place = len(copies) % len(of_journey)
            count = of_journey[place].count
            if copies and planned + count // 2 >= due:
                break
            copies.append((place, copy))
            copy += 1
            planned += count
        yield _Plan(journey_id, of_journey, copies)


async def _fill(connection: Connection, bulk: BulkWriter, plan: _Plan) -> int:
    """Writes one journey's rows; returns how many activities it has."""
    journey_id = str(plan.journey_id)
    for table in TABLES:
        await bulk.copy(table, _lines(plan, table))
    writer = ActivityWriter(connection, _GROUP)
    times = Counter(place for place, _ in plan.copies)
    days: dict[DayKey, Figures] = {}
    quarters: dict[QuarterKey, Figures] = {}
    messages: Counter[tuple[str, int, str]] = Counter()
    variants: dict[tuple[int, str, str], list[int]] = {}
    for place, often in times.items():
        story = plan.stories[place]
        for (_, day), figures in story.folded.days.items():
            days[journey_id, day] = merged(days.get((journey_id, day), {}), _times(figures, often))
        for (_, quarter), figures in story.folded.quarters.items():
            known_so_far = quarters.get((journey_id, quarter), {})
            quarters[journey_id, quarter] = merged(known_so_far, _times(figures, often))
        for (_, minute, outcome), count in story.messages.items():
            messages[journey_id, minute, outcome] += count * often
        for key, (customers, converted) in _variants(story).items():
            known = variants.setdefault(key, [0, 0])
            known[0] += customers * often
            known[1] += converted * often
    await writer.save_days(days)
    await writer.save_quarters(quarters)
    await writer.save_deliveries(messages)
    await bulk.save_variants(
        [
            (journey_id, start_of(quarter), step, arm, given, converted)
            for (quarter, step, arm), (given, converted) in variants.items()
        ]
    )
    return sum(plan.stories[place].count for place, _ in plan.copies)


def _times(figures: Figures, often: int) -> Figures:
    """The figures of so many stories that are the same."""
    return {
        name: _times(amount, often) if isinstance(amount, Mapping) else amount * often
        for name, amount in figures.items()
    }


def _variants(story: Story) -> Mapping[tuple[int, str, str], tuple[int, int]]:
    """How the arms fared, by quarter of an hour, step and arm: who was given it, and who then reached the goal."""
    given: Counter[tuple[int, str, str]] = Counter()
    converted: Counter[tuple[int, str, str]] = Counter()
    for one in story.exposed.first:
        given[quarter_of(one.exposed_ms), one.step, one.arm] += 1
        if one.converted_ms is not None:
            converted[quarter_of(one.converted_ms), one.step, one.arm] += 1
    return {key: (given[key], converted[key]) for key in given | converted}


async def _lines(plan: _Plan, table: str) -> AsyncIterator[bytes]:
    for place, copy in plan.copies:
        yield plan.stories[place].told(table, str(plan.journey_id), copy)
