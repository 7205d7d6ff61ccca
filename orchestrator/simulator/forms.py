"""The other ways in which campaign systems may write an event, beside the binary one of ``messages.codec``."""

import msgspec

from orchestrator.messages.cloudevents import Encoded, format_time, plain_envelope
from orchestrator.messages.event import EngagementEvent
from orchestrator.messages.key import customer_key

_to_json = msgspec.json.Encoder().encode


def encode_structured(event: EngagementEvent) -> Encoded:
    """A structured CloudEvents record: the whole event in the value."""
    value = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "time": format_time(event.time_ms),
        "datacontenttype": "application/json",
        "workspaceid": event.workspace_id,
        "customerid": event.customer_id,
        "data": event.data,
    }
    headers = [("content-type", b"application/cloudevents+json; charset=UTF-8")]
    return Encoded(customer_key(event.workspace_id, event.customer_id), _to_json(value), headers)


def encode_plain(event: EngagementEvent) -> Encoded:
    """The plain JSON envelope, for systems that know nothing of CloudEvents."""
    return Encoded(customer_key(event.workspace_id, event.customer_id), _to_json(plain_envelope(event)), [])
