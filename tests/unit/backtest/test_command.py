"""The command as a program starts it: from a moment on, of one workspace, told how far it is, within its memory."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.errors import OutOfMemory
from orchestrator.messages.event import EngagementEvent
from orchestrator.simulator.forms import encode_plain
from tests.builders import a_journey

JOURNEY = a_journey(guardrails={"consent": {"marketing": "opt_out"}})
JANUARY_MS = 1_767_225_600_000
DAY_MS = 86_400_000


def signed_up(number: int, workspace_id: str, **data: str) -> EngagementEvent:
    return EngagementEvent(
        id=f"{workspace_id}/{number}",
        source="shop",
        type="customer.signed_up",
        time_ms=JANUARY_MS + number * DAY_MS,
        workspace_id=workspace_id,
        customer_id=f"c{number}",
        data=data,
    )


def run(folder: Path, events: list[EngagementEvent], *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "journey.json").write_text(json.dumps(JOURNEY))
    (folder / "events.jsonl").write_bytes(b"\n".join(encode_plain(event).value for event in events))
    arguments = [str(folder / "journey.json"), "--events", str(folder / "events.jsonl"), *options]
    program = [sys.executable, "-m", "orchestrator", "backtest", *arguments]
    return subprocess.run(program, capture_output=True, text=True, timeout=120, check=False)


def test_a_period_of_one_workspace_under_its_settings(tmp_path: Path) -> None:
    settings = tmp_path / "workspace.json"
    settings.write_text(json.dumps({"holdout_percent": 0.0, "costs": {"email": 0.5}}))
    events = [signed_up(number, workspace_id) for number in range(9) for workspace_id in ("acme", "globex")]
    period = ("--from", "2026-01-03T00:00:00Z", "--to", "2026-01-07T00:00:00+00:00")
    done = run(tmp_path, events, "--workspace", "acme", *period, "--workspace-settings", str(settings), "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["entered"], document["before"], document["foreign"]) == (4, 2, 0)
    assert next(iter(document["days"])) == "2026-01-03"
    assert document["steps"]["hello"]["sent"] == {"email": 4}
    against = run(
        tmp_path, events, "--workspace", "acme", *period, "--against", str(tmp_path / "journey.json"), "--json"
    )
    assert json.loads(against.stdout)["difference"]["figures"] == {}


def test_who_takes_too_much_memory_is_told_so(tmp_path: Path) -> None:
    events = [signed_up(number, "acme", page="x") for number in range(30_000)]
    done = run(tmp_path, events, "--memory-mib", "64", "--json")
    assert done.returncode == OutOfMemory.exit_code, done.stderr
    assert "more memory than the 64 MiB" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--from", "yesterday"), "yesterday"),
        (("--to", "2026-01-03T00:00:00"), "offset from UTC"),
    ],
)
def test_a_moment_that_is_none_is_refused(tmp_path: Path, options: tuple[str, str], words: str) -> None:
    done = run(tmp_path, [signed_up(1, "acme")], *options)
    assert done.returncode == 2
    assert words in done.stderr


def test_settings_that_are_none_are_refused(tmp_path: Path) -> None:
    settings = tmp_path / "workspace.json"
    settings.write_text(json.dumps({"holdout_percent": "many"}))
    done = run(tmp_path, [signed_up(1, "acme")], "--workspace", "acme", "--workspace-settings", str(settings))
    assert done.returncode == 2
    assert "holdout_percent" in done.stderr
