from orchestrator.streams.stored import (
    PARTITION_KEY,
    PartitionRecord,
    decode_offset,
    decode_partition_record,
    encode_offset,
    encode_partition_record,
)


def test_a_partition_record_survives_the_changelog() -> None:
    record = PartitionRecord(next_offsets={"engagement.events.v1": 12}, clock_ms=5)
    assert decode_partition_record(encode_partition_record(record)) == record


def test_a_partition_nothing_was_done_in_starts_at_the_beginning() -> None:
    assert decode_partition_record(None) == PartitionRecord(next_offsets={}, clock_ms=0)


def test_the_record_of_a_newer_program_is_still_read() -> None:
    assert decode_partition_record(b'{"next_offsets":{"t":1},"clock_ms":2,"later":true}').next_offsets == {"t": 1}


def test_offsets_are_written_as_fausts_store_writes_them() -> None:
    assert encode_offset(41) == b"41"
    assert (decode_offset(b"41"), decode_offset(None)) == (41, None)


def test_no_customer_can_have_the_partitions_key() -> None:
    assert b":" not in PARTITION_KEY
