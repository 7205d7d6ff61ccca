"""What was set aside can be read back, byte for byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from orchestrator.errors import DecodeError
from orchestrator.messages.dead_letter import MAX_LETTER_BYTES, REDRIVEN_FROM, DeadLetter, parse_dead_letter

LETTER = DeadLetter(
    topic="events",
    partition=3,
    offset=7,
    timestamp_ms=123,
    key=b"acme:a",
    value=b"\xff",
    headers=(("ce_id", b"1"),),
    stage="decode",
    reason="malformed",
    message="it is not JSON",
)


def read_back(letter: DeadLetter) -> DeadLetter:
    return parse_dead_letter(letter.key, letter.value, letter.all_headers())


@given(
    key=st.none() | st.binary(),
    value=st.none() | st.binary(),
    headers=st.lists(
        st.tuples(st.text() | st.sampled_from(["orchestrator-dead-letter-topic"]), st.none() | st.binary())
    ),
    message=st.text(max_size=1_000),
    cut=st.none() | st.integers(min_value=0),
)
def test_a_letter_is_read_back_as_it_was_written(
    key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes | None]], message: str, cut: int | None
) -> None:
    letter = replace(LETTER, key=key, value=value, headers=tuple(headers), message=message, cut_from_bytes=cut)
    assert read_back(letter) == letter


def test_a_letter_too_large_is_cut_whatever_its_headers_are() -> None:
    large = replace(LETTER, value=b"x" * MAX_LETTER_BYTES, headers=(("origin", None), (REDRIVEN_FROM, None)))
    assert large.redriven_from == ()
    assert large.fitting().cut_from_bytes == MAX_LETTER_BYTES


def test_a_record_that_was_sent_again_and_set_aside_again_says_which_letters_it_was() -> None:
    again = replace(LETTER, headers=((REDRIVEN_FROM, b"letters/0/1"), (REDRIVEN_FROM, b"letters/2/5")))
    assert read_back(again).redriven_from == ("letters/0/1", "letters/2/5")
    assert read_back(LETTER).redriven_from == ()


@pytest.mark.parametrize("missing", [name for name, _ in LETTER.all_headers()[1:]])
def test_a_record_without_one_of_the_headers_is_no_letter(missing: str) -> None:
    headers = [(name, value) for name, value in LETTER.all_headers() if name != missing]
    with pytest.raises(DecodeError):
        parse_dead_letter(b"k", b"v", headers)


def test_a_header_that_cannot_be_read_is_said_to_be_the_trouble() -> None:
    headers = [(name, b"\xff" if name.endswith("offset") else value) for name, value in LETTER.all_headers()]
    with pytest.raises(DecodeError, match="a header cannot be read"):
        parse_dead_letter(b"k", b"v", headers)
