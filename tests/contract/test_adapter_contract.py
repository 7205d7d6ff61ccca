"""The contract of adapters is published, its examples are read as they are meant, and the prose has all its rules."""

import json
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest

from orchestrator.adapters.conformance.judgement import RULES
from orchestrator.adapters.contract import EXAMPLE_COMMAND, example_reports
from orchestrator.messages.codec import decode_command, decode_delivery
from orchestrator.messages.event import Outcome

DOCUMENT = json.loads(Path("schemas/adapter.asyncapi.json").read_text(encoding="utf-8"))
COMMAND = DOCUMENT["channels"]["commands"]["messages"]["command"]
DELIVERY = DOCUMENT["channels"]["deliveries"]["messages"]["delivery"]
PROSE = Path("docs/adapters.md").read_text(encoding="utf-8")


def record_of(example: dict[str, Any]) -> tuple[bytes, bytes, list[tuple[str, bytes]], int]:
    headers = [(name, value.encode()) for name, value in example["headers"].items()]
    return example["x-key"].encode(), json.dumps(example["payload"]).encode(), headers, 0


def schema_of(message: dict[str, Any]) -> Any:
    file, _, place = message["payload"]["$ref"].partition("#/")
    schema = json.loads((Path("schemas") / file).read_text(encoding="utf-8"))
    found = schema
    for name in filter(None, place.split("/")):
        found = found[name]
    return {**found, "$defs": schema.get("$defs", {})}


def test_the_example_of_a_command_is_read_as_one_and_fits_its_schema() -> None:
    (example,) = COMMAND["examples"]
    assert decode_command(json.dumps(example["payload"]).encode()) == EXAMPLE_COMMAND
    jsonschema.validate(example["payload"], schema_of(COMMAND))


def test_there_is_an_example_of_every_outcome_and_each_is_read_as_it_is_meant() -> None:
    assert [decode_delivery(*record_of(each)) for each in DELIVERY["examples"]] == example_reports()
    assert {each.outcome for each in example_reports()} == set(get_args(Outcome)) == set(DOCUMENT["x-outcomes"])
    for each in DELIVERY["examples"]:
        jsonschema.validate(each["payload"], schema_of(DELIVERY))


def test_an_operation_leads_to_a_channel() -> None:
    for operation in DOCUMENT["operations"].values():
        assert operation["channel"]["$ref"].removeprefix("#/channels/") in DOCUMENT["channels"]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_is_checked_is_in_the_prose(rule: str) -> None:
    assert f"| `{rule}` |" in PROSE


@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_an_outcome_is_in_the_prose(outcome: str) -> None:
    assert f"| `{outcome}` |" in PROSE
