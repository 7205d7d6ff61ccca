"""A record that could not be used: key and value byte for byte, and the reasons in headers."""

import msgspec

_PREFIX = "orchestrator-dead-letter-"


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """Where a record stood, what it was and why it was set aside. Its own headers are kept in front of ours."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    stage: str  # "decode" | "decide"
    reason: str
    message: str

    def all_headers(self) -> list[tuple[str, bytes]]:
        """The record's headers, then where it stood and why it is here (at most 1,000 characters of message)."""
        ours = {
            "topic": self.topic,
            "partition": str(self.partition),
            "offset": str(self.offset),
            "timestamp-ms": str(self.timestamp_ms),
            "stage": self.stage,
            "reason": self.reason,
            "message": self.message[:1_000],
        }
        return [*self.headers, *((_PREFIX + name, value.encode()) for name, value in ours.items())]
