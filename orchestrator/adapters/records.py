"""Commands as they are read, and what follows from them as it is written."""

from orchestrator.adapters.decision import Answer
from orchestrator.adapters.desk import Draft
from orchestrator.adapters.ledger import encode_entry, ledger_key
from orchestrator.catalog import Catalog
from orchestrator.errors import DecodeError
from orchestrator.kafka.outgoing import Outgoing
from orchestrator.kafka.tail import TailRecord
from orchestrator.messages.cloudevents import MAX_VALUE_BYTES
from orchestrator.messages.codec import decode_command, encode_delivery
from orchestrator.messages.command import SendCommand
from orchestrator.messages.dead_letter import DeadLetter
from orchestrator.messages.event import DeliveryEvent, Outcome
from orchestrator.messages.key import customer_key, parse_customer_key, partition_of
from orchestrator.messages.report import report_of

MAX_COMMAND_ID_CHARS = 200  # a report's id has it in it, and the outcome
MAX_REASON_CHARS = 300


def source_of(channel: str) -> str:
    """Who reports: with the report's id it names the report for ever."""
    return f"/orchestrator/adapters/{channel}"


def read_command(channel: str, record: TailRecord) -> SendCommand:
    """The command in a record.

    Raises:
        DecodeError: it is none, is of another channel or customer than the record, or has an id that cannot be.
    """
    if record.value is not None and len(record.value) > MAX_VALUE_BYTES:
        raise DecodeError("oversized", f"the value has {len(record.value)} bytes; at most {MAX_VALUE_BYTES} are taken")
    command = decode_command(record.value)
    if not 0 < len(command.id) <= MAX_COMMAND_ID_CHARS or not command.id.isprintable():
        raise DecodeError("malformed", f"the command's id is not 1 to {MAX_COMMAND_ID_CHARS} printable characters")
    if command.channel != channel:
        raise DecodeError("wrong_channel", f"the command is of the channel {command.channel[:40]!r}, not {channel!r}")
    key = customer_key(command.workspace_id, command.customer_id)
    parse_customer_key(key)
    if record.key != key:
        raise DecodeError("key_mismatch", "the record's key is not the command's workspace_id:customer_id")
    return command


def report(command: SendCommand, answer: Answer, at_ms: int) -> DeliveryEvent:
    """What is reported of a command that is over. The same report always has the same id."""
    return report_of(
        command,
        answer.outcome,
        at_ms,
        id=report_id(command.id, answer.outcome),
        source=source_of(command.channel),
        reason=one_line(answer.reason),
        is_permanent=answer.is_permanent,
    )


def report_id(command_id: str, outcome: Outcome, which: str = "") -> str:
    """``which`` tells several of one outcome apart, such as two clicks."""
    return f"{command_id}/{outcome}/{which}" if which else f"{command_id}/{outcome}"


def one_line(text: str) -> str:
    """At most 300 characters on one line, without what a terminal would act on."""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:MAX_REASON_CHARS]


def outgoing_report(catalog: Catalog, event: DeliveryEvent) -> Outgoing:
    """The record of a delivery event, in its customer's partition."""
    record = encode_delivery(event)
    number = partition_of(record.key, catalog.spec(catalog.deliveries).partitions)
    return Outgoing(catalog.deliveries, number, record.key, record.value, record.headers)


def outgoing(catalog: Catalog, channel: str, partition: int, draft: Draft) -> list[Outgoing]:
    """All records of a draft."""
    records = [
        outgoing_report(catalog, report(each.command, each.answer, each.at_ms))
        for each in draft.answered
        if each.answer is not None
    ]
    records += [
        Outgoing(catalog.ledger, partition, ledger_key(channel, id_), encode_entry(entry))
        for id_, entry in draft.entries
    ]
    return records


def letter(catalog: Catalog, record: TailRecord, error: DecodeError) -> Outgoing:
    """The record that sets another one aside."""
    made = DeadLetter(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp_ms=record.timestamp,
        key=record.key,
        value=record.value,
        headers=tuple(record.headers),
        stage="decode",
        reason=error.reason,
        message=str(error),
    ).fitting()
    number = record.partition % catalog.spec(catalog.dead_letters).partitions
    return Outgoing(catalog.dead_letters, number, made.key, made.value, made.all_headers())
