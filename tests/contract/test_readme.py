"""Every command in the README is run by a test, or stands here with the reason why it is not."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documents import ROOT, fences
from tests.unit.cli.test_reach import EXAMPLES, OVER_HTTP

README = (ROOT / "README.md").read_text("utf-8")
CI = (ROOT / ".ci" / "run").read_text("utf-8")
TUTORIAL = "".join(fence.text for fence in fences((ROOT / "docs" / "tutorial.md").read_text("utf-8")))

PROGRAMS = ("make", "orchestrator", "docker", "eval", "export", "until", ".")

# What each of these does is what the named test does, with other files or in other words.
RUN_BY = {
    "make demo": "tests/integration/test_demo.py",
    "make demo ARGS=--keep": "tests/integration/test_demo.py",
    "make install && . .venv/bin/activate": "tests/integration/test_tutorial.py",
    "orchestrator dead-letters": "tests/integration/test_dead_letters.py",
}
NOT_RUN = {
    "docker compose up": "there is no Docker engine where CI runs",
    "make check": "CI runs it in two halves: make lint, and the contracts as part of make test",
    "make test-faults": "make test runs its tests but for the endurance ones, which take a quarter of an hour more",
    "make bench": "what it measures says nothing of a machine that others use; tests/bench says that it measures right",
}

# Run below, as they stand.
RUN_HERE = (
    "orchestrator journeys check orchestrator/demo/journeys/*.yaml",
    "orchestrator journeys test orchestrator/demo/journeys/*.yaml",
    "orchestrator simulate orchestrator/demo/journeys/welcome.yaml",
    "orchestrator backtest welcome.yaml --events history.jsonl",
)
WELCOME = ROOT / "orchestrator" / "demo" / "journeys" / "welcome.yaml"
HISTORY = {
    "id": "1", "source": "shop", "type": "customer.signed_up", "time": "2026-01-05T10:00:00Z",
    "workspace_id": "acme", "customer_id": "ana", "data": {},
}  # fmt: skip


def commands() -> list[str]:
    """Every command of the README: the lines of its blocks, and what stands between single backquotes."""
    lines = [line for fence in fences(README) if not fence.language for line in fence.text.splitlines()]
    prose = re.sub(r"^```.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)
    lines += re.findall(r"`([^`\n]+)`", prose)
    typed = [re.sub(r"\s+# .*", "", line).strip() for line in lines]
    return list(dict.fromkeys(line for line in typed if line.split(" ")[0] in PROGRAMS))


def is_run_by_ci(command: str) -> bool:
    words = command.split()
    return words[0] == "make" and len(words) == 2 and bool(re.search(rf"^{command}$", CI, re.MULTILINE))


def is_an_example_of_the_help(command: str) -> bool:
    """The tests run the examples of every command that asks the API."""
    said = [
        words for name in OVER_HTTP for line in EXAMPLES[name] if len(words := shlex.split(line)) == len(typed(command))
    ]
    return any(
        all(word in (other, "CUSTOMER") for word, other in zip(typed(command), words, strict=True)) for words in said
    )


def typed(command: str) -> list[str]:
    """The words behind the program's name."""
    return shlex.split(command)[1:]


def is_typed_in_the_tutorial(command: str) -> bool:
    return f"\n{command}\n" in TUTORIAL


@pytest.mark.parametrize("command", commands())
def test_a_command_of_the_readme_is_run_by_a_test_or_named_with_the_reason_why_not(command: str) -> None:
    ways = {
        "CI": is_run_by_ci(command),
        "the help's examples": is_an_example_of_the_help(command),
        "the tutorial": is_typed_in_the_tutorial(command),
        "a test of its own": command in RUN_BY,
        "this file": command in RUN_HERE,
        "nobody, for a reason": command in NOT_RUN,
    }
    assert sum(ways.values()) == 1, ways


@pytest.mark.parametrize("command", RUN_HERE)
def test_a_command_that_needs_no_server_does_what_the_readme_says(command: str, tmp_path: Path) -> None:
    (tmp_path / "welcome.yaml").write_bytes(WELCOME.read_bytes())
    (tmp_path / "history.jsonl").write_text(json.dumps(HISTORY) + "\n", "utf-8")
    (tmp_path / "orchestrator").symlink_to(ROOT / "orchestrator")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_named_that_the_readme_does_not_say() -> None:
    assert [command for command in (*RUN_BY, *RUN_HERE, *NOT_RUN) if command not in commands()] == []


@pytest.mark.parametrize("file", sorted(set(RUN_BY.values())))
def test_a_test_that_is_named_exists(file: str) -> None:
    assert Path(ROOT, file).is_file()
