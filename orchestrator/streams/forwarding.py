"""A record found in another partition than its key's is passed on to the right one, once, and never used where it is.

It happens to producers that do not partition by murmur2 (librdkafka's default differs). The forwarding goes through a
producer without transactions, so that the input topics stay free of transaction markers, and is durable before the
batch that read the record counts it as done: a crash between the two forwards it twice, and the event's own id makes
the second one harmless.
"""

from typing import NamedTuple

from orchestrator.messages.headers import Headers
from orchestrator.streams.record import InputRecord

FORWARDED_FROM = "orchestrator-forwarded-from"  # "topic/partition/offset"


class Forward(NamedTuple):
    """A record to produce to ``partition`` of ``topic`` as it is, with where it came from added to its headers."""

    topic: str
    partition: int
    key: bytes
    value: bytes | None
    headers: Headers
    timestamp_ms: int


def forward(topic: str, found_in: int, belongs_to: int, key: bytes, record: InputRecord) -> Forward:
    """The record as it goes to the partition of ``key``: its own key or, if it has none, the one its content names."""
    origin = f"{topic}/{found_in}/{record.offset}".encode()
    headers = [*record.headers, (FORWARDED_FROM, origin)]
    return Forward(topic, belongs_to, key, record.value, headers, record.timestamp)


def was_forwarded(record: InputRecord) -> bool:
    """Whether the record has been passed on before."""
    return any(name == FORWARDED_FROM for name, _ in record.headers)
