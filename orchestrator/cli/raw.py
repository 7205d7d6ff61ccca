"""Bytes from Kafka as people can read them: nothing in them may steer a terminal."""

import msgspec

from orchestrator.cli.show import plain


def readable(value: bytes | None) -> tuple[str, str]:
    """What a value is (json, text, hex, none), and how to print it."""
    if value is None:
        return "none", ""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return "hex", value.hex(" ")
    if not all(letter.isprintable() or letter in "\n\t" for letter in text):
        return "hex", value.hex(" ")
    try:
        return "json", msgspec.json.format(value, indent=2).decode()
    except (msgspec.DecodeError, RecursionError):
        return "text", text


def text_of(raw: bytes | None) -> str:
    """Readable, whatever it is."""
    return "" if raw is None else plain(raw.decode(errors="backslashreplace"))
