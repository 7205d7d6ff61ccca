"""docs/tutorial.md, as somebody follows it: what it has one type and save, and what is then to be seen."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orchestrator.local.jars import kafka_jars
from orchestrator.local.ports import free_ports
from orchestrator.local.stack import down
from tests.documents import ROOT, Fence, fences, looks_like
from tests.stack import JARS
from tests.terminal import Terminal, a_terminal
from tests.worker_process import unconfigured

TEXT = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
PATIENCE_S = 60.0
REPEAT = "repeat"  # behind "sh": who is faster than the processes types it again


def blocks(until: str = "") -> Iterator[tuple[Fence, str | None]]:
    """Each block to type or to save, up to a heading, with what is then to be seen."""
    found = fences(TEXT.partition(f"\n{until}\n")[0] if until else TEXT)
    for block, after in zip(found, [*found[1:], None], strict=True):
        if block.language != "text":
            yield block, after.text if after is not None and after.language == "text" else None


@contextmanager
def at_the_terminal() -> Iterator[Terminal]:
    """A terminal in the clone, and an empty home. The environment says which port is free, and where the jars are."""
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory(prefix="orchestrator-tutorial-", ignore_cleanup_errors=True) as name:
        home, data = Path(name), Path(name) / "data"
        home.chmod(0o711)  # PostgreSQL's own user passes through
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
            with a_terminal(ROOT, environment) as terminal:
                yield terminal
        finally:
            down(data)


def follow(terminal: Terminal, block: Fence, shown: str | None) -> None:
    """Saves the block, or types it, and again where the text says so, until what it says is what the text shows."""
    if block.language != "sh":
        folder = Path(terminal.type_in("pwd").strip())
        (folder / block.rest).write_text(block.text, "utf-8")
        return
    deadline = time.monotonic() + PATIENCE_S
    said = terminal.type_in(block.text)
    while shown is not None and not looks_like(said, shown):
        if block.rest != REPEAT or time.monotonic() > deadline:
            pytest.fail(f"docs/tutorial.md, line {block.line}:\n{block.text}\nsays\n{said}\nand should say\n{shown}")
        time.sleep(0.5)
        said = terminal.type_in(block.text)
