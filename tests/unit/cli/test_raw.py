"""Bytes from Kafka are printed as what they are, and steer nothing."""

import pytest

from orchestrator.cli.raw import readable, text_of


@pytest.mark.parametrize(
    ("value", "kind", "printed"),
    [
        (None, "none", ""),
        (b'{"a":1}', "json", '{\n  "a": 1\n}'),
        ("schön".encode(), "text", "schön"),
        (b"\xff\x00", "hex", "ff 00"),
        (b"clear\x1b[2J", "hex", b"clear\x1b[2J".hex(" ")),
        (b'"' + "\x9b2J".encode() + b'"', "hex", (b'"' + "\x9b2J".encode() + b'"').hex(" ")),
    ],
)
def test_a_value_is_printed_as_what_it_is_and_never_steers_the_terminal(
    value: bytes | None, kind: str, printed: str
) -> None:
    assert readable(value) == (kind, printed)


def test_a_key_that_is_no_text_is_written_out() -> None:
    assert text_of(b"acme:\xff\x1b]0;") == "acme:\\xff\\x1b]0;"
