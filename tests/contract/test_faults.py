"""Every fault has a row in docs/faults.md with its proof, and every test of a fault is named there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/faults.md").read_text("utf-8")
ROWS = [line.split("|")[1:-1] for line in TEXT.splitlines() if re.match(r"\| F\d+ \|", line)]


def test_every_fault_has_one_row() -> None:
    assert sorted(int(row[0].strip()[1:]) for row in ROWS) == list(range(1, 36))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].strip())
def test_a_fault_has_its_test_or_the_reason_why_not(row: list[str]) -> None:
    proof = row[3]
    assert re.search(r"`tests/[\w/]+\.py::\w+`", proof) or "not yet: " in proof or "as F" in proof


def test_every_test_of_a_fault_is_named() -> None:
    tests = [str(file.relative_to(ROOT)) for file in sorted((ROOT / "tests" / "faults").glob("test_*.py"))]
    assert [file for file in tests if f"`{file}" not in TEXT] == []
