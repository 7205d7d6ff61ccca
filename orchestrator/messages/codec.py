"""Bytes become messages here, once, and messages become bytes; nothing past this file sees undecoded JSON."""

from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from orchestrator.errors import DecodeError
from orchestrator.messages.activity import Activity
from orchestrator.messages.allowance import AllowanceMessage
from orchestrator.messages.cloudevents import Encoded, read_event, write_binary
from orchestrator.messages.command import SendCommand
from orchestrator.messages.config import ConfigRecord, config_key
from orchestrator.messages.event import DeliveryEvent, EngagementEvent, Outcome
from orchestrator.messages.handover import Handover
from orchestrator.messages.headers import Headers, headers_by_name
from orchestrator.messages.key import customer_key
from orchestrator.messages.timer import TimerDue
from orchestrator.messages.walk import WalkDue

COMMAND_TYPE = "channel.send.requested"
DELIVERY_TYPE = "channel.message.reported"
ACTIVITY_TYPE = "journey.activity.recorded"
OUR_SOURCE = "/orchestrator"
# What a record on the orchestrator's own topic is stands in this header; a timer has none.
KIND_HEADER = "kind"
WALK_KEY = b"\x00walk"  # no customer's: see messages.key

OwnMessage = TimerDue | WalkDue | Handover | EngagementEvent | DeliveryEvent | AllowanceMessage

Message = TypeVar("Message")

_to_json = msgspec.json.Encoder().encode
_timer_decoder = msgspec.json.Decoder(TimerDue)
_own_decoders: "dict[bytes, msgspec.json.Decoder[Any]]" = {
    b"walk": msgspec.json.Decoder(WalkDue),
    b"handover": msgspec.json.Decoder(Handover),
    b"event": msgspec.json.Decoder(EngagementEvent),
    b"report": msgspec.json.Decoder(DeliveryEvent),
    b"allowance": msgspec.json.Decoder(AllowanceMessage),
}
_command_decoder = msgspec.json.Decoder(SendCommand)
_activity_decoder = msgspec.json.Decoder(Activity)
_config_decoder: msgspec.json.Decoder[ConfigRecord] = msgspec.json.Decoder(ConfigRecord)


class DeliveryReport(msgspec.Struct, frozen=True, kw_only=True):
    """The data of a delivery event: what an adapter says became of a send command. It repeats the command's own ids."""

    command_id: Annotated[str, Meta(description="The id of the command.")]
    journey_id: Annotated[str, Meta(description="As in the command.")]
    run_id: Annotated[str, Meta(description="As in the command.")]
    step: Annotated[str, Meta(description="As in the command.")]
    channel: Annotated[str, Meta(description="As in the command.")]
    outcome: Annotated[Outcome, Meta(description="What became of it.")]
    category: Annotated[str, Meta(description="As in the command.")] = "marketing"
    is_permanent: Annotated[
        bool, Meta(description="Of bounced: the address will never work, so nothing more is sent over the channel.")
    ] = False
    reason: Annotated[str, Meta(description="What the channel says about it.")] = ""


def decode_engagement(key: bytes | None, value: bytes | None, headers: Headers, timestamp_ms: int) -> EngagementEvent:
    """The engagement event in a record.

    Raises:
        DecodeError: see :func:`orchestrator.messages.cloudevents.read_event`.
    """
    return read_event(key, value, headers, timestamp_ms)


def decode_delivery(key: bytes | None, value: bytes | None, headers: Headers, timestamp_ms: int) -> DeliveryEvent:
    """The delivery event in a record.

    Raises:
        DecodeError: as :func:`decode_engagement`, and ``malformed`` for data that is no delivery report.
    """
    event = read_event(key, value, headers, timestamp_ms)
    try:
        report = msgspec.convert(event.data, DeliveryReport)
    except msgspec.ValidationError as error:
        raise DecodeError("malformed", f"the data is not a delivery report: {error}") from error
    return DeliveryEvent(
        id=event.id,
        source=event.source,
        time_ms=event.time_ms,
        workspace_id=event.workspace_id,
        customer_id=event.customer_id,
        **msgspec.structs.asdict(report),
    )


def decode_own(value: bytes | None, headers: Headers) -> OwnMessage:
    """The message in a record of the orchestrator's own topic, whatever its kind."""
    if not headers:
        return _own(_timer_decoder, value)
    kind = headers_by_name(headers).get(KIND_HEADER)
    if kind is None:
        return _own(_timer_decoder, value)
    decoder = _own_decoders.get(kind)
    if decoder is None:
        raise DecodeError("malformed", f"the record is of the kind {kind[:40]!r}, which this program does not know")
    message: OwnMessage = _own(decoder, value)
    return message


def decode_command(value: bytes | None) -> SendCommand:
    """The send command in a record."""
    return _own(_command_decoder, value)


def decode_activity(value: bytes | None) -> Activity:
    """The activity in a record."""
    return _own(_activity_decoder, value)


def decode_config(value: bytes | None) -> ConfigRecord:
    """The config record in a record."""
    return _own(_config_decoder, value)


def _own(decoder: "msgspec.json.Decoder[Message]", value: bytes | None) -> Message:
    try:
        return decoder.decode(value or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DecodeError("malformed", f"the value is not the message it should be: {error}") from error


def encode_event(event: EngagementEvent) -> Encoded:
    """An engagement event as a campaign system would publish it."""
    key = customer_key(event.workspace_id, event.customer_id)
    return write_binary(event.id, event.source, event.type, event.time_ms, key, _to_json(event.data))


def encode_delivery(event: DeliveryEvent) -> Encoded:
    """A delivery event as a channel adapter would publish it."""
    report: dict[str, Any] = {name: getattr(event, name) for name in DeliveryReport.__struct_fields__}
    key = customer_key(event.workspace_id, event.customer_id)
    return write_binary(event.id, event.source, DELIVERY_TYPE, event.time_ms, key, _to_json(report))


def encode_timer(timer: TimerDue) -> Encoded:
    """A timer; it has no CloudEvents headers, being for the orchestrator alone."""
    return Encoded(customer_key(timer.workspace_id, timer.customer_id), _to_json(timer), [])


def encode_walk(walk: WalkDue) -> Encoded:
    """A moment at which a partition looks at all its customers."""
    return Encoded(WALK_KEY, _to_json(walk), [(KIND_HEADER, b"walk")])


def allowance_key(limit_key: str) -> bytes:
    """The key of all messages about a limit: no customer's; the pool of the limit is kept by its partition."""
    return b"\x00allowance:" + limit_key.encode()


def encode_allowance(message: AllowanceMessage) -> Encoded:
    """A message between partitions about a limit over all customers."""
    return Encoded(allowance_key(message.stake.key), _to_json(message), [(KIND_HEADER, b"allowance")])


def encode_passed_on(message: Handover | EngagementEvent | DeliveryEvent) -> Encoded:
    """What goes from one customer to another, on the orchestrator's own topic.

    All of it takes that one way: a handover is never overtaken by what was passed on after it.
    """
    match message:
        case Handover():
            kind = b"handover"
        case EngagementEvent():
            kind = b"event"
        case DeliveryEvent():
            kind = b"report"
    key = customer_key(message.workspace_id, message.customer_id)
    return Encoded(key, _to_json(message), [(KIND_HEADER, kind)])


def encode_command(command: SendCommand) -> Encoded:
    """A send command for a channel adapter."""
    key = customer_key(command.workspace_id, command.customer_id)
    return write_binary(command.id, OUR_SOURCE, COMMAND_TYPE, command.decided_at_ms, key, _to_json(command))


def encode_activity(activity: Activity) -> Encoded:
    """An activity for the sink and everyone else who reads the record of decisions."""
    key = customer_key(activity.workspace_id, activity.customer_id)
    return write_binary(activity.id, OUR_SOURCE, ACTIVITY_TYPE, activity.at_ms, key, _to_json(activity))


def encode_config(record: ConfigRecord) -> Encoded:
    """A config record for the compacted topic."""
    return Encoded(config_key(record).encode(), _to_json(record), [])
