"""The published contracts, generated from the code that keeps them: JSON Schemas, AsyncAPI and OpenAPI.

``orchestrator schemas write`` puts them into ``schemas/``; a contract test generates them again and compares.
"""

from inspect import cleandoc
from typing import Any

import msgspec

from orchestrator import __version__
from orchestrator.adapters.contract import adapter_document
from orchestrator.adapters.ledger import LedgerEntry
from orchestrator.api.app import openapi_document
from orchestrator.api.subscription_documents import DailyFiguresMessage
from orchestrator.catalog import Catalog, TopicSpec
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.intake.mapping import EventMapping
from orchestrator.messages.activity import Activity
from orchestrator.messages.codec import ACTIVITY_TYPE, COMMAND_TYPE, DELIVERY_TYPE, DeliveryReport
from orchestrator.messages.command import SendCommand
from orchestrator.messages.config import ConfigRecord
from orchestrator.messages.timer import TimerDue
from orchestrator.settings import load_settings

DIALECT = "https://json-schema.org/draft/2020-12/schema"
OWN_STATE = "customer-state.v1"  # on the changelog, which is nobody's business but the workers'

Document = dict[str, Any]

# The plain JSON envelope of an engagement or delivery event; as CloudEvents its fields are the attributes.
_ENVELOPE: Document = {
    "type": "object",
    "required": ["id", "source", "type", "data"],
    "properties": {
        "id": {
            "type": "string",
            "minLength": 1,
            "maxLength": 256,
            "description": "Unique within the source, for ever.",
        },
        "source": {"type": "string", "minLength": 1, "maxLength": 512, "description": "The system that reports it."},
        "type": {"type": "string", "minLength": 1, "maxLength": 128},
        "time": {"type": "string", "format": "date-time", "description": "When it happened; else the record's time."},
        "workspace_id": {"type": "string", "description": "May be left to the record's key."},
        "customer_id": {"type": "string", "description": "May be left to the record's key."},
        "data": {"type": "object"},
    },
}

_EVENT_HEADERS: Document = {
    "type": "object",
    "required": ["ce_specversion", "ce_id", "ce_source", "ce_type"],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"type": "string"},
        "ce_source": {"type": "string"},
        "ce_type": {"type": "string"},
        "ce_time": {"type": "string", "format": "date-time"},
        "content-type": {"const": "application/json"},
        "traceparent": {
            "type": "string",
            "description": "Where it belongs in a trace (W3C Trace Context); what follows from it carries it on.",
        },
        "tracestate": {"type": "string"},
    },
}


def contracts() -> dict[str, Document]:
    """Every document by its file name in ``schemas/``."""
    documents = {f"{name}.schema.json": schema for name, schema in _schemas().items()}
    return {
        **documents,
        "asyncapi.json": asyncapi_document(),
        "adapter.asyncapi.json": adapter_document(_EVENT_HEADERS),
        "openapi.json": openapi_document(),
    }


def _schemas() -> dict[str, Document]:
    return {
        "engagement-event.v1": _titled("EngagementEvent", "Something a customer did.", _ENVELOPE),
        "delivery-event.v1": _delivery_event(),
        "timer-due.v1": _of_struct(TimerDue),
        "send-command.v1": _of_struct(SendCommand),
        "activity.v1": _of_struct(Activity),
        "config-record.v1": _of_struct(ConfigRecord),
        "adapter-ledger.v1": _of_struct(LedgerEntry),
        "dead-letter.v1": _titled("DeadLetter", "The record that could not be used, byte for byte.", {}),
        "daily-figures.v1": {"$schema": DIALECT, **DailyFiguresMessage.model_json_schema(mode="serialization")},
        OWN_STATE: _titled("CustomerState", "The orchestrator's own: msgpack behind offsets.", {}),
        "journey.v1": {"$schema": DIALECT, **JourneyDefinition.model_json_schema(by_alias=True)},
        "mapping.v1": {"$schema": DIALECT, **EventMapping.model_json_schema(by_alias=True)},
    }


def _titled(title: str, description: str, schema: Document) -> Document:
    return {"$schema": DIALECT, "title": title, "description": description, **schema}


def _of_struct(type_: object) -> Document:
    return {"$schema": DIALECT, **_schema(type_)}


def _schema(type_: object) -> Document:
    """The schema of a struct, the same on every Python: since 3.13 a docstring comes without its indentation."""
    schema = msgspec.json.schema(type_, schema_hook=_any_json)
    for definition in schema["$defs"].values():
        if "description" in definition:
            definition["description"] = cleandoc(definition["description"])
    return schema


def _any_json(type_: type) -> Document:
    """Details and variables hold any JSON value: their fields are typed as ``object``."""
    if type_ is object:
        return {"description": "Any JSON value."}
    raise NotImplementedError


def _delivery_event() -> Document:
    report = _schema(DeliveryReport)
    schema = _titled("DeliveryEvent", "What became of a send command.", _ENVELOPE)
    properties = {
        **_ENVELOPE["properties"],
        "type": {"const": DELIVERY_TYPE},
        "data": {"$ref": "#/$defs/DeliveryReport"},
    }
    return {**schema, "properties": properties, "$defs": report["$defs"]}


def asyncapi_document() -> Document:
    """The topics and what is on them, as one AsyncAPI 3 document with Kafka bindings."""
    specs = [spec for spec in Catalog(load_settings()).specs if spec.schema_name != OWN_STATE]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Omnichannel Journey Orchestrator",
            "version": __version__,
            "description": "Keys are workspace_id:customer_id in UTF-8, partitioned by murmur2. Values are JSON. "
            "Events come in as CloudEvents 1.0 (binary or structured) or as the plain envelope, each perhaps behind "
            "the frame of a schema registry (a zero byte, and four with a JSON Schema's number); commands and "
            "activities go out as binary CloudEvents.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {spec.name: _channel(spec) for spec in specs},
        "operations": dict(operation for spec in specs for operation in _operations(spec)),
    }


def _channel(spec: TopicSpec) -> Document:
    message: Document = {
        "name": spec.schema_name,
        "payload": {"$ref": f"./{spec.schema_name}.schema.json"},
        "bindings": {"kafka": {"key": {"type": "string", "description": spec.key}}},
    }
    event_type = {"send-command.v1": COMMAND_TYPE, "activity.v1": ACTIVITY_TYPE}.get(spec.schema_name)
    if event_type is not None or spec.schema_name in ("engagement-event.v1", "delivery-event.v1"):
        message["headers"] = _EVENT_HEADERS
    if event_type is not None:
        message["summary"] = f"A binary CloudEvent of type {event_type}."
    return {
        "address": spec.name,
        "description": spec.about,
        "messages": {spec.schema_name: message},
        "bindings": {
            "kafka": {"topic": spec.name, "partitions": spec.partitions, "replicas": spec.replicas},
        },
    }


def _operations(spec: TopicSpec) -> list[tuple[str, Document]]:
    """What the orchestrator itself does with the topic."""
    operations: list[tuple[str, Document]] = []
    channel = {"$ref": f"#/channels/{spec.name}"}
    for action, verb, parties in (("receive", "consume", spec.consumers), ("send", "publish", spec.producers)):
        ours = [party for party in parties if party.split(".")[0] in ("streams", "sink", "api")]
        if ours:
            title = f"{', '.join(ours)}"
            operations.append((f"{verb}.{spec.name}", {"action": action, "channel": channel, "title": title}))
    return operations
