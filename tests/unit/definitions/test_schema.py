"""The JSON Schema that an editor completes and checks journeys with."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from orchestrator.backtest.documents import read_document
from orchestrator.definitions.journey import JourneyDefinition
from tests.builders import a_journey

SCHEMA = JourneyDefinition.model_json_schema(by_alias=True)
OBJECTS = {"JourneyDefinition": SCHEMA} | {
    name: schema for name, schema in SCHEMA["$defs"].items() if schema.get("type") == "object"
}
SAMPLES = sorted(Path(str(files("orchestrator.demo").joinpath("journeys"))).glob("*.yaml"))


def places_of_errors(document: object) -> set[str]:
    """Where the schema refuses something; inside a union, of the alternative that is nearest."""
    return {error.json_path for error in Draft202012Validator(SCHEMA).iter_errors(document)}


@pytest.mark.parametrize("name", OBJECTS)
def test_whatever_an_editor_offers_is_explained(name: str) -> None:
    schema = OBJECTS[name]
    assert schema["description"]
    unexplained = [field for field, inner in schema["properties"].items() if not inner.get("description")]
    assert unexplained in ([], ["kind"])  # what the kind means is said of the whole


@pytest.mark.parametrize("name", OBJECTS)
def test_an_unknown_field_is_marked_everywhere(name: str) -> None:
    assert OBJECTS[name]["additionalProperties"] is False


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_the_samples_are_accepted(path: Path) -> None:
    assert places_of_errors(read_document(path)) == set()


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"priority": 101}, "$.priority"),
        ({"colour": "red"}, "$"),
        ({"entry": {"kind": "event"}}, "$.entry"),
        ({"entry": {"kind": "event", "type": "x", "whree": 1}}, "$.entry"),
        ({"steps": {"hello": {"kind": "teleport"}}}, "$.steps.hello"),
        ({"steps": {"hello": {"kind": "wait", "duration": "3 days", "next": "done"}}}, "$.steps.hello"),
        ({"steps": {"hello": {"kind": "send", "channel": "fax", "template": "t", "next": "d"}}}, "$.steps.hello"),
        ({"guardrails": {"caps": [{"limit": 0, "per": "day"}]}}, "$.guardrails.caps[0].limit"),
        ({"goal": {"event": "ordered"}}, "$.goal"),
    ],
)
def test_what_is_wrong_is_marked_where_it_stands(changes: dict[str, Any], place: str) -> None:
    assert place in places_of_errors(a_journey(**changes))
