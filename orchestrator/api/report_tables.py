"""What a report consists of, whatever format it is written in. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeAlias

from orchestrator.api.figure_meanings import UNITS, Meaning, meaning_of

Cell: TypeAlias = str | bool | int | float | date | datetime | None
Row: TypeAlias = tuple[Cell, ...]

LIST_COLUMNS = ("figure", "value")  # of a table that has one figure a row
MEANINGS_KEY = "meanings"
MEANINGS_COLUMNS = ("table", "column", "title", "unit", "meaning")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns. ``key`` is a word to program against, ``title`` for people, ``about`` a sentence.

    With ``LIST_COLUMNS`` each row is the name of a figure and its value. ``drawn``: columns that a page shows as lines
    over the days in the first column.
    """

    key: str
    title: str
    columns: tuple[str, ...]
    rows: Sequence[Row]
    about: str = ""
    drawn: tuple[str, ...] = ()

    @property
    def is_list(self) -> bool:
        """Whether each row is a figure of its own."""
        return self.columns == LIST_COLUMNS

    def meaning(self, row: Row, place: int) -> Meaning:
        """What the cell at ``place`` of ``row`` is."""
        column = str(row[0]) if self.is_list and place == 1 else self.columns[place]
        return meaning_of(self.key, column)

    def figures(self) -> Iterator[str]:
        """The names of what stands in it."""
        if not self.is_list:
            yield from self.columns
        else:
            yield from dict.fromkeys(str(row[0]) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Report:
    """Tables, and what must be said about all of them: of what, which filters, which zone, when (``about``).

    ``headline``: the one sentence for those who read no further.
    """

    title: str
    about: Sequence[tuple[str, str]]
    tables: Sequence[Table]
    headline: str = ""

    @property
    def told(self) -> Sequence[Table]:
        """The tables that have rows: what people read has no empty ones, what programs read has them all."""
        return [table for table in self.tables if table.rows]


def meanings_of(tables: Sequence[Table]) -> list[tuple[str, str, Meaning]]:
    """What each column of each table means: table, column, meaning; in order, each once."""
    return [(table.key, column, meaning_of(table.key, column)) for table in tables for column in table.figures()]


def meaning_rows(tables: Sequence[Table]) -> list[tuple[str, ...]]:
    """The same as rows under ``MEANINGS_COLUMNS``."""
    return [
        (table, column, meaning.title, UNITS[meaning.kind], meaning.text)
        for table, column, meaning in meanings_of(tables)
    ]


def written(moment: datetime) -> str:
    """A time as all reports write it: RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
