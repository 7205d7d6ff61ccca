"""Whatever a document links to is there, and every page of docs/ can be found from its index."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documents import ROOT

DOCUMENTS = sorted(
    file.relative_to(ROOT)
    for folder in ("", "docs", "docs/reference", "deploy", "orchestrator", "tests")
    for file in (ROOT / folder).glob("*.md" if folder in ("", "docs") else "**/*.md")
)
INDEX = Path("docs/README.md")


def prose(document: Path) -> str:
    """What stands in it outside of code."""
    text = re.sub(r"^```.*?^```$", "", (ROOT / document).read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", lambda code: re.sub(r"[\[\]()]", "", code[0]), text)


def links(document: Path) -> Iterator[tuple[Path, str]]:
    """The files of the repository that it links to, and the anchors in them."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(document)):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield (ROOT / document.parent / path).resolve().relative_to(ROOT) if path else document, anchor


def anchors(document: Path) -> set[str]:
    """The anchors that GitHub gives to headings."""
    text = re.sub(r"^```.*?^```$", "", (ROOT / document).read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return {anchor_of(heading) for heading in re.findall(r"^#+ +(.+)$", text, re.MULTILINE)}


def anchor_of(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


LINKS = sorted({(str(document), str(path), anchor) for document in DOCUMENTS for path, anchor in links(document)})


@pytest.mark.parametrize(("document", "path", "anchor"), LINKS)
def test_a_link_leads_somewhere(document: str, path: str, anchor: str) -> None:
    assert (ROOT / path).exists()
    assert not anchor or anchor in anchors(Path(path))


def test_every_page_is_found_from_the_index() -> None:
    found, ahead = {INDEX}, [INDEX]
    while ahead:
        for path, _ in links(ahead.pop()):
            if path.suffix == ".md" and path not in found:
                found.add(path)
                ahead.append(path)
    assert [str(page) for page in DOCUMENTS if page.parts[0] == "docs" and page not in found] == []


def test_every_page_of_docs_is_named_in_the_index_itself() -> None:
    named = {path for path, _ in links(INDEX)}
    assert [page.name for page in DOCUMENTS if page.parts == ("docs", page.name) and page not in {INDEX, *named}] == []


def test_every_picture_is_shown_somewhere() -> None:
    shown = {path for document in DOCUMENTS for path, _ in links(document)}
    pictures = [file.relative_to(ROOT) for file in sorted((ROOT / "docs" / "images").iterdir())]
    assert [picture.name for picture in pictures if picture not in shown] == []


def targets() -> list[list[str]]:
    """The rows of the table of targets."""
    table = (ROOT / "docs" / "performance.md").read_text("utf-8").partition("\n## Targets\n")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("| ")]
    return rows[1:]


@pytest.mark.parametrize("row", targets(), ids=lambda row: row[0])
def test_a_target_that_is_told_as_reached_or_missed_was_printed_so(row: list[str]) -> None:
    _, target, reached, verdict, run = row
    printed = (ROOT / "docs" / "measurements.md").read_text("utf-8")
    sections = {anchor_of(part.partition("\n")[0]): part for part in printed.split("\n## ")}
    lines = sections[run.partition("#")[2].rstrip(")")].splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| ")]
    assert [target, reached, verdict.strip("*")] in [[each[1], each[2], each[4]] for each in cells if len(each) > 4]


def test_the_design_has_a_row_for_every_room() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"][0]
    rooms = {room for layer in declared["layers"] for room in layer.split(" | ")} - {"__main__", "errors"}
    table = (ROOT / "docs" / "design.md").read_text("utf-8").partition("\n## Rooms\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = {room for row in rows for room in re.findall("`([a-z]+)`", row)}
    assert named == rooms


def test_every_published_contract_has_a_row() -> None:
    table = (ROOT / "schemas" / "README.md").read_text("utf-8")
    files = [file.name.removesuffix(".schema.json") for file in sorted((ROOT / "schemas").glob("*.json"))]
    assert [name for name in files if f"`{name}`" not in table] == []


def test_the_licence_of_everything_that_is_bundled_is_shipped() -> None:
    shipped = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["license-files"]
    bundled = [file for name in ("LICENSE", "NOTICE") for file in (ROOT / "orchestrator").rglob(name)]
    assert sorted(shipped) == sorted(["LICENSE", "NOTICE", *(str(file.relative_to(ROOT)) for file in bundled)])
