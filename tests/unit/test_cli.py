"""The command line says what is wrong in words and by its exit code."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestrator import __version__
from orchestrator.cli.app import main
from orchestrator.cli.commands import app
from orchestrator.errors import OrchestratorError
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


def test_an_error_with_several_things_to_say_has_a_line_for_each_and_does_not_steer_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise OrchestratorError("two things are wrong\n  $.name: [red]\x1b[2J\n  $.start: no such step")

    monkeypatch.setattr("orchestrator.cli.commands.app", refuse)
    monkeypatch.setattr("sys.argv", ["orchestrator", "journeys", "create"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.splitlines() == [
        "orchestrator: two things are wrong",
        r"  $.name: [red]\x1b[2J",
        "  $.start: no such step",
    ]


def test_the_picture_of_the_topics_names_every_topic() -> None:
    code, said = run("topics", "show")
    assert code == 0
    assert "engagement.events.v1" in said
    assert "channel.send-commands.in-app.v1" in said


def test_tests_of_a_journey_that_fail_are_told_and_exit_with_1(tmp_path: Path) -> None:
    story = {"name": "nothing", "given": [{"event": "customer.signed_up"}], "sends": []}
    file = tmp_path / "journey.json"
    file.write_text(json.dumps(a_journey(tests=[story])))
    code, said = run("journeys", "test", str(file))
    assert code == 1
    assert "nothing … FAILED" in said.replace("\n", " ")
    assert "expected nothing more" in said


def test_a_journey_without_tests_does_not_pass_for_tested(tmp_path: Path) -> None:
    file = tmp_path / "journey.json"
    file.write_text(json.dumps(a_journey()))
    assert run("journeys", "test", str(file))[0] == 1


def test_a_simulation_says_that_its_people_are_made_up(tmp_path: Path) -> None:
    file = tmp_path / "journey.json"
    file.write_text(json.dumps(a_journey(goal={"event": "ordered", "window": "P7D"}, holdout={"percent": 50})))
    code, said = run("simulate", str(file), "--customers", "30")
    assert code == 0
    assert "made up" in said
    code, said = run("simulate", str(file), "--customers", "30", "--json")
    assert json.loads(said)["customers"] == 30


def test_what_is_odd_about_a_journey_is_told_and_does_not_fail_it(tmp_path: Path) -> None:
    guardrails = {"consent": {"marketing": "opt_out"}, "caps": [{"limit": 1, "per": "day", "channel": "sms"}]}
    file = tmp_path / "journey.json"
    file.write_text(json.dumps(a_journey(guardrails=guardrails)))
    code, said = run("journeys", "check", str(file))
    assert code == 0
    assert "warning: $.guardrails.caps[0]" in said.replace("\n", "")
