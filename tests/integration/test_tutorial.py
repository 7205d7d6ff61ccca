"""Who follows docs/tutorial.md on a fresh machine sees what it shows."""

import pytest

from tests.tutorial import REPEAT, at_the_terminal, blocks, follow

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


def test_who_follows_the_tutorial_sees_what_it_shows() -> None:
    with at_the_terminal() as terminal:
        for block, shown in blocks():
            follow(terminal, block, shown)


def test_the_processes_of_the_tutorial_are_left_to_nobody() -> None:
    typed = "".join(block.text for block, _ in blocks() if block.language == "sh")
    assert typed.count(" &\n") == 3
    assert "kill $(jobs -p)" in typed
    assert "orchestrator local down" in typed


def test_what_is_no_command_is_saved_under_a_name() -> None:
    for block, _ in blocks():
        assert block.language in ("sh", "yaml"), block
        assert block.rest in ("", REPEAT) if block.language == "sh" else block.rest, block
