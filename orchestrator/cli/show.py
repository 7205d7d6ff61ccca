"""How answers are printed: tables for people at a terminal, columns between tabs for programs, or the API's JSON.

What people are told beside an answer goes to standard error, so that standard output has the answer alone. Texts come
from anybody (a customer chooses a name), so whatever a terminal would act on is written out.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

out = Console()
err = Console(stderr=True)

PROBLEMS = {"where": "path", "rule": "rule", "what": "detail", "how to mend it": "fix"}

_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.\d+)?(?:Z|\+00:00)", re.ASCII)


def plain(text: str) -> str:
    """The text with what a terminal would act on written out."""
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text)


def say(line: str) -> None:
    """A line of the answer."""
    out.print(plain(line), highlight=False, markup=False, soft_wrap=True)


def tell(line: str) -> None:
    """A line beside the answer."""
    err.print(plain(line), highlight=False, markup=False, soft_wrap=True)


def print_heading(title: str) -> None:
    """What the lines below it are about, after a free line."""
    _write("")
    say(title)


def cell(value: object, *, is_for_people: bool) -> str:
    """A value as it stands in a table. For people UTC times lose what is smaller than a second."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:,.6g}" if is_for_people else repr(value)
        case int():
            return f"{value:,}" if is_for_people else str(value)
        case str():
            at = _TIME.fullmatch(value) if is_for_people else None
            return f"{at[1]} {at[2]}" if at else plain(value)
        case [*parts] if not any(isinstance(part, (dict, list)) for part in parts):
            return ", ".join(cell(part, is_for_people=is_for_people) for part in parts)
        case _:
            return plain(json.dumps(value, ensure_ascii=False))


def print_rows(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Rows under their columns' names; no rows: a line says so to people."""
    found = list(rows)
    if title is not None:
        print_heading(title)
    if not out.is_terminal:
        for row in (columns, *found):
            _write("\t".join(cell(value, is_for_people=False) for value in row))
    elif not found:
        say("none")
    else:
        headers = (Column(Text(plain(column), overflow="fold"), overflow="fold") for column in columns)
        table = Table(*headers, box=box.SIMPLE_HEAD)
        for row in found:
            table.add_row(*(Text(cell(value, is_for_people=True), overflow="fold") for value in row))
        out.print(table)


def print_items(columns: Mapping[str, str], items: Iterable[Mapping[str, Any]], title: str | None = None) -> None:
    """Documents as rows; ``columns``: the field, perhaps of a field ("journey.name"), by the column's name."""
    print_rows(list(columns), ([_field(item, path) for path in columns.values()] for item in items), title)


def print_fields(fields: Mapping[str, object], title: str | None = None) -> None:
    """Values beside their names."""
    if title is not None:
        print_heading(title)
    width = max(map(len, fields), default=0) + 2
    for name, value in fields.items():
        if out.is_terminal:
            say(f"{name:<{width}}{cell(value, is_for_people=True)}")
        else:
            _write(f"{name}\t{cell(value, is_for_people=False)}")


def print_json(text: str) -> None:
    """The API's document: as it came, or indented for people."""
    if not out.is_terminal:
        _write(text)
        return
    _write(_harmless(json.dumps(json.loads(text), indent=2, ensure_ascii=False)))


def print_json_line(value: object) -> None:
    """A document among others, on a line of its own, and at once: somebody may be watching."""
    line = json.dumps(value, ensure_ascii=False)
    _write(_harmless(line) if out.is_terminal else line)
    out.file.flush()


def print_document(value: object) -> None:
    """A part of a document, such as a definition, as indented JSON that can be kept in a file."""
    print_json(json.dumps(value, indent=2, ensure_ascii=False))


def scalars(document: Mapping[str, Any], *but: str) -> dict[str, object]:
    """The fields of a document that are no documents themselves, without those named ``but``."""
    return {
        name: value
        for name, value in document.items()
        if name not in but and not isinstance(value, dict) and not _has_documents(value)
    }


def _has_documents(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(part, (dict, list)) for part in value)


def _field(item: Mapping[str, Any], path: str) -> object:
    found: Any = item
    for name in path.split("."):
        found = found[name]
    return found


def _harmless(text: str) -> str:
    """JSON with what a terminal would act on escaped."""
    return "".join(letter if letter.isprintable() or letter == "\n" else json.dumps(letter)[1:-1] for letter in text)


def _write(line: str) -> None:
    out.file.write(f"{line}\n")


def counted(items: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The items, and meanwhile how many there have been, told to people at a terminal."""
    if not err.is_terminal:
        yield from items
        return
    with err.status("reading") as status:
        for number, item in enumerate(items, 1):
            if number % 100 == 0:
                status.update(f"reading: {number:,} so far")
            yield item
