"""A journey file means what a person who wrote it means."""

from pathlib import Path

import pytest

from orchestrator.backtest.documents import read_document
from orchestrator.backtest.files import read_journey
from orchestrator.errors import DefinitionError

JOURNEY = """
name: Reminder   # a comment
entry: {kind: event, type: cart.left}
start: pause
steps:
  pause: {kind: wait, duration: PT1H, next: nudge}
  nudge: {kind: send, channel: email, template: nudge, next: done}
  done: {kind: exit}
guardrails:
  quiet_hours: {from: 21:00, to: 08:30}
"""


def write(folder: Path, text: str | bytes, name: str = "journey.yaml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_times_words_and_dates_stay_what_they_are(tmp_path: Path) -> None:
    text = "time: 21:00\nword: on\nno: no\ndate: 2026-01-05\nmoment: 2026-01-05T09:00\nnumber: 1e3\nflag: true"
    assert read_document(write(tmp_path, text)) == {
        "time": "21:00",
        "word": "on",
        "no": "no",
        "date": "2026-01-05",
        "moment": "2026-01-05T09:00",
        "number": 1000.0,
        "flag": True,
    }


def test_yaml_and_json_say_the_same(tmp_path: Path) -> None:
    journey = read_journey(write(tmp_path, JOURNEY))
    assert journey.guardrails.quiet_hours is not None
    assert journey.guardrails.quiet_hours.starts == "21:00"
    as_json = write(tmp_path, journey.model_dump_json(by_alias=True), "journey.json")
    assert read_journey(as_json) == journey


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("a: 1\na: 2", "j.yaml", 'found duplicate key "a"'),
        ("a: [1", "j.yaml", "line 1"),
        ("a: !!python/object:os.system x", "j.yaml", "tag"),
        ("a: 1\n---\nb: 2", "j.yaml", "line 2"),
        ("{", "j.json", "line 1, column 2"),
        (b"\xff\xfe\x00", "j.yaml", "not UTF-8"),
        ("x" * 600_000, "j.yaml", "bytes"),
        ("a: &a [*a]", "j.yaml", "more than"),  # an alias within itself
        ("[" * 100_000, "j.json", "too deeply"),
        ("a: " + "[" * 3_000 + "]" * 3_000, "j.yaml", "too deeply"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(tmp_path: Path, text: str | bytes, name: str, said: str) -> None:
    with pytest.raises(DefinitionError, match=said.replace("(", r"\(")):
        read_document(write(tmp_path, text, name))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="cannot be read"):
        read_document(tmp_path / "nowhere.yaml")


def test_a_short_file_that_would_become_endless_is_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(DefinitionError, match="more than"):
        read_document(write(tmp_path, "\n".join(lines)))


def test_an_empty_file_is_no_journey(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError):
        read_journey(write(tmp_path, ""))
