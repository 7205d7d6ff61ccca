"""Reports as CSV (RFC 4180, UTF-8, no byte order mark).

The first column says which table a record belongs to, so that one file holds all of them and each is had by one filter:
``about``, ``meanings``, then the tables; the first record of each names its columns. Records of a report all have the
same number of fields. Text is quoted, numbers are bare, an empty field is no value, times are RFC 3339 in UTC.

A report is had in an archive as well, each table with rows as a file of its own: ``summary.csv``, ``by_step.csv``, ….

A spreadsheet takes text that begins with certain characters for a formula, whoever wrote it: such text gets an
apostrophe before it (OWASP, "CSV injection"). Numbers are written by this program and stay as they are.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from io import BytesIO, StringIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from orchestrator.api.report_tables import MEANINGS_COLUMNS, MEANINGS_KEY, Cell, Report, meaning_rows, written

MEDIA_TYPE = "text/csv; charset=utf-8; header=present"
ZIP_MEDIA_TYPE = "application/zip"
ABOUT_KEY = "about"
ABOUT_COLUMNS = ("what", "which")
# A line feed and the full-width forms are OWASP's too: some programs drop the one and fold the others.
_BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00", "＝", "＋", "－", "＠")


def guarded(text: str) -> str:
    """The text as no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_BEGINS_FORMULA) else text


def csv_of(report: Report) -> str:
    """The whole report."""
    records = list(_records(report))
    width = max(map(len, records))
    return lines_of((*record, *("",) * (width - len(record))) for record in records)


def zip_of(report: Report, made_at: datetime) -> bytes:
    """The whole report, a file for each table."""
    files: dict[str, Sequence[Sequence[Cell]]] = {table.key: [table.columns, *table.rows] for table in report.told}
    files[ABOUT_KEY] = [ABOUT_COLUMNS, ("report", report.title), *report.about]
    files[MEANINGS_KEY] = [MEANINGS_COLUMNS, *meaning_rows(report.told)]
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for key, records in files.items():
            member = ZipInfo(f"{key}.csv", made_at.astimezone(UTC).timetuple()[:6])
            archive.writestr(member, lines_of(records), ZIP_DEFLATED)
    return out.getvalue()


def lines_of(records: Iterable[Sequence[Cell]]) -> str:
    """Records as lines of CSV, each ended by CR LF."""
    out = StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerows([_plain(cell) for cell in record] for record in records)
    return out.getvalue()


def opening_of(about: Iterable[tuple[str, str]], meanings: Iterable[Sequence[Cell]]) -> Iterator[tuple[Cell, ...]]:
    """What stands before the tables."""
    yield (ABOUT_KEY, *ABOUT_COLUMNS)
    for fact in about:
        yield (ABOUT_KEY, *fact)
    yield (MEANINGS_KEY, *MEANINGS_COLUMNS)
    for row in meanings:
        yield (MEANINGS_KEY, *row)


def _records(report: Report) -> Iterator[tuple[Cell, ...]]:
    yield from opening_of([("report", report.title), *report.about], meaning_rows(report.tables))
    for table in report.tables:
        yield (table.key, *table.columns)
        for row in table.rows:
            yield (table.key, *row)


def _plain(cell: Cell) -> str | int | float:
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case int() | float():
            return cell
        case datetime():
            return written(cell)
        case date():
            return cell.isoformat()
        case str():
            return guarded(cell)
