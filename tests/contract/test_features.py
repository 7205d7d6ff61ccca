"""What docs/features.md, docs/guarantees.md and docs/security.md name as proof is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXTS = [(ROOT / "docs" / name).read_text("utf-8") for name in ("features.md", "guarantees.md", "security.md")]
PROOFS = sorted({found for text in TEXTS for found in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", text)})


def test_there_is_much_to_prove() -> None:
    assert len(PROOFS) > 40


@pytest.mark.parametrize(("file", "name"), PROOFS, ids=lambda part: part or "whole")
def test_a_test_that_is_named_exists(file: str, name: str) -> None:
    path = ROOT / file
    assert path.is_file()
    assert not name or f"def {name}(" in path.read_text("utf-8")
