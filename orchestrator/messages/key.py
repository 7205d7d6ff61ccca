"""The key of every customer topic, ``workspace_id:customer_id``, and the partition it belongs to.

The partitioner is murmur2 with the sign bit cleared: the default of the Java client and of aiokafka. librdkafka's
default differs (CRC32): such a producer must set ``partitioner=murmur2_random``.
"""

import re
from functools import lru_cache
from struct import unpack_from

from orchestrator.errors import DecodeError
from orchestrator.messages.ids import SEPARATOR

# A workspace id has no colon, so that the first colon of a key ends it; a customer id may have colons.
_MAX_WORKSPACE_CHARS = 255
_WORKSPACE = re.compile(r"[A-Za-z0-9._-]+")
WORKSPACE_FORM = f"1 to {_MAX_WORKSPACE_CHARS} letters, digits, '.', '_' or '-'"
MAX_CUSTOMER_ID_CHARS = 512


def customer_key(workspace_id: str, customer_id: str) -> bytes:
    """The record key of this customer."""
    return f"{workspace_id}:{customer_id}".encode()


@lru_cache(maxsize=16_384)  # customers who did something lately soon do something again; what is refused is not kept
def parse_customer_key(key: bytes | None) -> tuple[str, str]:
    """``(workspace_id, customer_id)`` of a record key.

    Raises:
        DecodeError: with reason ``wrong_key``.
    """
    if not key:
        raise DecodeError("wrong_key", "the record has no key; expected workspace_id:customer_id")
    try:
        text = key.decode()
    except UnicodeDecodeError as error:
        raise DecodeError("wrong_key", f"the record key is not UTF-8: {error}") from error
    return parse_customer_key_text(text)


def parse_customer_key_text(text: str) -> tuple[str, str]:
    """The same of a key as text.

    Raises:
        DecodeError: with reason ``wrong_key``.
    """
    workspace_id, _, customer_id = text.partition(":")
    if not 0 < len(customer_id) <= MAX_CUSTOMER_ID_CHARS or not is_workspace_id(workspace_id):
        raise DecodeError("wrong_key", f"the record key is {text[:80].encode()!r}; expected workspace_id:customer_id")
    if SEPARATOR in customer_id or "\x00" in customer_id:
        raise DecodeError("wrong_key", "the customer id has a control character (0x00 or 0x1f)")
    return workspace_id, customer_id


def is_workspace_id(text: str) -> bool:
    """Whether ``text`` may be the workspace id of a key; ``WORKSPACE_FORM`` says it in words."""
    return len(text) <= _MAX_WORKSPACE_CHARS and _matches(text)


@lru_cache(maxsize=1_024)  # there are few, and they come with every event
def _matches(workspace_id: str) -> bool:
    return _WORKSPACE.fullmatch(workspace_id) is not None


def is_customer_id(text: str) -> bool:
    """Whether ``text`` may be the customer id of a key."""
    return 0 < len(text) <= MAX_CUSTOMER_ID_CHARS and SEPARATOR not in text and "\x00" not in text


def murmur2(data: bytes) -> int:
    """Kafka's murmur2 of ``data`` as an unsigned 32-bit number (Austin Appleby's MurmurHash2, seed 0x9747b28c)."""
    length = len(data)
    multiplier = 0x5BD1E995
    value = (0x9747B28C ^ length) & 0xFFFFFFFF
    for word in unpack_from(f"<{length // 4}I", data):
        block = word * multiplier & 0xFFFFFFFF
        block = (block ^ block >> 24) * multiplier & 0xFFFFFFFF
        value = value * multiplier & 0xFFFFFFFF ^ block
    rest = data[length - length % 4 :]
    if rest:
        value = (value ^ int.from_bytes(rest, "little")) * multiplier & 0xFFFFFFFF
    value = (value ^ value >> 13) * multiplier & 0xFFFFFFFF
    return value ^ value >> 15


def partition_of(key: bytes, partitions: int) -> int:
    """The partition among ``partitions`` that a record with ``key`` belongs to."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions
