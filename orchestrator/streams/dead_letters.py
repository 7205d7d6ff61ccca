"""Records that could not be used, as they go to the dead-letter topic: bytes kept, context in headers."""

from orchestrator.errors import DecodeError
from orchestrator.messages.dead_letter import DeadLetter
from orchestrator.streams.record import InputRecord, Outgoing


def undecodable(topic: str, partition: int, record: InputRecord, error: DecodeError) -> DeadLetter:
    """The dead letter of a record that is not the message it claims to be."""
    return _dead_letter(topic, partition, record, "decode", error.reason, str(error))


def undecidable(topic: str, partition: int, record: InputRecord, error: Exception) -> DeadLetter:
    """The dead letter of a record on which the engine itself failed: a defect of ours, to be redriven after the fix."""
    return _dead_letter(topic, partition, record, "decide", "engine_error", f"{type(error).__name__}: {error}")


def _dead_letter(topic: str, partition: int, record: InputRecord, stage: str, reason: str, message: str) -> DeadLetter:
    return DeadLetter(
        topic=topic,
        partition=partition,
        offset=record.offset,
        timestamp_ms=record.timestamp,
        key=record.key,
        value=record.value,
        headers=tuple(record.headers),
        stage=stage,
        reason=reason,
        message=message,
    )


def outgoing(letter: DeadLetter) -> Outgoing:
    """The letter as a record: the original key and value byte for byte, unless the topic could not take them."""
    fitting = letter.fitting()
    return Outgoing(fitting.key, fitting.value, fitting.all_headers())
