"""Activities as lines of a file that is written while it is read: an opening, a line for each, and an end. Pure.

The end says how many there were: a file without it is not whole, since an answer that breaks off cannot say so itself.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, Protocol

import msgspec

from orchestrator.api.report_csv import lines_of, opening_of
from orchestrator.api.report_tables import Cell, Table, meaning_rows
from orchestrator.store.reports import ActivityItem

Form = Literal["csv", "jsonl"]
COLUMNS = ("id", "at", "type", "customer_id", "run_id", "version", "step", "arm", "details", "cause")
_TABLE = Table("activities", "Activities", COLUMNS, ())
_ENCODER = msgspec.json.Encoder()
# JSON may have them in a text as they are, but many readers would end a line there.
_LINE_ENDS = str.maketrans({end: f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"})


class Lines(Protocol):
    """How a file of activities is written; each method gives whole lines."""

    def opening(self, about: Sequence[tuple[str, str]]) -> str:
        """What the file is about, and what its fields mean."""

    def activities(self, items: Iterable[ActivityItem]) -> str:
        """A line for each."""

    def end(self, count: int) -> str:
        """That the file is whole, with so many activities."""


class CsvLines:
    """The first column says what a record is: ``about``, ``meanings``, ``activities``, or ``end``; see report_csv."""

    def opening(self, about: Sequence[tuple[str, str]]) -> str:
        """What the file is about, and what its columns mean; then the names of the columns."""
        return lines_of([*map(_widened, opening_of(about, meaning_rows([_TABLE]))), (_TABLE.key, *COLUMNS)])

    def activities(self, items: Iterable[ActivityItem]) -> str:
        """A record for each."""
        return lines_of((_TABLE.key, *_cells(item)) for item in items)

    def end(self, count: int) -> str:
        """The last record."""
        return lines_of([_widened(("end", "activities", count))])


class JsonLines:
    """An object a line; its ``record`` says what it is: ``about`` (with ``meanings``), ``activity``, or ``end``."""

    def opening(self, about: Sequence[tuple[str, str]]) -> str:
        """One line."""
        meanings = {column: text for _, column, _, _, text in meaning_rows([_TABLE])}
        return _line({"record": "about", **dict(about), "meanings": meanings})

    def activities(self, items: Iterable[ActivityItem]) -> str:
        """A line for each, with the fields that the API gives."""
        return "".join(_line({"record": "activity", **_fields(item)}) for item in items)

    def end(self, count: int) -> str:
        """The last line."""
        return _line({"record": "end", "activities": count})


def lines_in(form: Form) -> Lines:
    """How a file of this form is written."""
    return CsvLines() if form == "csv" else JsonLines()


def _fields(item: ActivityItem) -> dict[str, object]:
    return {
        "id": item.id,
        "at": item.created_at,
        "type": item.activity_type,
        "customer_id": item.customer_id,
        "run_id": item.run_id,
        "version": item.version,
        "step": item.step,
        "arm": item.arm,
        "details": item.details,
        "cause": item.cause,
    }


def _cells(item: ActivityItem) -> tuple[Cell, ...]:
    return (
        str(item.id),
        item.created_at,
        item.activity_type,
        item.customer_id,
        None if item.run_id is None else str(item.run_id),
        item.version,
        item.step,
        item.arm,
        _ENCODER.encode(item.details).decode(),
        item.cause,
    )


def _widened(record: Sequence[Cell]) -> tuple[Cell, ...]:
    """The record with as many fields as one of an activity has."""
    return (*record, *(None,) * (len(COLUMNS) + 1 - len(record)))


def _line(document: dict[str, object]) -> str:
    return _ENCODER.encode(document).decode().translate(_LINE_ENDS) + "\n"
