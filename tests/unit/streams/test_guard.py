from orchestrator.streams.guard import jumps
from tests.input_records import Record


def records(*offsets: int) -> list[Record]:
    return [Record(offset, b"k", b"v") for offset in offsets]


def test_consecutive_records_have_no_jumps() -> None:
    assert jumps(3, records(3, 4, 5)) == []
    assert jumps(None, records(7, 8)) == []


def test_records_that_come_again_are_no_jump() -> None:
    assert jumps(5, records(3, 4, 5)) == []


def test_jumps_in_front_and_within_are_found() -> None:
    assert jumps(2, records(5, 6, 9, 11)) == [(2, 5), (7, 9), (10, 11)]
