"""What a person may ask of the dead letters is checked before any broker is asked."""

import re

import pytest
from typer.testing import CliRunner

from orchestrator.cli.commands import app


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["dead-letters", *arguments])
    return result.exit_code, re.sub(r"[\s│]+", " ", result.output)


@pytest.mark.parametrize(
    "arguments", [(), ("1/2", "--reason", "malformed"), ("--all", "--customer", "a"), ("--all", "1/2")]
)
def test_a_redrive_says_exactly_one_way_what_is_meant(arguments: tuple[str, ...]) -> None:
    code, said = run("redrive", *arguments)
    assert code == 2
    assert "places, or filters, or --all" in said


@pytest.mark.parametrize("place", ["1", "1/x", "-1/2", "1/2/3", "¹/2"])
def test_a_place_is_a_partition_and_an_offset(place: str) -> None:
    code, said = run("show", "--", place)
    assert code == 2
    assert "PARTITION/OFFSET" in said


@pytest.mark.parametrize("since", ["yesterday", "P1Y", "2026-11-26T08:00:00"])
def test_a_moment_that_cannot_be_read_is_refused(since: str) -> None:
    code, said = run("list", "--since", since)
    assert code == 2
    assert "--since" in said
