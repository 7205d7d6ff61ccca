"""A record with a header whose name is no text is read as any other, and so is what stands around it."""

import gzip
from typing import Any

import pytest
from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.structs import TopicPartition

from orchestrator.kafka.header_names import read_any_header_name

LATIN_1 = b"gr\xf6\xdfe"
ASCII = b"grxxe"
# Of a batch, by Kafka's record format 2: where the records begin, and what stands before them.
HEAD, LENGTH_AT, ATTRIBUTES_AT = 61, 8, 22
GZIP, CONTROL = 0x01, 0x20


def a_batch(*names: str, offset: int = 0) -> bytes:
    """A batch of a record for each header name, as aiokafka writes it."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, 0, 1 << 20)
    for number, name in enumerate(names):
        builder.append(number, 1_000 + number, b"acme:c1", b"{}", [(name, b"v"), ("null", None)])
    data = bytearray(builder.build())
    data[0:8] = offset.to_bytes(8, "big")
    return bytes(data)


def with_bad_names(batch: bytes) -> bytes:
    """The name that is ASCII in other letters; its length, and so all else, stays."""
    return batch.replace(ASCII, LATIN_1)


def records_of(data: bytes) -> Any:
    read_any_header_name()
    place = TopicPartition("events", 0)
    return PartitionRecords(place, fetcher.MemoryRecords(data), [], 0, None, None, False, 0)


def names_of(data: bytes) -> list[tuple[int, str]]:
    return [(record.offset, record.headers[0][0]) for record in records_of(data)]


def test_a_name_that_is_no_text_ends_nothing_and_what_stands_around_it_is_read() -> None:
    data = a_batch("first") + with_bad_names(a_batch("a", ASCII.decode(), "b", offset=1)) + a_batch("last", offset=4)
    assert names_of(data) == [(0, "first"), (1, "a"), (2, "gr\ufffd\ufffde"), (3, "b"), (4, "last")]


def test_all_else_of_such_a_record_is_as_it_was() -> None:
    good, bad = a_batch(ASCII.decode()), with_bad_names(a_batch(ASCII.decode()))
    (as_text,), (as_bytes,) = records_of(good), records_of(bad)
    for field in ("topic", "partition", "offset", "timestamp", "timestamp_type", "key", "value"):
        assert getattr(as_bytes, field) == getattr(as_text, field)
    assert as_bytes.headers[0][1] == b"v"
    assert as_bytes.headers[1] == ("null", None)


def test_a_name_that_is_no_text_is_read_from_a_compressed_batch_too() -> None:
    plain = with_bad_names(a_batch("a", ASCII.decode()))
    data = bytearray(plain[:HEAD] + gzip.compress(plain[HEAD:]))
    data[LENGTH_AT : LENGTH_AT + 4] = (len(data) - LENGTH_AT - 4).to_bytes(4, "big")
    data[ATTRIBUTES_AT] |= GZIP
    assert names_of(bytes(data)) == [(0, "a"), (1, "gr\ufffd\ufffde")]


def test_what_is_broken_in_more_than_a_name_is_refused_as_before() -> None:
    data = bytearray(a_batch("a", "b"))
    data[-1] ^= 0x7F
    with pytest.raises(CorruptRecordException):
        names_of(bytes(data))


def test_the_records_of_a_transactions_end_are_no_events() -> None:
    batch = DefaultRecordBatchBuilder(2, 0, 1, 7, 0, 0, 1 << 20)
    batch.append(0, 1_000, b"\x00\x00\x00\x01", b"\x00\x00\x00\x00\x00\x00", [])
    data = bytearray(batch.build())
    data[ATTRIBUTES_AT] |= CONTROL  # no producer's builder sets it
    assert names_of(bytes(data) + a_batch("after", offset=1)) == [(1, "after")]
