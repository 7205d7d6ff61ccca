"""A record that could not be used: key and value byte for byte, and the reasons in headers.

The record's own headers come first, ours behind them. So a letter can be read back and its record sent again as it was.
"""

import msgspec
from msgspec.structs import replace

from orchestrator.errors import DecodeError
from orchestrator.messages.headers import Headers, headers_by_name

_PREFIX = "orchestrator-dead-letter-"
_TOPIC, _PARTITION, _OFFSET = f"{_PREFIX}topic", f"{_PREFIX}partition", f"{_PREFIX}offset"
CUT_FROM = f"{_PREFIX}cut-from-bytes"
# On a record that was sent again: "topic/partition/offset" of its letter. One each time.
REDRIVEN_FROM = "orchestrator-redriven-from"
MAX_MESSAGE_CHARS = 1_000
# Less than the dead-letter topic takes (max.message.bytes, 2 MiB). A compressed record can be far larger than what its
# own topic takes; it is cut, and where it stood says where the whole of it is.
MAX_LETTER_BYTES = 1_900_000
KEPT_BYTES = 1_000_000
MAX_KEY_BYTES = 2_000


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """Where a record stood, what it was and why it was set aside.

    ``cut_from_bytes``: how long the value was of a record too large to be kept whole, whose own headers are gone too.
    """

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    stage: str  # "decode" | "decide"
    reason: str
    message: str
    cut_from_bytes: int | None = None

    @property
    def place(self) -> str:
        """Where the record stood."""
        return f"{self.topic}/{self.partition}/{self.offset}"

    @property
    def redriven_from(self) -> tuple[str, ...]:
        """The letters that this record was before: it was sent again so many times, and set aside anew."""
        return tuple(value.decode(errors="replace") for name, value in self.headers if name == REDRIVEN_FROM and value)

    def all_headers(self) -> list[tuple[str, bytes | None]]:
        """The record's headers, then where it stood and why it is here (at most 1,000 characters of message)."""
        ours = {
            _TOPIC: self.topic,
            _PARTITION: str(self.partition),
            _OFFSET: str(self.offset),
            f"{_PREFIX}timestamp-ms": str(self.timestamp_ms),
            f"{_PREFIX}stage": self.stage,
            f"{_PREFIX}reason": self.reason,
            f"{_PREFIX}message": self.message[:MAX_MESSAGE_CHARS],
        }
        if self.cut_from_bytes is not None:
            ours[CUT_FROM] = str(self.cut_from_bytes)
        return [*self.headers, *((name, value.encode()) for name, value in ours.items())]

    def fitting(self) -> "DeadLetter":
        """The letter as the topic takes it: byte for byte, unless it is too large."""
        headers = self.all_headers()
        sizes = [
            len(self.key or b""),
            len(self.value or b""),
            *(len(name) + len(content or b"") for name, content in headers),
        ]
        if sum(sizes) <= MAX_LETTER_BYTES:
            return self
        return replace(
            self,
            key=(self.key or b"")[:MAX_KEY_BYTES] or None,
            value=(self.value or b"")[:KEPT_BYTES],
            headers=(),
            cut_from_bytes=len(self.value or b""),
        )


def parse_dead_letter(key: bytes | None, value: bytes | None, headers: Headers) -> DeadLetter:
    """The letter that a record of the dead-letter topic is.

    Raises:
        DecodeError: its headers do not say where a record stood and why it was set aside.
    """
    # A whole letter that somebody copied to an input topic brings the headers of its first time along: ours are last.
    begin = max((place for place, (name, _) in enumerate(headers) if name == _TOPIC), default=len(headers))
    try:
        ours = {name: content.decode() for name, content in headers_by_name(headers[begin:]).items()}
        cut_from = ours.get(CUT_FROM)
        return DeadLetter(
            topic=ours[_TOPIC],
            partition=int(ours[_PARTITION]),
            offset=int(ours[_OFFSET]),
            timestamp_ms=int(ours[f"{_PREFIX}timestamp-ms"]),
            key=key,
            value=value,
            headers=tuple(headers[:begin]),
            stage=ours[f"{_PREFIX}stage"],
            reason=ours[f"{_PREFIX}reason"],
            message=ours[f"{_PREFIX}message"],
            cut_from_bytes=None if cut_from is None else int(cut_from),
        )
    except KeyError as error:
        raise DecodeError("malformed", f"no dead letter: it has no header {error}") from error
    except ValueError as error:  # of int() or decode()
        raise DecodeError("malformed", f"no dead letter: a header cannot be read: {error}") from error
