"""docs/journeys.md says what the checks are, and its examples are journeys."""

import ast
import re
from pathlib import Path

import pytest

import orchestrator.api.checks as checks_over_http
import orchestrator.definitions as room
from orchestrator.backtest.documents import read_document
from orchestrator.definitions.journey_test import JourneyTest
from orchestrator.definitions.parse import check_journey
from orchestrator.definitions.warnings import find_warnings

REFERENCE = (Path(__file__).parents[3] / "docs" / "journeys.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", REFERENCE, re.DOTALL)
# Of documents that are no journey at all: nothing to look up.
NOT_OF_THE_LANGUAGE = {"not_json"}


def rules_of_the_code() -> set[str]:
    """The second argument of every ``Problem(…)`` that is written out in the room, or where tests are played."""
    files = [*Path(str(room.__file__)).parent.glob("*.py"), Path(str(checks_over_http.__file__))]
    calls = [
        node
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem"
    ]
    return {str(call.args[1].value) for call in calls if isinstance(call.args[1], ast.Constant)} - NOT_OF_THE_LANGUAGE


def rules_of_the_reference() -> set[str]:
    """The keys in the first column of the tables of checks."""
    tables = REFERENCE[REFERENCE.index("## Checks before publication") :]
    rows = [line.split("|")[1] for line in tables.splitlines() if line.startswith("| `")]
    return {rule for row in rows for rule in re.findall(r"`(\w+)`", row)}


def test_every_rule_is_explained_and_no_other() -> None:
    assert rules_of_the_reference() == rules_of_the_code()


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_is_a_journey_or_its_tests(text: str, tmp_path: Path) -> None:
    file = tmp_path / "example.yaml"
    file.write_text(text, encoding="utf-8")
    document = read_document(file)
    assert isinstance(document, dict)
    if document.keys() == {"tests"}:
        assert [JourneyTest.model_validate(test, strict=False) for test in document["tests"]]
    else:
        assert find_warnings(check_journey(document)) == []
