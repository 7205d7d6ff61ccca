"""The examples in docs/journeys.md are journeys."""

import re
from pathlib import Path

import pytest

from orchestrator.backtest.documents import read_document
from orchestrator.definitions.journey_test import JourneyTest
from orchestrator.definitions.parse import check_journey
from orchestrator.definitions.warnings import find_warnings

REFERENCE = (Path(__file__).parents[3] / "docs" / "journeys.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", REFERENCE, re.DOTALL)


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
