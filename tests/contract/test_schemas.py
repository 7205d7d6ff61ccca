"""What is published is what the code does; and what was ever released can be read for ever."""

import base64
import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from orchestrator.adapters.ledger import decode_entry
from orchestrator.api.subscription_documents import DailyFiguresMessage
from orchestrator.catalog import Catalog
from orchestrator.contracts import contracts
from orchestrator.definitions.parse import parse_journey
from orchestrator.intake.parse import parse_mapping
from orchestrator.journeys.state import decode_state
from orchestrator.messages.codec import (
    decode_activity,
    decode_command,
    decode_config,
    decode_delivery,
    decode_engagement,
    decode_own,
)
from orchestrator.settings import load_settings

SCHEMAS = Path("schemas")
SAMPLES = Path(__file__).parent / "samples"
ALL_SAMPLES = sorted(SAMPLES.glob("*/*.json"))


def written() -> dict[str, Any]:
    return {file.name: json.loads(file.read_text(encoding="utf-8")) for file in SCHEMAS.glob("*.json")}


def test_the_published_documents_are_those_that_the_code_gives() -> None:
    assert written() == json.loads(json.dumps(contracts())), "run `make schemas` and review the difference"


@pytest.mark.parametrize("name", sorted(name for name in contracts() if name.endswith(".schema.json")))
def test_every_schema_is_a_valid_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(written()[name])


def test_every_topic_has_a_published_schema_and_is_in_the_asyncapi_document() -> None:
    published = {file.removesuffix(".schema.json") for file in written()}
    specs = Catalog(load_settings()).specs
    assert {spec.schema_name for spec in specs} <= published
    channels = set(contracts()["asyncapi.json"]["channels"])
    assert {spec.name for spec in specs} - channels == {"journey-orchestrator-customers-changelog"}


def test_every_reference_in_the_asyncapi_document_leads_to_a_file() -> None:
    for channel in contracts()["asyncapi.json"]["channels"].values():
        for message in channel["messages"].values():
            assert (SCHEMAS / message["payload"]["$ref"]).is_file()


def test_there_is_a_sample_of_every_schema() -> None:
    kept_by_kafka_alone = {"dead-letter.v1"}  # any bytes at all
    published = {file.removesuffix(".schema.json") for file in written() if file.endswith(".schema.json")}
    assert published - {file.parent.name for file in ALL_SAMPLES} == kept_by_kafka_alone


@pytest.mark.parametrize("file", ALL_SAMPLES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_every_shape_ever_released_is_still_read_as_it_was_meant(file: Path) -> None:
    sample = json.loads(file.read_text(encoding="utf-8"))
    found = json.loads(json.dumps(read(file.parent.name, sample)))  # so that tuples are lists, as on file
    assert meant(found, sample["means"]) == sample["means"]


@pytest.mark.parametrize("file", ALL_SAMPLES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_every_sample_of_a_whole_document_fits_its_schema(file: Path) -> None:
    sample = json.loads(file.read_text(encoding="utf-8"))
    is_binary_event = "ce_id" in sample.get("headers", {})  # its fields are in the headers
    if not is_binary_event and file.parent.name != "customer-state.v1":
        jsonschema.validate(sample["value"], written()[f"{file.parent.name}.schema.json"])


def meant(found: Any, means: Any) -> Any:
    """``found`` without what was not there to be said when the sample was released: fields with their default values.

    A list of another length is one of a customer's state: its fields have no names and are added at the end.
    """
    if isinstance(found, dict) and isinstance(means, dict):
        return {name: meant(found[name], means[name]) for name in means if name in found}
    if isinstance(found, list) and isinstance(means, list):
        return [meant(one, other) for one, other in zip(found, means, strict=False)]
    return found


def read(schema: str, sample: dict[str, Any]) -> Any:
    key = sample.get("key", "").encode() or None
    headers = [(name, value.encode()) for name, value in sample.get("headers", {}).items()]
    value = json.dumps(sample["value"]).encode()
    if "schema_id" in sample:  # as serializers of a schema registry frame it
        value = b"\x00" + sample["schema_id"].to_bytes(4, "big") + value
    match schema:
        case "engagement-event.v1":
            return msgspec.to_builtins(decode_engagement(key, value, headers, 0))
        case "delivery-event.v1":
            return msgspec.to_builtins(decode_delivery(key, value, headers, 0))
        case "timer-due.v1":
            return msgspec.to_builtins(decode_own(value, headers))
        case "send-command.v1":
            return msgspec.to_builtins(decode_command(value))
        case "adapter-ledger.v1":
            return msgspec.to_builtins(decode_entry(value))
        case "activity.v1":
            return msgspec.to_builtins(decode_activity(value))
        case "config-record.v1":
            return msgspec.to_builtins(decode_config(value))
        case "customer-state.v1":
            return json.loads(msgspec.json.encode(decode_state(base64.b64decode(sample["value"]))))
        case "mapping.v1":
            return parse_mapping(sample["value"]).model_dump(mode="json", by_alias=True)
        case "daily-figures.v1":
            return DailyFiguresMessage.model_validate(sample["value"]).model_dump(mode="json")
        case "journey.v1":
            return parse_journey(sample["value"]).model_dump(mode="json", by_alias=True)
    raise AssertionError(f"no reader for {schema}")
