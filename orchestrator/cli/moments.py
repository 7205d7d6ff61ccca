"""Moments as people type them."""

import re

import typer

from orchestrator.definitions.duration import parse_duration
from orchestrator.errors import DecodeError
from orchestrator.messages.cloudevents import parse_time_ms

_SHORT = re.compile(r"(\d{1,8})([smhd])", re.ASCII)
_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def moment_ms(text: str, now_s: float) -> int:
    """Milliseconds since 1970 UTC of a time, or of a length of time before now: ``10m``, or ``PT10M``.

    Raises:
        typer.BadParameter: it is neither.
    """
    try:
        if short := _SHORT.fullmatch(text):
            return round((now_s - int(short[1]) * _UNITS_S[short[2]]) * 1_000)
        if text.startswith("P"):
            return round((now_s - parse_duration(text).total_seconds()) * 1_000)
        return parse_time_ms(text)
    except (ValueError, DecodeError) as error:
        raise typer.BadParameter(f"--since: {error}") from error
