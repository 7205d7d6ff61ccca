"""Reports in each format: everything is there, nothing becomes a formula, the same numbers stand everywhere."""

import csv
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO, StringIO
from uuid import UUID
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from orchestrator.api.activity_lines import COLUMNS, CsvLines, JsonLines
from orchestrator.api.comparison import comparison_of
from orchestrator.api.documents import (
    ArmFigures,
    ChannelFigures,
    DayFigures,
    Figures,
    JourneyItem,
    MetricsDocument,
    StepFigures,
)
from orchestrator.api.experiment_documents import ComparisonDocument, ExperimentDocument
from orchestrator.api.figure_meanings import MEANINGS, UNITS
from orchestrator.api.figures import figures_of
from orchestrator.api.gauge_documents import Gauge
from orchestrator.api.journey_report import COUNTED, JourneyAnswers, journey_report
from orchestrator.api.overview_documents import OverviewDocument, OverviewFigures, OverviewItem
from orchestrator.api.overview_report import overview_report
from orchestrator.api.position_documents import PositionsDocument, StandingDocument
from orchestrator.api.report_chart import chart_of
from orchestrator.api.report_csv import csv_of, guarded, lines_of, zip_of
from orchestrator.api.report_html import POLICY, STYLE_HASH, html_of
from orchestrator.api.report_rows import rows_of
from orchestrator.api.report_tables import LIST_COLUMNS, MEANINGS_COLUMNS, Report, Table, meaning_rows
from orchestrator.api.report_xlsx import xlsx_of
from orchestrator.api.step_order import steps_in_order
from orchestrator.store.journeys import Sought
from orchestrator.store.reports import ActivityItem, Arm
from tests.reading_reports import Page, csv_tables, xlsx_sheets

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
JOURNEY = UUID("00000000-0000-8000-8000-000000000001")
EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\x00=1", "＝1", '=cmd|"/C calc"!A0', "-", "="]
DAY = {
    "entered": 1_000,
    "customers_entered": 1_000,
    "goals": 190,
    "customers_converted": 190,
    "value": 1_900.55,
    "cost": 10.25,
    "send_requested": {"email": 900},
    "cost_by_channel": {"email": 10.25},
    "send_suppressed": {"frequency_cap": 7},
    "suppressed_by_channel": {"email": 7},
    "message_reported": {"email": {"delivered": 880, "opened": 300}},
    "exited": {"goal": 190},
    "steps_passed": {"=offer": 900},
    "steps": {"=offer": {"passed": 900, "sends": 900, "cost": 10.25}, "former": {}, "wait": {"waits": 4}},
    "variants": {"choice": {"short": {"customers": 40, "customers_converted": 7}}},
    "arms": {"treatment": {"entered": 900, "value": 1_800.5}, "holdout": {"entered": 100}},
}
ITEM = JourneyItem(
    id=JOURNEY,
    workspace_id="acme",
    name='=HYPERLINK("http://evil")',
    campaign_id="+spring",
    status="ACTIVE",
    drain=False,
    paused_reason=None,
    version=1,
    allowed_statuses=[],
    created_at=NOW,
    updated_at=NOW,
    published=True,
)

GAUGE = Gauge(
    kind="budget",
    of="workspace",
    sentence="At most 50 a day",
    limit=50,
    used=12.5,
    share=0.25,
    since=NOW,
    until=None,
    held_back=3,
    is_reached=False,
)
POSITIONS = PositionsDocument(
    journey_id=JOURNEY,
    version=1,
    generated_at=NOW,
    under_way=4,
    held_out=1,
    steps=[StandingDocument(step="=offer", customers=4, versions={"1": 4}, since=None)],
)
# The steps of DAY in another order than that of their names, and one that it says nothing of.
DEFINITION = {
    "start": "wait",
    "steps": {
        "=offer": {"kind": "send", "channel": "email", "next": "done"},
        "wait": {"kind": "wait", "duration": "P1D", "next": "=offer"},
        "done": {"kind": "exit"},
    },
}


def a_comparison() -> ComparisonDocument:
    arms = [Arm("treatment", 900, 180, 180, 1_800.5, 18_000.0, 10.25), Arm("holdout", 100, 10, 10, 100.0, 1_000.0, 0.0)]
    found = comparison_of(arms, [10.0], date(2026, 1, 5), date(2026, 1, 6))
    assert found is not None
    return found


def a_report(comparison: ComparisonDocument | None = None) -> Report:
    days = rows_of("day", date(2026, 1, 4), date(2026, 1, 6), {date(2026, 1, 5): DAY})
    metrics = MetricsDocument(
        journey_id=JOURNEY,
        since=date(2026, 1, 5),
        until=date(2026, 1, 6),
        zone="UTC",
        generated_at=NOW,
        notes=["Know this."],
        by="day",
        days=days,
        totals=figures_of(DAY),
        comparison=comparison,
    )
    return journey_report(JourneyAnswers(ITEM, metrics, (), [GAUGE], POSITIONS, (), DEFINITION))


def an_overview() -> Report:
    figures = OverviewFigures(**{name: 1 for name in OverviewFigures.model_fields})
    item = OverviewItem(
        journey=ITEM,
        figures=figures,
        under_way=4,
        last_day=date(2026, 1, 6),
        finding="better",
        verdict="-10 % it is not",
    )
    document = OverviewDocument(
        since=date(2026, 1, 5),
        until=date(2026, 1, 6),
        zone="UTC",
        generated_at=NOW,
        notes=["Know this."],
        items=[item],
        totals=figures,
        next_cursor=None,
    )
    return overview_report(document, "acme", Sought(name="spring"), "revenue")


@given(st.text())
def test_no_text_in_a_csv_begins_as_a_formula_does(text: str) -> None:
    (record,) = csv.reader(StringIO(lines_of([(text,)]), newline=""))
    assert not record[0].startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\x00"))
    assert record[0] in (text, f"'{text}")


@pytest.mark.parametrize("text", EVIL)
def test_each_beginning_of_a_formula_is_guarded(text: str) -> None:
    assert guarded(text) == f"'{text}"


@given(st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False)))
def test_numbers_stay_numbers_also_negative_ones(number: float) -> None:
    (record,) = csv.reader(StringIO(lines_of([(number,)]), newline=""), quoting=csv.QUOTE_NONNUMERIC)
    assert record == [number]


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), min_size=1))
def test_what_is_written_as_csv_is_read_back(records: list[list[str]]) -> None:
    text = lines_of(records)
    assert text.endswith("\r\n")
    read = list(csv.reader(StringIO(text, newline="")))
    assert read == [[guarded(cell) for cell in record] for record in records]


def test_every_record_of_a_report_has_the_same_number_of_fields() -> None:
    records = list(csv.reader(StringIO(csv_of(a_report(a_comparison())), newline="")))
    assert len({len(record) for record in records}) == 1


@pytest.mark.parametrize("report", [a_report(), a_report(a_comparison()), an_overview()], ids=lambda each: each.title)
def test_every_format_has_every_cell_of_every_table(report: Report) -> None:
    of_csv, sheets, page = csv_tables(csv_of(report)), xlsx_sheets(xlsx_of(report, NOW)), Page(html_of(report)).sections
    for table in report.tables:
        assert of_csv[table.key][0][: len(table.columns)] == list(table.columns)
        numbers = [[cell for cell in row if _is_number(cell)] for row in table.rows]
        assert [[c for c in row if _is_number(c)] for row in of_csv[table.key][1:]] == numbers
        if not table.rows:
            assert table.title[:31] not in sheets
            assert table.key not in page
            continue
        dates = (date, datetime)  # of a sheet, numbers of days
        in_sheet = sheets[table.title[:31]].rows[1:]
        for row, cells in zip(table.rows, in_sheet, strict=True):
            places = [place for place, cell in enumerate(row) if _is_number(cell) and not isinstance(cell, dates)]
            # A workbook keeps sixteen digits of a number.
            assert [cells[place] for place in places] == pytest.approx([row[place] for place in places], rel=1e-15)
        rows = page[table.key][0 if table.is_list else 1 :]
        assert [[c for c in row if _is_number(c)] for row in rows] == numbers


def _is_number(cell: object) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def test_a_workbook_has_no_formulas_and_no_links_whatever_people_call_things() -> None:
    table = Table("versions", "Versions", ("policy",), [(text.replace("\x00", ""),) for text in EVIL])
    sheets = xlsx_sheets(xlsx_of(Report('=HYPERLINK("http://evil")', [], [table]), NOW))
    assert list(sheets) == ["Versions", "About", "Meanings"]
    assert [sheet.formulas for sheet in sheets.values()] == [[], [], []]
    written = [str(row[0]).replace("_x000D_", "\r").strip() for row in sheets["Versions"].rows[1:]]
    assert written == [text.replace("\x00", "").strip() for text in EVIL]


def test_the_page_has_no_script_and_nothing_from_elsewhere_and_says_so_itself() -> None:
    text = html_of(an_overview()) + html_of(a_report(a_comparison()))
    page = Page(text)
    assert page.tags <= {
        *("html", "head", "meta", "title", "style", "body", "h1", "h2", "dl", "dt", "dd", "section", "p", "div"),
        *("table", "thead", "tbody", "tr", "th", "td", "data"),
        *("svg", "line", "polyline", "path", "text"),
    }
    assert "=HYPERLINK(&quot;http://evil&quot;)" in text
    assert "http" not in text.replace("http-equiv", "").replace("http://evil", "")
    assert STYLE_HASH in POLICY
    assert "default-src &#x27;none&#x27;" in text


@pytest.mark.parametrize("report", [a_report(a_comparison()), an_overview()], ids=lambda each: each.title)
def test_every_file_says_of_what_it_is_which_days_in_which_zone_and_when(report: Report) -> None:
    about = {str(row[0]): row[1] for row in csv_tables(csv_of(report))["about"][1:]}
    assert (about["from"], about["to"], about["zone"]) == ("2026-01-05", "2026-01-06", "UTC")
    assert about["made_at"] == "2026-01-31T09:30:00Z"
    assert about["workspace"] == "acme"
    text = html_of(report)
    sheet = {str(row[0]): row[1] for row in xlsx_sheets(xlsx_of(report, NOW))["About"].rows[1:]}
    for what in ("from", "to", "zone", "made_at", "workspace"):
        assert sheet[what] == about[what]
        assert f"<dt>{what.replace('_', ' ')}</dt><dd>{about[what]}</dd>" in text


def test_the_file_of_all_journeys_says_which_it_is_about() -> None:
    about = {str(row[0]): row[1] for row in csv_tables(csv_of(an_overview()))["about"][1:]}
    assert (about["status"], about["campaign_id"], about["name"]) == ("all but archived", "any", "with “spring” in it")
    assert about["note"] == "Know this."


@pytest.mark.parametrize("report", [a_report(a_comparison()), an_overview()], ids=lambda each: each.title)
def test_every_file_says_what_each_of_its_figures_means(report: Report) -> None:
    expected = [list(row) for row in meaning_rows(report.told)]
    assert len(expected) > 20
    width = len(MEANINGS_COLUMNS)
    of_all = [list(row) for row in meaning_rows(report.tables)]
    assert [row[:width] for row in csv_tables(csv_of(report))["meanings"][1:]] == of_all
    assert xlsx_sheets(xlsx_of(report, NOW))["Meanings"].rows[1:] == expected
    on_page = Page(html_of(report)).sections["meanings"][1:]
    titles = {table.key: table.title for table in report.tables}
    said = [(title, unit, text, place) for title, unit, text, places in on_page for place in str(places).split(", ")]
    assert {(*row[2:], place) for row in expected for place in titles[row[0]].split(", ")} == set(said)


@pytest.mark.parametrize("document", [Figures, ArmFigures, ChannelFigures, OverviewFigures, DayFigures, StepFigures])
def test_every_figure_of_the_api_has_a_meaning(document: type[BaseModel]) -> None:
    groups = {name for name, each in document.model_fields.items() if str(each.annotation).startswith("dict")}
    assert set(document.model_fields) - groups <= set(MEANINGS)


def test_the_report_has_every_figure_of_a_day_but_the_groups_which_have_tables() -> None:
    groups = {name for name, each in Figures.model_fields.items() if str(each.annotation).startswith("dict")}
    assert set(COUNTED) == set(Figures.model_fields) - groups


def test_every_meaning_is_a_sentence_with_a_unit() -> None:
    for name, meaning in MEANINGS.items():
        assert meaning.text.endswith((".", "%", "JSON.")) or "," in meaning.text, name
        assert meaning.kind in UNITS


def test_an_experiments_arms_are_in_the_report() -> None:
    arms = [{"name": name, "share": 50.0, "best": None, "customers": 7, "converted": 2} for name in ("short", "long")]
    experiment = ExperimentDocument.model_validate(
        {"step": "choice", "epoch": 1, "is_final": False, "decided_at": NOW, "arms": arms}
    )
    nothing = MetricsDocument(
        journey_id=JOURNEY,
        since=date(2026, 1, 5),
        until=date(2026, 1, 5),
        zone="UTC",
        generated_at=NOW,
        notes=["Know this."],
        by="day",
        days=[],
        totals=figures_of({}),
        comparison=None,
    )
    tables = journey_report(JourneyAnswers(ITEM, nothing, [experiment], (), POSITIONS, (), {})).tables
    (found,) = [each for each in tables if each.key == "experiments"]
    assert found.rows[0] == ("choice", "short", 50.0, None, 7, 2, 1, False, NOW)


CUSTOMER = "=c1\x85\u2028\u2029"  # a formula to some, three ends of a line to others


def test_activities_as_lines_begin_with_what_they_are_and_end_with_their_number() -> None:
    item = ActivityItem(
        JOURNEY, "send_requested", NOW, CUSTOMER, None, 1, "offer", "treatment", {"channel": "email"}, "events/0/7", 1
    )
    text = CsvLines().opening([("zone", "UTC")]) + CsvLines().activities([item, item]) + CsvLines().end(2)
    tables = csv_tables(text)
    assert list(tables) == ["about", "meanings", "activities", "end"]
    assert tables["activities"][0] == list(COLUMNS)
    assert tables["activities"][1][3] == f"'{CUSTOMER}"
    assert tables["activities"][1][8] == '{"channel":"email"}'
    assert tables["end"][0][:2] == ["activities", 2.0]
    assert len({len(record) for record in csv.reader(StringIO(text, newline=""))}) == 1
    lines = JsonLines().opening([("zone", "UTC")]) + JsonLines().activities([item]) + JsonLines().end(1)
    about, activity, end = (json.loads(line) for line in lines.splitlines())  # which ends lines at U+2028 as well
    assert (about["record"], about["zone"], set(about["meanings"])) == ("about", "UTC", set(COLUMNS))
    assert activity["customer_id"] == CUSTOMER
    assert activity["at"] == "2026-01-31T09:30:00Z"
    assert end == {"record": "end", "activities": 1}


def test_days_are_drawn_as_lines_that_a_reader_without_eyes_hears_of() -> None:
    picture = chart_of([date(2026, 1, 5), date(2026, 1, 6), date(2026, 1, 7)], [("<Entered>", [0, 70, 10])])
    assert 'aria-label="&lt;Entered&gt;, by day from 2026-01-05 to 2026-01-07; up to 70 a day"' in picture
    assert ">80<" in picture  # the scale ends above the most
    (points,) = re.findall(r'points="([^"]+)"', picture)
    heights = [float(point.split(",")[1]) for point in points.split()]
    assert heights[1] < heights[2] < heights[0]
    assert chart_of([date(2026, 1, 5)], [("Entered", [1])]) == chart_of([date(2026, 1, 5)] * 2, [("x", [0, 0])]) == ""


def test_lines_over_time_stand_right_after_the_result_and_their_numbers_last() -> None:
    days = [(date(2026, 1, 5), 0), (date(2026, 1, 6), 70)]
    drawn = Table("by_day", "By day", ("date", "entered"), days, drawn=("entered",))
    result = Table("result", "Result", LIST_COLUMNS, [("with_messages", 70)])
    summary = Table("summary", "Summary", LIST_COLUMNS, [("entered", 70)])
    page = html_of(replace(a_report(), tables=(result, summary, drawn)))
    order = ["result", "trend", "summary", "by_day", "about", "meanings"]
    assert re.findall(r'<section id="(\w+)">', page) == order
    assert page.count("<svg") == 1
    assert page.index("<svg") < page.index('id="summary"')


def test_a_page_begins_with_the_verdict() -> None:
    comparison = a_comparison()
    assert f'<p class="headline">{comparison.verdict}</p>' in html_of(a_report(comparison))
    assert 'class="headline"' not in html_of(a_report())


def test_a_report_begins_with_the_result_and_ends_with_the_days_that_have_figures() -> None:
    report = a_report(a_comparison())
    sheets = xlsx_sheets(xlsx_of(report, NOW))
    assert list(sheets)[:2] == ["Result", "Summary"]
    assert list(sheets)[-3:] == ["By day", "About", "Meanings"]
    sections = list(Page(html_of(report)).sections)
    assert (sections[:2], sections[-3:]) == (["result", "summary"], ["by_day", "about", "meanings"])
    assert [row[0] for row in report.told[-1].rows] == [date(2026, 1, 5)]


def test_the_result_is_that_of_the_comparison_in_words_and_with_ranges() -> None:
    found = a_comparison()
    assert found.incremental is not None
    assert found.conversion is not None
    rows = dict(a_report(found).tables[0].rows)
    assert rows["in_words"] == found.verdict
    assert (rows["with_messages"], rows["without_messages"]) == (900, 100)
    assert rows["uplift"] == found.conversion.relative
    assert rows["incremental_conversions_low"] == found.incremental.conversions_low
    assert rows["return_per_1"] == found.incremental.revenue / 10.25
    assert a_report().tables[0].rows == []


def test_steps_stand_in_the_order_in_which_customers_come_to_them_and_former_ones_behind_them() -> None:
    (steps,) = [table for table in a_report().tables if table.key == "by_step"]
    assert [row[0] for row in steps.rows] == ["wait", "=offer", "former"]
    assert steps_in_order({}) == []


def test_numbers_are_written_for_people_and_kept_for_programs() -> None:
    page = html_of(a_report(a_comparison()))
    assert '<data value="0.2">20.0 %</data>' in page
    assert '<data value="12.5">12.5</data>' in page
    assert '<data value="1900.55">1,900.55</data>' in page


def test_an_archive_has_each_table_as_a_file_that_is_the_same_as_in_the_one_csv() -> None:
    report = a_report(a_comparison())
    of_one = csv_tables(csv_of(report))
    with ZipFile(BytesIO(zip_of(report, NOW))) as archive:
        names = [name.removesuffix(".csv") for name in archive.namelist()]
        assert names == [*(table.key for table in report.told), "about", "meanings"]
        for table in report.told:
            text = archive.read(f"{table.key}.csv").decode()
            rows = list(csv.reader(StringIO(text, newline=""), quoting=csv.QUOTE_NONNUMERIC))
            assert rows == [row[: len(table.columns)] for row in of_one[table.key]]
