"""Stories: told of whom one likes, they stay the same, and the figures are those of the activities."""

from collections import Counter
from pathlib import Path

import pytest

import orchestrator.demo
from orchestrator.backtest.files import read_journey
from orchestrator.demo.stories import COPY, JOURNEY, Story, stories_of
from orchestrator.guardrails.zone import DAY_MS
from orchestrator.messages.ids import derived_id
from orchestrator.sink.fold import day_of
from orchestrator.store.bulk import TABLES, line_of

END_MS = 1_767_571_200_000
DAYS = 12
JOURNEY_ID = derived_id("journey", "x")


def made_up() -> list[Story]:
    definition = read_journey(Path(orchestrator.demo.__file__).parent / "journeys" / "welcome.yaml")
    return stories_of(definition, "acme", 60, DAYS, 7, END_MS)


@pytest.fixture(scope="module")
def stories() -> list[Story]:
    return made_up()


def told(story: Story, table: str, copy: int = 1) -> list[dict[str, str]]:
    lines = story.told(table, JOURNEY_ID, copy).decode().splitlines()
    return [dict(zip(TABLES[table], line.split("\t"), strict=True)) for line in lines]


def test_the_same_seed_makes_up_the_same_stories(stories: list[Story]) -> None:
    assert [story.rows for story in stories] == [story.rows for story in made_up()]


def test_no_mark_is_left_in_what_is_told_and_copies_share_no_ids(stories: list[Story]) -> None:
    for table in TABLES:
        text = stories[0].told(table, JOURNEY_ID, 1).decode()
        assert JOURNEY not in text
        assert COPY not in text
    for table, column in (("activities", "id"), ("runs", "run_id"), ("participants", "customer_id")):
        first, second = ({row[column] for row in told(stories[0], table, copy)} for copy in (1, 2))
        assert first
        assert not first & second


def test_activities_lie_in_the_days_before_the_end_and_some_runs_are_under_way_then(stories: list[Story]) -> None:
    assert len(stories) > 3
    for story in stories:
        assert story.count == len(told(story, "activities"))
        assert min(day for _, day in story.folded.days) >= day_of(END_MS - DAYS * DAY_MS)
        assert max(row["created_at"] for row in told(story, "activities")) < "2026-01-05"
    assert any(row["status"] == "under_way" for row in told(stories[-1], "runs"))


def test_figures_are_those_of_the_activities(stories: list[Story]) -> None:
    for story in stories:
        types = Counter(row["activity_type"] for row in told(story, "activities"))
        figures = list(story.folded.days.values())
        assert sum(day.get("entered", 0) for day in figures) == types["journey_entered"]
        assert sum(day.get("goals", 0) for day in figures) == types["goal_reached"]
        assert len(told(story, "participants")) == sum(day.get("customers_entered", 0) for day in figures)


def test_a_row_is_written_so_that_copy_reads_it_back() -> None:
    assert line_of(["a\tb\\n", None, True, 7]) == "a\\tb\\\\n\t\\N\tt\t7\n"
