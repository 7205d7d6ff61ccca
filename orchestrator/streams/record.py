"""The shapes of Kafka records as the shell sees them, so that its pure parts need no Kafka client."""

from typing import Protocol

import msgspec

from orchestrator.messages.headers import Headers


class InputRecord(Protocol):
    """The part of a consumed record that the shell reads; ``aiokafka.ConsumerRecord`` has this shape."""

    @property
    def offset(self) -> int:
        """Where it stands in its partition."""

    @property
    def timestamp(self) -> int:
        """When it was produced or appended, milliseconds since 1970 UTC."""

    @property
    def key(self) -> bytes | None:
        """The raw key."""

    @property
    def value(self) -> bytes | None:
        """The raw value."""

    @property
    def headers(self) -> Headers:
        """The record's headers in their order."""


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """A record to produce, whose key or value may be absent; else like ``messages.cloudevents.Encoded``."""

    key: bytes | None
    value: bytes | None
    headers: Headers
