"""Answers are printed for who reads them: tables at a terminal, columns between tabs for programs."""

import json

import pytest
from rich.console import Console

from orchestrator.cli import show

HOSTILE = "evil\x1b[2J\u202e\x9b\tname\n"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(show, "out", Console(force_terminal=True, width=100, color_system=None, legacy_windows=False))


def test_programs_get_columns_between_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    show.print_rows(["a", "b", "c"], [[1234567, None, 0.1], [True, ["x", "y"], {"k": 1}]])
    assert capsys.readouterr().out == 'a\tb\tc\n1234567\t\t0.1\nyes\tx, y\t{"k": 1}\n'


@pytest.mark.usefixtures("terminal")
def test_people_get_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    show.print_rows(["count", "at"], [[1234567, "2026-11-26T08:00:00.123456Z"]])
    said = capsys.readouterr().out
    assert "1,234,567" in said
    assert "2026-11-26 08:00:00 " in said
    assert "\t" not in said


def test_parts_of_an_answer_have_headings_and_a_free_line_between(capsys: pytest.CaptureFixture[str]) -> None:
    show.print_fields({"name": "x"})
    show.print_rows(["a"], [[1]], "by channel")
    assert capsys.readouterr().out == "name\tx\n\nby channel\na\n1\n"


@pytest.mark.usefixtures("terminal")
def test_a_table_that_is_too_wide_hides_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    columns = [f"column-{number}-of-many" for number in range(12)]
    show.print_rows(columns, [range(12)])
    said = capsys.readouterr().out
    assert "…" not in said
    assert "".join(said.split()).count("7") >= 2


@pytest.mark.usefixtures("terminal")
def test_people_are_told_when_there_is_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    show.print_rows(["a"], [])
    assert capsys.readouterr().out == "none\n"


def test_programs_get_the_head_of_a_table_that_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    show.print_rows(["a", "b"], [])
    assert capsys.readouterr().out == "a\tb\n"


def control_characters(text: str) -> set[str]:
    return {letter for letter in text if not letter.isprintable()} - {"\n"}


@pytest.mark.usefixtures("terminal")
def test_nothing_that_comes_from_others_steers_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show.print_items({"name": "name"}, [{"name": HOSTILE}], title=HOSTILE)
    show.print_fields({"name": HOSTILE}, title=HOSTILE)
    show.print_json(json.dumps({"name": HOSTILE}, ensure_ascii=False))
    show.say(HOSTILE)
    show.tell(HOSTILE)
    said = capsys.readouterr()
    assert control_characters(said.out + said.err) == set()
    assert "evil" in said.out


def test_a_name_cannot_make_a_column_or_a_row_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    show.print_items({"name": "name", "id": "id"}, [{"name": HOSTILE, "id": "1"}])
    assert [line.count("\t") for line in capsys.readouterr().out.splitlines()] == [1, 1]


def test_markup_in_a_name_is_text(capsys: pytest.CaptureFixture[str], terminal: None) -> None:
    show.print_items({"name": "name"}, [{"name": "[red]Sale[/red] :boom:"}])
    show.say("[bold]x[/bold]")
    said = capsys.readouterr().out
    assert "[red]Sale[/red] :boom:" in said
    assert "[bold]x[/bold]" in said


def test_json_is_for_programs_as_it_came_and_for_people_indented(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    show.print_json('{"b":1.10,"a":"ü"}')
    assert capsys.readouterr().out == '{"b":1.10,"a":"ü"}\n'
    monkeypatch.setattr(show, "out", Console(force_terminal=True, color_system=None))
    show.print_json('{"b":1,"a":"ü\x9b"}')
    said = capsys.readouterr().out
    assert said == '{\n  "b": 1,\n  "a": "ü\\u009b"\n}\n'
    assert json.loads(said) == {"b": 1, "a": "ü\x9b"}
