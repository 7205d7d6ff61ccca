"""A state is read as it was written, or not at all; what is kept in it stays bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import DecodeError, StateUnreadable
from orchestrator.journeys.state import EMPTY, add_fingerprint, decode_state, encode_state, has_fingerprint
from orchestrator.messages.ids import fingerprint


@pytest.mark.parametrize("raw", [b"", b"\x02\x90", b"\x01", b"\x01\xff", b"\x01" + b"\x93\x01\x02"])
def test_a_state_that_cannot_be_read_stops_the_worker_and_is_no_fault_of_the_event(raw: bytes) -> None:
    with pytest.raises(StateUnreadable):
        decode_state(raw)
    assert not issubclass(StateUnreadable, DecodeError)


def test_a_state_written_before_a_field_was_added_is_read_with_its_default() -> None:
    assert decode_state(encode_state(EMPTY)[:1] + b"\x91\x07").clock_ms == 7


@given(st.lists(st.text(), unique=True, min_size=1, max_size=40), st.integers(1, 20))
def test_the_newest_fingerprints_are_found_and_older_ones_are_not(names: list[str], most: int) -> None:
    kept = b""
    for name in names:
        kept = add_fingerprint(kept, fingerprint(name), most)
    assert len(kept) == 8 * min(most, len(names))
    for age, name in enumerate(reversed(names)):
        assert has_fingerprint(kept, fingerprint(name)) == (age < most)


def test_a_fingerprint_across_the_border_of_two_others_is_not_found() -> None:
    assert not has_fingerprint(b"aaaabbbbccccdddd", b"bbbbcccc")
    assert has_fingerprint(b"aaaabbbbccccddddbbbbcccc", b"bbbbcccc")
