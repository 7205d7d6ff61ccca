"""Reports on the command line, from the real API: the same figures as elsewhere, in files that are whole."""

import csv
import io
import json
from zipfile import ZipFile

import pytest

from orchestrator.settings import Settings
from tests.builders import DAY, MONDAY_NOON, Customer, a_directory, a_journey
from tests.integration.test_cli_api import Desk, desk, session
from tests.sink_story import sunk

pytestmark = pytest.mark.integration

__all__ = ["desk", "session"]  # fixtures


async def test_reports_come_as_tables_and_as_files_with_the_same_figures(desk: Desk, settings: Settings) -> None:
    journey = str((await desk.gets("journeys", "create", "welcome.json", "--publish"))["id"])
    customer = Customer(a_directory(None, **{journey: a_journey()}))
    customer.does("customer.signed_up", MONDAY_NOON)
    customer.waits_until(MONDAY_NOON + 10 * DAY)
    story = [activity for activity in customer.activities if activity.journey_id == journey]
    await sunk(settings, story)

    overview = await desk.gets("reports", "overview", "--all")
    assert overview["totals"]["entered"] == 1
    shown = await desk.types("reports", "overview")
    assert f"{journey}\tWelcome\tACTIVE\t1\t" in shown.out
    assert "all journeys of the period" in shown.out
    for chosen, entered in (("welc", 1), ("spring", 0)):
        found = await desk.gets("reports", "overview", "--zone", "Asia/Kathmandu", "--name", chosen)
        assert (found["zone"], found["totals"]["entered"], len(found["items"])) == ("Asia/Kathmandu", entered, entered)
    assert (await desk.gets("reports", "overview", "--campaign", "spring"))["items"] == []
    await desk.gets("journeys", "create", "welcome.json", "--name", "Another")
    for sort, names in (("newest", ["Another", "Welcome"]), ("entered", ["Welcome", "Another"])):
        found = await desk.gets("reports", "overview", "--sort", sort, "--limit", "1", "--all")
        assert [item["journey"]["name"] for item in found["items"]] == names
    listed = await desk.gets("journeys", "list", "--sort", "name", "--limit", "1", "--all")
    assert [item["name"] for item in listed["items"]] == ["Another", "Welcome"]
    positions = await desk.types("journeys", "positions", journey)
    assert "under_way\t0" in positions.out
    assert positions.out.splitlines()[-1].startswith("step\tcustomers\t")
    guardrails = await desk.types("journeys", "guardrails", journey)
    assert guardrails.out.startswith("rule\tof\tused\tlimit\tshare\tuntil\theld back\treached\n")

    lines = (await desk.types("reports", "activities", journey, "--format", "jsonl")).out.splitlines()
    records = [json.loads(line) for line in lines]
    assert {each["id"] for each in records if each["record"] == "activity"} == {each.id for each in story}
    assert records[-1] == {"record": "end", "activities": len(story)}
    await desk.types("reports", "activities", journey, "--type", "send_requested", "--output", "sends.csv")
    rows = list(csv.reader(io.StringIO((desk.folder / "sends.csv").read_text("utf-8"))))
    assert [row[3] for row in rows if row[0] == "activities"] == ["type", "send_requested", "send_requested"]

    assert (await desk.types("reports", "journey", journey, "--output", "report.csv")).code == 0
    report = (desk.folder / "report.csv").read_text("utf-8")
    assert journey in report
    again = await desk.types("reports", "journey", journey, "--output", "report.csv")
    assert (again.code, "--force" in again.err) == (2, True)
    written = await desk.types("reports", "journey", journey, "--format", "xlsx", "--output", "report.xlsx")
    assert written.code == 0, written.err
    with ZipFile(desk.folder / "report.xlsx") as book:
        assert book.testzip() is None
    page = await desk.types("reports", "journey", journey, "--format", "html", "--zone", "Europe/Berlin")
    assert page.out.lstrip().lower().startswith("<!doctype html>")
    of_all = ("--zone", "Europe/Berlin", "--name", "welcome", "--format", "csv", "--output", "all.csv")
    assert (await desk.types("reports", "overview", *of_all)).code == 0
    assert '"zone","Europe/Berlin"' in (desk.folder / "all.csv").read_text("utf-8")
    assert (await desk.types("reports", "journey", journey, "--zone", "Mars/Base")).code == 4
