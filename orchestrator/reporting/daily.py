"""The daily export: files of each day's rows of the views, by workspace.

A day is read in one snapshot, so its tables agree. To export a day again gives the same files while nothing has
changed; activities that came late change the days they belong to, so the last few are exported again.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from orchestrator.errors import ConfigurationError, NotFound
from orchestrator.reporting.formats import FileFormat, check_format, open_writer
from orchestrator.reporting.parts import (
    Part,
    alone_in,
    becoming,
    check_folder,
    digest_of,
    path_of,
    remove,
    write_manifest,
)
from orchestrator.reporting.tables import ExportedTable
from orchestrator.store.pool import Pool
from orchestrator.store.view_rows import Row, Snapshot, snapshot
from orchestrator.store.views import Column, describe_views

MAX_DAYS = 3_660


@dataclass(frozen=True, slots=True)
class DailyExport:
    """What to export: UTC days in order, tables, and of which workspaces (none: of all that the login reads)."""

    folder: Path
    file_format: FileFormat
    days: Sequence[date]
    tables: Sequence[ExportedTable]
    workspaces: Sequence[str] = ()


def days_between(first: date, last: date) -> list[date]:
    """The days from ``first`` to ``last``, both included.

    Raises:
        ConfigurationError: there is none, or too many.
    """
    if not 0 <= (last - first).days < MAX_DAYS:
        raise ConfigurationError(
            f"exporting days: from {first} to {last} there are {max((last - first).days + 1, 0)} days; 1 to {MAX_DAYS} "
            "can be exported at once"
        )
    return [first + timedelta(days=place) for place in range((last - first).days + 1)]


async def export_days(pool: Pool, export: DailyExport) -> list[Part]:
    """Writes the files and their manifest; the parts that were written, in order. A part without rows is no file.

    Raises:
        ConfigurationError: Parquet cannot be written, or the folder has files of another format or is written to.
        NotFound: the login may read no journey of a workspace that is named.
        OrchestratorError: the file system refuses.
        Unavailable: the database does not answer.
    """
    check_format(export.file_format)
    check_folder(export.folder, export.file_format)
    with alone_in(export.folder):
        columns = {view.name: view.columns for view in await describe_views(pool)}
        parts: list[Part] = []
        async with snapshot(pool) as now:
            for table in (each for each in export.tables if not each.is_of_days):
                parts += [part async for part in _parts(export, now, table, None, columns)]
        for day in export.days:
            async with snapshot(pool) as of_day:
                for table in (each for each in export.tables if each.is_of_days):
                    parts += [part async for part in _parts(export, of_day, table, day, columns)]
        told = {each.name: columns[each.name] for each in export.tables}
        write_manifest(export.folder, export.file_format, export.days, told, parts)
    return parts


async def _parts(
    export: DailyExport,
    views: Snapshot,
    table: ExportedTable,
    day: date | None,
    columns: Mapping[str, Sequence[Column]],
) -> AsyncIterator[Part]:
    if unknown := [each for each in export.workspaces if each not in views.journeys]:
        raise NotFound(f"exporting days: this login may read no journey of the workspace {', '.join(unknown)}")
    for workspace in export.workspaces or views.journeys:
        path = path_of(table.name, day, workspace, export.file_format)
        batches = views.rows(table.name, table.cut, table.order, workspace, day)
        rows = await _write(export.folder / path, export.file_format, columns[table.name], batches)
        if rows:
            yield Part(path, table.name, day, workspace, rows, digest_of(export.folder / path))


async def _write(
    path: Path, file_format: FileFormat, columns: Sequence[Column], batches: AsyncIterator[list[Row]]
) -> int:
    """How many rows were written; without any there is no file."""
    first = await anext(batches, None)
    if first is None:
        remove(path)
        return 0
    with becoming(path) as beside:
        writer = open_writer(file_format, beside, columns)
        rows = len(first)
        try:
            writer.write(first)
            async for batch in batches:
                rows += len(batch)
                writer.write(batch)
        finally:
            writer.close()
    return rows
