"""The command line says what is wrong in words and by its exit code."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestrator import __version__
from orchestrator.cli import app, main
from tests.builders import a_journey


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def test_the_version_is_printed() -> None:
    assert run("version") == (0, f"{__version__}\n")


def test_a_good_journey_is_said_to_be_good(tmp_path: Path) -> None:
    file = tmp_path / "journey.json"
    file.write_text(json.dumps(a_journey()))
    code, said = run("journeys", "check", str(file))
    assert code == 0
    assert "4 steps, nothing wrong" in said


def test_everything_wrong_with_a_journey_is_listed_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "journey.json"
    file.write_text(json.dumps(a_journey(colour="red", start="nowhere")))
    code, said = run("journeys", "check", str(file))
    assert code == 1
    assert "$.colour" in said
    assert "$.start" in said


def test_a_file_that_is_not_json_is_named_with_line_and_column(tmp_path: Path) -> None:
    file = tmp_path / "journey.json"
    file.write_text('{\n "name": }')
    code, said = run("journeys", "check", str(file))
    assert code == 1
    assert "line 2, column 10" in said


def test_an_error_of_the_program_is_one_line_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ORCHESTRATOR_TIME", "moon")
    monkeypatch.setattr("sys.argv", ["orchestrator", "topics", "show"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "ORCHESTRATOR_TIME" in capsys.readouterr().err


def test_the_picture_of_the_topics_names_every_topic() -> None:
    code, said = run("topics", "show")
    assert code == 0
    assert "engagement.events.v1" in said
    assert "channel.send-commands.in-app.v1" in said
