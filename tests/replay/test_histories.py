"""Recorded histories decide the same for ever: the same commands, the same reasons, the same ids."""

import pytest

from tests.replay.histories import FOLDER, MAKERS, decide, load

FILES = sorted(FOLDER.glob("*.json.gz"))


def test_every_history_is_on_file() -> None:
    assert {file.name.removesuffix(".json.gz") for file in FILES} >= set(MAKERS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.removesuffix(".json.gz"))
def test_a_recorded_history_is_decided_as_it_was(file) -> None:
    recorded = load(file)
    decided = decide(recorded)
    assert decided.commands == recorded.commands
    assert decided.activities == recorded.activities


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.removesuffix(".json.gz"))
def test_a_recorded_history_has_something_to_decide(file) -> None:
    recorded = load(file)
    assert recorded.commands
    assert recorded.activities
