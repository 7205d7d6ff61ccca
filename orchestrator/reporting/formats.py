"""Rows as files: CSV, JSON lines or Parquet, written as they come.

CSV is RFC 4180 in UTF-8 for programs: text in quotes, numbers bare, an empty field is no value, and text is what it is
(a spreadsheet would take some of it for formulas; ``orchestrator reports`` has files for those). Times are RFC 3339, in
UTC.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Literal, Protocol, assert_never

import msgspec

from orchestrator.errors import ConfigurationError
from orchestrator.store.view_rows import Row
from orchestrator.store.views import Column

FileFormat = Literal["csv", "jsonl", "parquet"]

ROW_GROUP = 10_000  # rows of a Parquet file that are kept until they are written together
_JSON = "jsonb"
_MONEY_DIGITS, _MONEY_DECIMALS = 38, 6
# What PostgreSQL writes as a column's type, without its length, and what Parquet calls it.
_PARQUET = MappingProxyType(
    {
        "uuid": "string",
        "text": "string",
        "character varying": "string",
        _JSON: "string",
        "date": "date32",
        "integer": "int32",
        "bigint": "int64",
        "double precision": "float64",
        "boolean": "bool_",
    }
)


class RowWriter(Protocol):
    """A file that is being written."""

    def write(self, rows: Sequence[Row]) -> None:
        """Adds rows, each with a value for every column."""

    def close(self) -> None:
        """Writes what is left."""


def open_writer(file_format: FileFormat, path: Path, columns: Sequence[Column]) -> RowWriter:
    """A new file at ``path``.

    Raises:
        ConfigurationError: Parquet is wanted, and the extra that writes it is not installed.
    """
    match file_format:
        case "csv":
            return _Csv(path, columns)
        case "jsonl":
            return _JsonLines(path, columns)
        case "parquet":
            return _Parquet(path, columns)
        case _:
            assert_never(file_format)


def check_format(file_format: FileFormat) -> None:
    """Does nothing when such files can be written.

    Raises:
        ConfigurationError: they cannot.
    """
    if file_format == "parquet":
        _pyarrow()


def csv_line(cells: Sequence[object]) -> str:
    """A record of CSV, ended by CR LF."""
    return ",".join(map(_csv_cell, cells)) + "\r\n"


class _Csv:
    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self._file: IO[str] = path.open("w", encoding="utf-8", newline="")
        self._file.write(csv_line([column.name for column in columns]))

    def write(self, rows: Sequence[Row]) -> None:
        self._file.writelines(map(csv_line, rows))

    def close(self) -> None:
        self._file.close()


class _JsonLines:
    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self._file: IO[bytes] = path.open("wb")
        self._names = [column.name for column in columns]
        self._documents = {column.name for column in columns if column.type == _JSON}
        self._encoder = msgspec.json.Encoder(decimal_format="number")

    def write(self, rows: Sequence[Row]) -> None:
        for row in rows:
            document = {
                name: msgspec.Raw(str(value)) if name in self._documents and value is not None else value
                for name, value in zip(self._names, row, strict=True)
            }
            self._file.write(self._encoder.encode(document) + b"\n")

    def close(self) -> None:
        self._file.close()


class _Parquet:
    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self._arrow = _pyarrow()
        self._schema = self._arrow.schema([(column.name, _parquet_type(self._arrow, column)) for column in columns])
        self._is_id = [column.type == "uuid" for column in columns]
        self._writer = self._arrow.parquet.ParquetWriter(path, self._schema)
        self._waiting: list[Row] = []

    def write(self, rows: Sequence[Row]) -> None:
        self._waiting.extend(rows)
        if len(self._waiting) >= ROW_GROUP:
            self._flush()

    def close(self) -> None:
        if self._waiting:
            self._flush()
        self._writer.close()

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        columns = [
            [None if value is None else str(value) for value in values] if is_id else list(values)
            for is_id, values in zip(self._is_id, zip(*waiting, strict=True), strict=True)
        ]
        arrays = [self._arrow.array(values, type=each.type) for values, each in zip(columns, self._schema, strict=True)]
        self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))


def _csv_cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return str(value)
        case float():
            return repr(value)
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case _:
            return '"' + str(value).replace('"', '""') + '"'


def _parquet_type(arrow: Any, column: Column) -> object:  # noqa: ANN401 - pyarrow, which need not be installed
    kind = column.type.partition("(")[0]
    if kind == "numeric":
        return arrow.decimal128(_MONEY_DIGITS, _MONEY_DECIMALS)
    if kind == "timestamp without time zone":
        return arrow.timestamp("us", tz="UTC")
    return getattr(arrow, _PARQUET[kind])()


def _pyarrow() -> Any:  # noqa: ANN401 - as above
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ConfigurationError(
            "writing Parquet: the package pyarrow is missing; install the extra: pip install "
            "'omnichannel-journey-orchestrator[parquet]', or take --format csv or jsonl"
        ) from error
    return pyarrow
