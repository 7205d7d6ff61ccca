"""Moments are typed as people say them."""

import pytest
import typer

from orchestrator.cli.moments import moment_ms

NOW_S = 1_767_614_400.0


@pytest.mark.parametrize(
    ("text", "before_s"),
    [("30s", 30), ("10m", 600), ("2h", 7_200), ("1d", 86_400), ("PT10M", 600), ("2026-01-05T11:59:59Z", 1)],
)
def test_a_length_of_time_is_before_now_and_a_time_is_itself(text: str, before_s: int) -> None:
    assert moment_ms(text, NOW_S) == (NOW_S - before_s) * 1_000


@pytest.mark.parametrize("text", ["", "10", "10 m", "-5m", "1w", "٣m", "yesterday", "2026-01-05T12:00:00"])
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="--since"):
        moment_ms(text, NOW_S)
