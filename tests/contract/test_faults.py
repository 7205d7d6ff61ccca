"""What docs/faults.md names as proof is there, and every fault has a row."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/faults.md").read_text("utf-8")
ROWS = [line.split("|")[1:-1] for line in TEXT.splitlines() if re.match(r"\| F\d+ \|", line)]
PROOFS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT)))


def test_every_fault_has_one_row() -> None:
    assert sorted(int(row[0].strip()[1:]) for row in ROWS) == list(range(1, 34))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].strip())
def test_a_fault_has_its_test_or_the_reason_why_not(row: list[str]) -> None:
    proof = row[3]
    assert re.search(r"`tests/[\w/]+\.py::\w+`", proof) or "not yet: " in proof or "as F" in proof


@pytest.mark.parametrize(("file", "name"), PROOFS, ids=lambda part: part or "whole")
def test_a_test_that_is_named_exists(file: str, name: str) -> None:
    path = ROOT / file
    assert path.is_file()
    assert not name or f"def {name}(" in path.read_text("utf-8")
