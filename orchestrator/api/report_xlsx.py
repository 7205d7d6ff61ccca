"""Reports as a workbook: a sheet for each table that has rows, then what it is about and what the figures mean.

Text is written as text whatever it begins with, and marked so (quote prefix) that it stays text when it is edited.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from io import BytesIO
from typing import TYPE_CHECKING

from xlsxwriter import Workbook

from orchestrator.api.figure_meanings import Kind
from orchestrator.api.report_csv import guarded
from orchestrator.api.report_tables import MEANINGS_COLUMNS, Cell, Report, Table, meaning_rows
from orchestrator.api.report_tables import Row as TableRow

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_TEXT = 32_767  # characters that a cell holds
LONGEST_NAME = 31  # characters of a sheet's name
WIDEST = 60  # characters, of a column
_FORMATS: dict[Kind, str] = {
    "count": "#,##0",
    "estimate": "#,##0.0",
    "money": "#,##0.00",
    "share": "0.0%",
    "percent": '0.0" %"',
    "number": "#,##0.00##",
    "day": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm:ss",
}


def xlsx_of(report: Report, made_at: datetime) -> bytes:
    """The workbook. Takes a second for some 100,000 cells, so call it in a thread."""
    out = BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "remove_timezone": True,
        "default_date_format": _FORMATS["moment"],
    }
    with Workbook(out, options) as book:
        book.set_properties({"title": report.title, "created": made_at.astimezone(UTC).replace(tzinfo=None)})
        _Sheets(book).write(report)
    return out.getvalue()


class _Sheets:
    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._head: Format = book.add_format({"bold": True, "bottom": 1})
        self._text: Format = book.add_format({"text_wrap": True, "valign": "top"})
        self._guarded: Format = book.add_format({"text_wrap": True, "valign": "top", "quote_prefix": True})
        self._of_kind: dict[Kind, Format] = {
            kind: book.add_format({"num_format": form, "valign": "top"}) for kind, form in _FORMATS.items()
        }

    def write(self, report: Report) -> None:
        """All sheets, each from top to bottom: rows that are written leave memory."""
        for table in report.told:
            self._table(table)
        sheet = self._begin("About", [("What", 24), ("Which", WIDEST)])
        for number, (what, which) in enumerate([("Report", report.title), *report.about], start=1):
            self._texts(sheet, number, (what, which))
        sheet = self._begin(
            "Meanings",
            [(name.capitalize(), width) for name, width in zip(MEANINGS_COLUMNS, (18, 26, 28, 28, 60), strict=True)],
        )
        for number, row in enumerate(meaning_rows(report.told), start=1):
            self._texts(sheet, number, row)

    def _table(self, table: Table) -> None:
        heads = [_title(table, place) for place in range(len(table.columns))]
        widths = [_width(table, place, head) for place, head in enumerate(heads)]
        sheet = self._begin(table.title, list(zip(heads, widths, strict=True)))
        for number, row in enumerate(table.rows, start=1):
            for place, cell in enumerate(row):
                if table.is_list and place == 0:
                    self._cell(sheet, number, 0, table.meaning(row, 1).title, "text")
                else:
                    self._cell(sheet, number, place, cell, table.meaning(row, place).kind)
        if not table.is_list:
            sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)

    def _begin(self, name: str, columns: Sequence[tuple[str, int]]) -> "Worksheet":
        sheet = self._book.add_worksheet(name[:LONGEST_NAME])
        sheet.freeze_panes(1, 0)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        for place, (title, width) in enumerate(columns):
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, title, self._head)
        return sheet

    def _texts(self, sheet: "Worksheet", number: int, row: Sequence[str]) -> None:
        for place, text in enumerate(row):
            self._cell(sheet, number, place, text, "text")

    def _cell(self, sheet: "Worksheet", row: int, place: int, cell: Cell, kind: Kind) -> None:
        match cell:
            case None | "":
                return
            case bool():
                sheet.write_string(row, place, "yes" if cell else "no", self._text)
            case int() | float():
                is_whole = kind == "number" and float(cell).is_integer()
                sheet.write_number(row, place, cell, self._of_kind.get("count" if is_whole else kind))
            case datetime():
                sheet.write_datetime(row, place, cell.astimezone(UTC).replace(tzinfo=None), self._of_kind["moment"])
            case date():
                sheet.write_datetime(row, place, cell, self._of_kind["day"])
            case str():
                text = cell[:LONGEST_TEXT]
                sheet.write_string(row, place, text, self._text if guarded(text) == text else self._guarded)


def _title(table: Table, place: int) -> str:
    row: TableRow = ("figure", None) if table.is_list else ()
    return "Value" if table.is_list and place == 1 else table.meaning(row, place).title


def _width(table: Table, place: int, head: str) -> int:
    if table.is_list:
        return (32, WIDEST)[place]
    longest = max((len(cell) for row in table.rows if isinstance(cell := row[place], str)), default=0)
    return min(WIDEST, max(11, len(head) + 3, longest + 1))
