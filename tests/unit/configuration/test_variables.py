"""A variable that nothing reads is told, with the one that was meant."""

import logging
import re
from pathlib import Path

import pytest

from orchestrator.configuration.variables import (
    OTHERS,
    Doubled,
    Unknown,
    doubled,
    unknown,
    variable_of,
    warn_of_unknown,
)
from orchestrator.settings import Settings

LITERAL = re.compile(r"ORCHESTRATOR_[A-Z][A-Z_]*[A-Z](?![A-Z_])")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ORCHESTRATOR_KAFKKA", "ORCHESTRATOR_KAFKA"),
        ("ORCHESTRATOR_POSTGRES_URL", "ORCHESTRATOR_POSTGRES"),
        ("orchestrator_toppic_prefix", "ORCHESTRATOR_TOPIC_PREFIX"),
        ("ORCHESTRATOR_SECRET_DIR", "ORCHESTRATOR_SECRETS_DIR"),
    ],
)
def test_a_slip_is_told_with_the_nearest_name(typed: str, meant: str) -> None:
    assert unknown([typed]) == [Unknown(typed.upper(), meant)]


def test_a_name_that_is_like_none_is_told_without_a_guess() -> None:
    assert unknown(["ORCHESTRATOR_ZZZZZZZZZZZZZZZZZZ"]) == [Unknown("ORCHESTRATOR_ZZZZZZZZZZZZZZZZZZ", "")]


def test_what_is_read_and_what_is_somebody_elses_is_not_told() -> None:
    ours = [*map(variable_of, Settings.model_fields), *OTHERS]
    assert unknown([*ours, *map(str.lower, ours), "PATH", "_ORCHESTRATOR_COMPLETE"]) == []


def test_a_secrets_file_without_the_prefix_is_told_for_it_is_not_read() -> None:
    assert unknown([], ["postgres", "ORCHESTRATOR_KAFKA_PASSWORD", "..data", "ca.pem"]) == [
        Unknown("postgres", "ORCHESTRATOR_POSTGRES")
    ]


def test_a_variable_of_the_command_line_is_no_setting_of_a_process() -> None:
    """Else whoever sets one for their own terminal would set up the processes they start there."""
    assert set(OTHERS) & set(map(variable_of, Settings.model_fields)) == set()


def test_every_variable_that_the_program_names_is_known() -> None:
    named = {
        name
        for file in Path("orchestrator").rglob("*.py")
        for name in LITERAL.findall(file.read_text(encoding="utf-8"))
    }
    assert named
    assert unknown(named) == []


def test_two_names_of_one_setting_are_told_since_only_one_of_them_is_read() -> None:
    given = ["ORCHESTRATOR_KAFKA", "orchestrator_kafka", "ORCHESTRATOR_GROUP", "PATH", "path"]
    assert doubled(given, ["ORCHESTRATOR_GROUP"]) == [Doubled(("ORCHESTRATOR_KAFKA", "orchestrator_kafka"))]
    assert doubled([], ["orchestrator_group", "ORCHESTRATOR_GROUP"]) == [
        Doubled(("ORCHESTRATOR_GROUP", "orchestrator_group"))
    ]


def test_a_process_says_so_when_it_starts(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRATOR_KAFKKA", "broker:9092")
    with caplog.at_level(logging.WARNING):
        warn_of_unknown()
    (record,) = [each for each in caplog.records if each.variable == "ORCHESTRATOR_KAFKKA"]
    assert "was ORCHESTRATOR_KAFKA meant?" in record.message
    assert record.action == "setting_unknown"
    assert "broker" not in record.message
