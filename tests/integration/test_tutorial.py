"""Who follows docs/tutorial.md on a fresh machine sees what it shows."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.local.jars import kafka_jars
from orchestrator.local.ports import free_ports
from orchestrator.local.stack import down
from tests.documents import ROOT, Fence, fences, looks_like
from tests.stack import JARS
from tests.terminal import Terminal, a_terminal
from tests.worker_process import unconfigured

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

TUTORIAL = ROOT / "docs" / "tutorial.md"
PATIENCE_S = 60.0
REPEAT = "repeat"  # behind "sh": who is faster than the processes types it again


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty home folder, which another user may pass through where PostgreSQL does not run as root."""
    with tempfile.TemporaryDirectory(prefix="orchestrator-tutorial-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


@pytest.fixture
def terminal(home: Path) -> Iterator[Terminal]:
    """A terminal in the clone. Set by the environment: a port that is free, and where the broker's jars are kept."""
    (port,) = free_ports(1)
    data = home / "data"
    (data / "kafka").mkdir(parents=True)
    (data / "kafka" / "libs").symlink_to(kafka_jars(JARS, lambda _: None))
    environment = {
        **unconfigured(),
        "HOME": str(home),
        "ORCHESTRATOR_DATA_DIR": str(data),
        "ORCHESTRATOR_API_PORT": str(port),
        "ORCHESTRATOR_API_URL": f"http://127.0.0.1:{port}",
    }
    try:
        with a_terminal(ROOT, environment) as opened:
            yield opened
    finally:
        down(data)


def blocks() -> Iterator[tuple[Fence, str | None]]:
    """Each block to type or to save, with what is then to be seen."""
    found = fences(TUTORIAL.read_text("utf-8"))
    for block, after in zip(found, [*found[1:], None], strict=True):
        if block.language != "text":
            yield block, after.text if after is not None and after.language == "text" else None


def test_who_follows_the_tutorial_sees_what_it_shows(terminal: Terminal) -> None:
    for block, shown in blocks():
        if block.language == "sh":
            follow(terminal, block, shown)
        else:
            folder = Path(terminal.type_in("pwd").strip())
            (folder / block.rest).write_text(block.text, "utf-8")


def follow(terminal: Terminal, block: Fence, shown: str | None) -> None:
    """Types the block, and again where the text says so, until what it says is what the text shows."""
    deadline = time.monotonic() + PATIENCE_S
    said = terminal.type_in(block.text)
    while shown is not None and not looks_like(said, shown):
        if block.rest != REPEAT or time.monotonic() > deadline:
            pytest.fail(f"docs/tutorial.md, line {block.line}:\n{block.text}\nsays\n{said}\nand should say\n{shown}")
        time.sleep(0.5)
        said = terminal.type_in(block.text)


def test_the_processes_of_the_tutorial_are_left_to_nobody() -> None:
    typed = "".join(block.text for block, _ in blocks() if block.language == "sh")
    assert typed.count(" &\n") == 3
    assert "kill $(jobs -p)" in typed
    assert "orchestrator local down" in typed


def test_what_is_no_command_is_saved_under_a_name_or_shown() -> None:
    for block, _ in blocks():
        assert block.language in ("sh", "yaml", "python"), block
        assert block.rest in ("", REPEAT) if block.language == "sh" else block.rest, block
