"""Records that could not be used, as they go to the dead-letter topic: bytes kept, context in headers."""

from msgspec.structs import replace

from orchestrator.errors import DecodeError
from orchestrator.messages.dead_letter import DeadLetter
from orchestrator.streams.record import InputRecord, Outgoing

# Less than the dead-letter topic takes (max.message.bytes, 2 MiB). A compressed record can be far larger than what its
# own topic takes; it is cut, and where it stood says where the whole of it is.
MAX_LETTER_BYTES = 1_900_000
KEPT_BYTES = 1_000_000
MAX_KEY_BYTES = 2_000


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
    value, headers = letter.value, letter.all_headers()
    sizes = [len(letter.key or b""), len(value or b""), *(len(name) + len(content) for name, content in headers)]
    if sum(sizes) <= MAX_LETTER_BYTES:
        return Outgoing(letter.key, value, headers)
    cut = replace(
        letter,
        key=(letter.key or b"")[:MAX_KEY_BYTES] or None,
        value=(value or b"")[:KEPT_BYTES],
        headers=(),
        cut_from_bytes=len(value or b""),
    )
    return Outgoing(cut.key, cut.value, cut.all_headers())
