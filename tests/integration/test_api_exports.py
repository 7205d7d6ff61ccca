"""The same numbers everywhere: in the API's answers, in every file it exports, and added up from the activities."""

import csv
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from io import StringIO
from typing import Any
from uuid import uuid4

import httpx
import pytest

from orchestrator.api.figures import figures_of
from orchestrator.api.journey_report import COUNTED
from orchestrator.api.overview_documents import OverviewFigures
from orchestrator.api.paths import ROOT
from orchestrator.catalog import Catalog
from orchestrator.demo.load import LoadOptions, load
from orchestrator.settings import Settings
from orchestrator.sink.fold import fold
from orchestrator.store.reports import added_up
from tests.api_session import BASE, ApiSession, serving
from tests.builders import a_journey
from tests.integration.test_load import activities_of
from tests.reading_reports import Page, csv_tables, xlsx_sheets

pytestmark = pytest.mark.integration

WORKSPACE = "load"
SPAN = {"from": "2026-01-08", "to": "2026-01-19"}
OPTIONS = LoadOptions(6, 12, 9_000, WORKSPACE, 5, datetime(2026, 1, 20, 9, 30, tzinfo=UTC))


@pytest.fixture
async def api(settings: Settings, topics: Catalog) -> AsyncIterator[ApiSession]:
    await load(settings, OPTIONS, lambda what, there: None)
    async with serving(settings) as session:
        yield session


async def got(client: httpx.AsyncClient, url: str, **params: str) -> httpx.Response:
    answer = await client.get(url, params={**SPAN, **params})
    assert answer.status_code == 200, answer.text
    return answer


def listed(rows: list[list[Any]]) -> dict[str, Any]:
    return {row[0]: row[1] for row in rows}


def with_figures(days: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The days from the first to the last on which anything was counted."""
    counted = [at for at, day in enumerate(days) if any(day[name] for name in COUNTED)]
    return days[counted[0] : counted[-1] + 1]


async def test_numbers_are_the_same_in_the_api_in_every_export_and_added_up_from_the_activities(
    api: ApiSession,
) -> None:
    client = await api.client(WORKSPACE, "viewer")
    days = fold(await activities_of(api.pool), {}).days
    overview = (await got(client, f"{ROOT}/overview")).json()
    assert len(overview["items"]) == OPTIONS.journeys
    in_totals = dict.fromkeys(OverviewFigures.model_fields, 0.0)
    for item in overview["items"]:
        journey_id = item["journey"]["id"]
        url = f"{BASE}/{journey_id}"
        counted = added_up(figures for (journey, _), figures in days.items() if journey == journey_id)
        recomputed = figures_of(counted).model_dump()
        metrics = (await got(client, f"{url}/metrics")).json()
        for name in COUNTED:
            assert metrics["totals"][name] == pytest.approx(recomputed[name], abs=1e-9), name
        for name, amount in item["figures"].items():
            assert amount == metrics["totals"][name], name
            in_totals[name] += amount
        comparison = metrics["comparison"]
        assert (item["finding"], item["verdict"]) == (comparison["finding"], comparison["verdict"])

        tables = csv_tables((await got(client, f"{url}/export")).text)
        sheets = xlsx_sheets((await got(client, f"{url}/export", format="xlsx")).content)
        page = Page((await got(client, f"{url}/export", format="html")).text).sections
        for place, name in enumerate(COUNTED):
            expected = metrics["totals"][name]
            assert listed(tables["summary"])[name] == expected
            assert sheets["Summary"].rows[1 + place][1] == pytest.approx(expected, rel=1e-15)
            assert page["summary"][place][1] == expected
            column = [day[name] for day in with_figures(metrics["days"])]
            assert [row[1 + place] for row in tables["by_day"][1:]] == column
            assert [row[1 + place] for row in sheets["By day"].rows[1:]] == pytest.approx(column, rel=1e-15)
            assert [row[1 + place] for row in page["by_day"][1:]] == column
        assert listed(tables["comparison"])["verdict"] == comparison["verdict"]
        channels = {row[0]: row[1:] for row in tables["by_channel"][1:]}
        for channel, figures in metrics["totals"]["channels"].items():
            assert channels[channel][: len(figures)] == list(figures.values())
    assert overview["totals"] == pytest.approx(in_totals)

    tables = csv_tables((await got(client, f"{ROOT}/overview/export")).text)
    sheets = xlsx_sheets((await got(client, f"{ROOT}/overview/export", format="xlsx")).content)
    head = tables["journeys"][0]
    for item, row, cells in zip(overview["items"], tables["journeys"][1:], sheets["By journey"].rows[1:], strict=True):
        for name, amount in {**item["figures"], "under_way": item["under_way"]}.items():
            assert row[head.index(name)] == amount
            assert cells[head.index(name)] == pytest.approx(amount, rel=1e-15)


async def test_activities_are_exported_whole_as_csv_and_as_json_lines(api: ApiSession) -> None:
    client = await api.client(WORKSPACE, "viewer")
    journey = (await client.get(f"{ROOT}/overview")).json()["items"][0]["journey"]
    url = f"{BASE}/{journey['id']}/activities"
    newest_first, params = [], {"limit": "500"}
    while True:
        page = (await client.get(url, params=params)).json()
        newest_first += page["items"]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    assert len(newest_first) > 500  # more than a page

    answer = await client.get(f"{url}/export", params={"format": "jsonl"})
    assert answer.headers["content-type"] == "application/jsonl"
    about, *lines, end = [json.loads(line) for line in answer.text.splitlines()]
    assert (about["record"], about["zone"], about["type"]) == ("about", "UTC", "any")
    assert end == {"record": "end", "activities": len(newest_first)}
    newest_first.sort(key=lambda item: (item["at"], item["id"]), reverse=True)  # as a file has them, within a moment
    for line, item in zip(lines, newest_first, strict=True):
        assert line.pop("record") == "activity"
        assert item.pop("sentence")  # for people; a file is for programs
        assert {**line, "journey_id": journey["id"]} == item

    answer = await client.get(f"{url}/export", params={"format": "csv", "type": "send_requested"})
    tables = csv_tables(answer.text)
    of_type = [item for item in newest_first if item["type"] == "send_requested"]
    assert [row[0] for row in tables["activities"][1:]] == [item["id"] for item in of_type]
    assert tables["end"][0][:2] == ["activities", len(of_type)]
    assert listed(tables["about"])["type"] == "send_requested"
    assert len({len(record) for record in csv.reader(StringIO(answer.text, newline=""))}) == 1


async def test_files_are_downloads_with_plain_names_and_a_policy_that_lets_nothing_in(api: ApiSession) -> None:
    client = await api.client(WORKSPACE)
    name = 'Frühling/../=evil"\r\n<b>'
    journey = (await client.post(BASE, json={"name": "x", "config": a_journey()})).json()
    await api.pool.execute(
        'update "033_omnichannel_journey_orchestrator_configs" set name = $2 where id = $1', journey["id"], name
    )
    url = f"{BASE}/{journey['id']}"
    for path, form, file in (
        (f"{url}/export", "csv", "journey-fr-hling-evil-b-2026-01-08-to-2026-01-19.csv"),
        (f"{url}/export", "xlsx", "journey-fr-hling-evil-b-2026-01-08-to-2026-01-19.xlsx"),
        (f"{url}/export", "html", "journey-fr-hling-evil-b-2026-01-08-to-2026-01-19.html"),
        (f"{url}/export", "zip", "journey-fr-hling-evil-b-2026-01-08-to-2026-01-19.zip"),
        (f"{ROOT}/overview/export", "csv", "journeys-2026-01-08-to-2026-01-19.csv"),
        (f"{ROOT}/overview/export", "xlsx", "journeys-2026-01-08-to-2026-01-19.xlsx"),
    ):
        answer = await got(client, path, format=form)
        assert answer.headers["content-disposition"] == f'attachment; filename="{file}"'
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none';")
        assert ("style-src 'sha256-" in policy) == (form == "html")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "<b>" not in answer.text or form != "html"
    answer = await client.get(f"{url}/activities/export")
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert answer.headers["content-disposition"] == f'attachment; filename="activities-fr-hling-evil-b-{today}.csv"'
    for path in ("/export", "/activities/export"):
        assert (await client.get(f"{BASE}/{uuid4()}{path}")).status_code == 404
        assert (await client.get(f"{url}{path}", params={"format": "pdf"})).status_code == 422
        assert (await client.get(f"{url}{path}", params={"from": "yesterday"})).status_code == 422
        foreign = await (await api.client("globex")).get(f"{url}{path}")
        assert foreign.status_code == 404
    empty = await (await api.client("globex")).get(f"{ROOT}/overview/export", params=SPAN)
    assert len(csv_tables(empty.text)["journeys"]) == 1
