"""The views that reporting systems read, as the database has them: names, columns, types and what they mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from orchestrator.store.faults import translated
from orchestrator.store.pool import Pool
from orchestrator.store.queries import load_queries


@dataclass(frozen=True, slots=True)
class Column:
    """A column; ``type`` as PostgreSQL writes it, ``about`` its comment."""

    name: str
    type: str
    about: str


@dataclass(frozen=True, slots=True)
class View:
    """A view of the schema ``reporting``."""

    name: str
    about: str
    columns: Sequence[Column]


async def describe_views(pool: Pool) -> list[View]:
    """Every view, by name.

    Raises:
        Unavailable: the database does not answer.
    """
    with translated("reading what views there are"):
        rows = await pool.fetch(load_queries("views")["columns"])
    return [
        View(
            name, found[0]["about_view"] or "", [Column(row["name"], row["type"], row["about"] or "") for row in found]
        )
        for name, found in ((name, list(rows)) for name, rows in groupby(rows, lambda row: row["view"]))
    ]
