"""Files of the daily export: the rows as they are, typed, whole or not there at all."""

import builtins
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow
import pyarrow.parquet
import pytest

from orchestrator.errors import ConfigurationError, OrchestratorError
from orchestrator.reporting.daily import days_between
from orchestrator.reporting.formats import ROW_GROUP, FileFormat, check_format, csv_line, open_writer
from orchestrator.reporting.parts import (
    MANIFEST,
    Part,
    alone_in,
    becoming,
    check_folder,
    digest_of,
    path_of,
    remove,
    write_manifest,
)
from orchestrator.reporting.tables import TABLES, chosen_tables
from orchestrator.store.views import Column

ID = UUID("6a1d1b5e-9c0e-4d0c-8f51-0d1f5f1e7a10")
AT = datetime(2026, 11, 26, 9, 30, 0, 120_000, tzinfo=UTC)
COLUMNS = [
    Column("journey_id", "uuid", ""),
    Column("name", "character varying(255)", ""),
    Column("date", "date", ""),
    Column("at", "timestamp without time zone", ""),
    Column("entered", "bigint", ""),
    Column("version", "integer", ""),
    Column("revenue", "numeric(38,6)", ""),
    Column("squares", "double precision", ""),
    Column("was_active", "boolean", ""),
    Column("details", "jsonb", ""),
]
ROW = (ID, '=1+1, "ü"\n', date(2026, 11, 26), AT, 2**40, 3, Decimal("1.500000"), 2.25, True, '{"a": [1.0, null]}')
EMPTY = (ID, "", date(2026, 11, 26), None, 0, None, Decimal("0.000000"), 0.0, None, None)


def written(folder: Path, file_format: FileFormat, rows: Sequence[tuple[Any, ...]]) -> Path:
    path = folder / f"part.{file_format}"
    writer = open_writer(file_format, path, COLUMNS)
    writer.write(rows)
    writer.close()
    return path


def test_csv_has_text_in_quotes_and_tells_no_value_from_empty_text(tmp_path: Path) -> None:
    lines = written(tmp_path, "csv", [ROW, EMPTY]).read_bytes().decode()
    assert lines == (
        '"journey_id","name","date","at","entered","version","revenue","squares","was_active","details"\r\n'
        f'"{ID}","=1+1, ""ü""\n",2026-11-26,2026-11-26T09:30:00.120000Z,1099511627776,3,1.500000,2.25,true,'
        '"{""a"": [1.0, null]}"\r\n'
        f'"{ID}","",2026-11-26,,0,,0.000000,0.0,,\r\n'
    )
    assert csv_line([None, ""]) == ',""\r\n'


def test_json_lines_have_numbers_as_numbers_and_documents_as_they_stand(tmp_path: Path) -> None:
    first, second = written(tmp_path, "jsonl", [ROW, EMPTY]).read_text("utf-8").splitlines()
    assert '"details":{"a": [1.0, null]}' in first
    assert json.loads(first)["revenue"] == 1.5
    assert json.loads(first)["at"] == "2026-11-26T09:30:00.120000Z"
    assert json.loads(second)["details"] is None


def test_parquet_has_the_types_of_the_columns(tmp_path: Path) -> None:
    table = pyarrow.parquet.read_table(written(tmp_path, "parquet", [ROW, EMPTY]))
    assert [str(field.type) for field in table.schema] == [
        "string",
        "string",
        "date32[day]",
        "timestamp[us, tz=UTC]",
        "int64",
        "int32",
        "decimal128(38, 6)",
        "double",
        "bool",
        "string",
    ]
    assert [tuple(row.values()) for row in table.to_pylist()] == [(str(ID), *ROW[1:]), (str(ID), *EMPTY[1:])]


def test_parquet_is_written_a_group_of_rows_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "part.parquet"
    writer = open_writer("parquet", path, COLUMNS)
    for _ in range(5):
        writer.write([ROW] * (ROW_GROUP // 2))
    writer.close()
    file = pyarrow.parquet.ParquetFile(path)
    assert [file.metadata.row_group(place).num_rows for place in range(file.num_row_groups)] == [
        ROW_GROUP,
        ROW_GROUP,
        ROW_GROUP // 2,
    ]


@pytest.mark.parametrize("file_format", ["csv", "jsonl", "parquet"])
def test_the_same_rows_give_the_same_file(tmp_path: Path, file_format: FileFormat) -> None:
    (tmp_path / "again").mkdir()
    first, again = (digest_of(written(folder, file_format, [ROW, EMPTY])) for folder in (tmp_path, tmp_path / "again"))
    assert first == again


def test_without_pyarrow_parquet_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigurationError, match=r"pip install 'omnichannel-journey-orchestrator\[parquet\]'"):
        check_format("parquet")
    check_format("csv")


def test_a_file_is_there_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "journey_days" / "part.csv"
    with becoming(path) as beside:
        beside.write_text("first")
    with pytest.raises(RuntimeError, match="died"), becoming(path) as beside:  # noqa: PT012 - it dies while writing
        beside.write_text("half")
        raise RuntimeError("died")
    assert path.read_text() == "first"
    assert [each.name for each in path.parent.iterdir()] == ["part.csv"]
    remove(path)
    remove(path)  # it is gone already
    assert not path.parent.exists()


def test_a_folder_that_cannot_be_written_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "journey_days").write_text("a file")
    with pytest.raises(OrchestratorError, match="journey_days"), becoming(tmp_path / "journey_days" / "part.csv"):
        pass


def test_parts_lie_where_hive_looks_for_them_whatever_a_workspace_is_called() -> None:
    day = date(2026, 11, 26)
    assert path_of("journey_days", day, "acme", "parquet") == "journey_days/day=2026-11-26/workspace=acme/part.parquet"
    assert path_of("journeys", None, "../a b", "csv") == "journeys/workspace=..%2Fa%20b/part.csv"
    # A workspace may have 255 letters, which is one folder's name too long; two that begin alike lie apart.
    paths = {path_of("journeys", None, "w" * 254 + end, "csv") for end in "ab"}
    assert len(paths) == 2
    assert max(len(name.encode()) for path in paths for name in path.split("/")) <= 255


def test_one_run_at_a_time_writes_to_a_folder(tmp_path: Path) -> None:
    """Two would write to the same file beside its place, and put together what belongs to neither."""
    folder = tmp_path / "new" / "exports"
    with alone_in(folder), pytest.raises(ConfigurationError, match="another run writes to"), alone_in(folder):
        pass
    with alone_in(folder):  # it is over
        pass
    (tmp_path / "file").write_text("")
    with pytest.raises(OrchestratorError, match="file"), alone_in(tmp_path / "file" / "exports"):
        pass


def test_what_a_killed_run_has_left_is_gone_with_its_part(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "workspace=acme" / "part.csv"
    path.parent.mkdir(parents=True)
    (path.parent / ".part.csv.tmp").write_text("half")
    remove(path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_has_files_of_one_format(tmp_path: Path) -> None:
    check_folder(tmp_path / "new", "csv")
    part = Part("journeys/workspace=acme/part.csv", "journeys", None, "acme", 2, "ab")
    write_manifest(tmp_path, "csv", [date(2026, 11, 26)], {"journeys": COLUMNS[:1]}, [part])
    assert json.loads((tmp_path / MANIFEST).read_text()) == {
        "format": "csv",
        "days": ["2026-11-26"],
        "tables": {"journeys": [{"name": "journey_id", "type": "uuid"}]},
        "files": [
            {"path": part.path, "table": "journeys", "day": None, "workspace": "acme", "rows": 2, "sha256": "ab"}
        ],
    }
    check_folder(tmp_path, "csv")
    with pytest.raises(ConfigurationError, match="has files of the format csv"):
        check_folder(tmp_path, "parquet")
    (tmp_path / MANIFEST).write_text("[]")
    with pytest.raises(ConfigurationError, match="none of ours"):
        check_folder(tmp_path, "csv")
    with pytest.raises(ConfigurationError, match="is a file"):
        check_folder(tmp_path / MANIFEST, "csv")


def test_without_customers_no_table_that_has_any_is_left() -> None:
    of_customers = {"activities", "runs", "participants", "exposures"}
    assert {each.name for each in chosen_tables([], with_customers=True)} == set(TABLES)
    assert {each.name for each in chosen_tables([], with_customers=False)} == set(TABLES) - of_customers
    with pytest.raises(ConfigurationError, match="runs has a row for each customer"):
        chosen_tables(["runs", "journeys"], with_customers=False)
    with pytest.raises(ConfigurationError, match="no table called jurneys"):
        chosen_tables(["jurneys"], with_customers=True)


def test_days_are_counted_from_the_first_to_the_last() -> None:
    first = date(2026, 2, 27)
    assert days_between(first, date(2026, 3, 1)) == [first, date(2026, 2, 28), date(2026, 3, 1)]
    for last in (date(2026, 2, 26), date(2126, 1, 1)):
        with pytest.raises(ConfigurationError, match="can be exported at once"):
            days_between(first, last)
