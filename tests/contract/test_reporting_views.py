"""What reporting systems are built on stays: the views with their columns and types, and what each means."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from orchestrator.api.figure_meanings import UNITS
from orchestrator.api.view_meanings import VIEWS, comment_on, meaning_in_view
from orchestrator.reporting.describe import described
from orchestrator.settings import Settings
from orchestrator.store.migrate import migrate
from orchestrator.store.pool import open_pool
from orchestrator.store.views import View, describe_views

pytestmark = pytest.mark.integration

# One line a column: view.column type. A line is added with a column; none is changed or taken away within a version.
GOLDEN = Path(__file__).with_name("reporting-views.txt")
TEXT = Path("docs/reporting.md").read_text("utf-8")


@pytest.fixture
async def views(settings: Settings) -> AsyncIterator[list[View]]:
    pool = await open_pool(settings)
    try:
        await migrate(pool)
        yield await describe_views(pool)
    finally:
        await pool.close()


async def test_the_views_keep_their_names_columns_and_types(views: list[View]) -> None:
    lines = [f"{view.name}.{column.name} {column.type}" for view in views for column in view.columns]
    assert lines == GOLDEN.read_text("utf-8").splitlines()


async def test_the_database_says_of_each_column_what_the_reports_say(views: list[View]) -> None:
    assert {view.name: view.about for view in views} == dict(VIEWS)
    for view in views:
        for column in view.columns:
            assert column.about == comment_on(view.name, column.name), (view.name, column.name)
            assert meaning_in_view(view.name, column.name).kind in UNITS


async def test_the_document_has_every_view_as_the_command_prints_it(views: list[View]) -> None:
    assert described(views) in TEXT, "put what `orchestrator db views` prints into docs/reporting.md"
    assert set(re.findall(r"reporting\.(\w+)", TEXT)) <= set(VIEWS)
