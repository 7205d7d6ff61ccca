"""Reads the files that the API exports, so that tests can compare what stands in them: shared by their tests."""

import csv
import re
import zipfile
from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import BytesIO, StringIO
from xml.etree import ElementTree

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_REFERENCE = re.compile(r"([A-Z]+)(\d+)")

Rows = list[list[object]]


def csv_tables(text: str) -> dict[str, Rows]:
    """The records by the table that the first column names; bare fields as numbers. Trailing padding stays."""
    tables: dict[str, Rows] = {}
    for key, *fields in csv.reader(StringIO(text, newline=""), quoting=csv.QUOTE_NONNUMERIC):
        tables.setdefault(str(key), []).append(fields)
    return tables


@dataclass
class Sheet:
    """The cells of a sheet by row; ``formulas`` must be empty."""

    rows: Rows = field(default_factory=list)
    formulas: list[str] = field(default_factory=list)


def xlsx_sheets(content: bytes) -> dict[str, Sheet]:
    """The sheets by name, in order."""
    with zipfile.ZipFile(BytesIO(content)) as book:
        workbook = ElementTree.fromstring(book.read("xl/workbook.xml"))
        names = [sheet.attrib["name"] for sheet in workbook.iter(f"{_MAIN}sheet")]
        shared = _shared(book)
        return {
            name: _sheet(ElementTree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml")), shared)
            for number, name in enumerate(names, start=1)
        }


def _shared(book: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in book.namelist():
        return []
    root = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
    return ["".join(text.text or "" for text in item.iter(f"{_MAIN}t")) for item in root.iter(f"{_MAIN}si")]


def _sheet(root: ElementTree.Element, shared: list[str]) -> Sheet:
    sheet = Sheet()
    for row in root.iter(f"{_MAIN}row"):
        cells: list[object] = []
        for cell in row.iter(f"{_MAIN}c"):
            match = _REFERENCE.fullmatch(cell.attrib["r"])
            assert match is not None
            place = 0
            for letter in match[1]:
                place = place * 26 + ord(letter) - 64
            cells += [None] * (place - len(cells))
            cells[place - 1] = _value(cell, shared)
            sheet.formulas += [formula.text or "" for formula in cell.iter(f"{_MAIN}f")]
        sheet.rows.append(cells)
    return sheet


def _value(cell: ElementTree.Element, shared: list[str]) -> object:
    kind, value = cell.attrib.get("t"), cell.find(f"{_MAIN}v")
    if kind == "inlineStr":
        return "".join(text.text or "" for text in cell.iter(f"{_MAIN}t"))
    if value is None or value.text is None:
        return None
    return shared[int(value.text)] if kind == "s" else float(value.text)


class Page(HTMLParser):
    """The rows of each section of an HTML report; numbers from ``<data value>``. ``tags``: all that occur."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sections: dict[str, Rows] = {}
        self.tags: set[str] = set()
        self._rows: Rows = []
        self._is_in_cell = False
        self._number: float | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        attributes = dict(attrs)
        if tag == "section":
            self._rows = self.sections.setdefault(str(attributes["id"]), [])
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._is_in_cell, self._number = True, None
            self._rows[-1].append("")
        elif tag == "data":
            self._number = float(str(attributes["value"]))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._is_in_cell = False
            if self._number is not None:
                self._rows[-1][-1] = self._number

    def handle_data(self, data: str) -> None:
        if self._is_in_cell:
            self._rows[-1][-1] = str(self._rows[-1][-1]) + data
