"""The README's first command, as a person runs it: it ends well, and whatever happens it leaves nothing running."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest

from orchestrator import __version__
from orchestrator.api.paths import BASE
from orchestrator.demo.premises import clear
from orchestrator.local.jars import kafka_jars
from tests.installed import install
from tests.stack import JARS
from tests.worker_process import ROOT

pytestmark = pytest.mark.integration

DEADLINE_S = 120
PERSONAS = 300
GREETING = {
    "name": "A greeting, now",
    "entry": {"kind": "api"},
    "start": "a-moment",
    "steps": {
        "a-moment": {"kind": "wait", "duration": "PT1S", "next": "hello"},
        "hello": {"kind": "send", "channel": "email", "template": "hello", "category": "transactional", "next": "done"},
        "done": {"kind": "exit"},
    },
}
FAST = ["--personas", str(PERSONAS), "--days-per-second", "300"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder with the broker's jars in it; the demo is stopped and removed after the test."""
    kafka_jars(JARS, print)
    data_dir = Path(tempfile.mkdtemp(prefix="orchestrator-demo-"))
    data_dir.chmod(0o711)  # the database's own user passes through
    (data_dir / "kafka").mkdir()
    (data_dir / "kafka" / "libs").symlink_to(JARS.absolute(), target_is_directory=True)
    yield data_dir
    clear(data_dir / "demo")
    shutil.rmtree(data_dir)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The command in an environment of its own, made as the image is made, with the database that the demo starts."""
    return str(install(tmp_path_factory.mktemp("installed"), "embedded") / "orchestrator")


class RunningDemo:
    """A demo in a process of its own. ``output`` is what has been read of it so far."""

    def __init__(self, folder: Path, *options: str, program: Sequence[str] = (sys.executable, "-m", "orchestrator")):
        self.output = ""
        self.process = subprocess.Popen(
            [*program, "demo", *options],
            env=os.environ | {"ORCHESTRATOR_DATA_DIR": str(folder), "COLUMNS": "200"},
            cwd=ROOT if program[0] == sys.executable else folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def read_until(self, text: str) -> None:
        """Reads on until a line has ``text`` in it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line
            if text in line:
                return
        pytest.fail(f"the demo ended before it said {text!r}:\n{self.output}")

    def finish(self) -> int:
        """Reads the rest; the exit code."""
        rest, _ = self.process.communicate(timeout=DEADLINE_S)
        self.output += rest
        return self.process.returncode

    def __enter__(self) -> "RunningDemo":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def processes_of(folder: Path) -> list[str]:
    """The command lines of everything that runs on this folder."""
    found: list[str] = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess):
            command = " ".join(process.cmdline())
            if str(folder) in command and process.status() != psutil.STATUS_ZOMBIE:
                found.append(command)
    return found


def pids_of(folder: Path) -> dict[str, int]:
    """The demo's processes by name, from its own file."""
    return {each["name"]: each["pid"] for each in json.loads((folder / "demo" / "processes.json").read_text())}


def ask(address: str, path: str, key: str = "", body: object = None) -> tuple[int, bytes]:
    connection = HTTPConnection(address, timeout=10)
    headers = {"Authorization": f"Bearer {key}"}
    try:
        if body is None:
            connection.request("GET", path, headers=headers)
        else:
            connection.request("POST", path, json.dumps(body), {**headers, "Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_what_is_installed_has_its_version_and_all_it_needs_and_nothing_else(program: str, folder: Path) -> None:
    said = subprocess.run([program, "--version"], cwd=folder, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == __version__
    python = str(Path(program).with_name("python"))
    probe = "from importlib.metadata import files; print(*files('omnichannel-journey-orchestrator'), sep='\\n')"
    said = subprocess.run([python, "-c", probe], cwd=folder, capture_output=True, text=True, check=True)
    mine = {name for name in said.stdout.split() if not name.startswith(("..", "omnichannel_journey_orchestrator-"))}
    wanted = {f"orchestrator/_data/topics/{file.name}" for file in (ROOT / "topics").iterdir()}
    wanted |= {
        str(file.relative_to(ROOT))
        for file in (ROOT / "orchestrator").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert mine == wanted


@pytest.mark.timeout(600)
def test_what_is_installed_agrees_with_the_reference_and_ctrl_c_ends_what_was_kept(program: str, folder: Path) -> None:
    with RunningDemo(folder, "--keep", *FAST, program=[program]) as demo:
        demo.read_until("Ctrl-C stops it")

        assert "Agreed: all" in demo.output
        assert "≠" not in demo.output
        for expected in (r"frequency_cap", r"consent", r"quiet_hours", r"dead letters", r"forwarded", r"uplift"):
            assert re.search(expected, demo.output), expected
        link = re.search(r"http://(127\.0\.0\.1:\d+)/#key=(\S+)", demo.output)
        assert link is not None
        address, key = link.groups()
        assert ask(address, "/")[0] == 200
        status, body = ask(address, BASE, key)
        assert (status, {each["name"] for each in json.loads(body)["items"]}) == (200, {"Win back", "Trial offer"})

        # History is over: what somebody makes now happens now.
        status, body = ask(address, BASE, key, {"config": GREETING})
        journey = f"{BASE}/{json.loads(body)['id']}"
        assert (status, ask(address, f"{journey}/entries", key, {"customer_id": "maria"})[0]) == (201, 202)
        deadline = time.monotonic() + DEADLINE_S
        types: list[str] = []
        while "run_completed" not in types and time.monotonic() < deadline:
            types = [each["type"] for each in json.loads(ask(address, f"{journey}/activities", key)[1])["items"]]
            time.sleep(0.2)
        assert {"journey_entered", "wait_started", "send_requested", "run_completed"} <= set(types)

        demo.process.send_signal(signal.SIGINT)
        assert demo.finish() == 0
    assert processes_of(folder) == []


@pytest.mark.parametrize("phase", ["Clear what", "Make topics", "Prepare"])
def test_ctrl_c_leaves_nothing_running_whenever_it_comes(folder: Path, phase: str) -> None:
    with RunningDemo(folder, "--personas", "0") as demo:
        demo.read_until(phase)
        demo.process.send_signal(signal.SIGINT)

        assert demo.finish() == 130
        assert "Traceback" not in demo.output
    assert processes_of(folder) == []


def test_what_a_killed_demo_left_is_cleared_and_a_dead_worker_is_told(folder: Path) -> None:
    with RunningDemo(folder, "--personas", "0") as demo:
        demo.read_until("Prepare")
        demo.process.kill()
        demo.finish()
    left = pids_of(folder)
    assert psutil.pid_exists(left["worker"])

    with RunningDemo(folder, "--personas", "0") as demo:
        demo.read_until("Clear what")
        assert not any(psutil.pid_exists(pid) for pid in left.values())
        demo.read_until("Prepare")
        os.kill(pids_of(folder)["worker"], signal.SIGKILL)

        assert demo.finish() == 3
        assert "its worker has ended" in demo.output
        assert "Traceback" not in demo.output
    assert processes_of(folder) == []


def test_a_taken_port_is_told_at_once(folder: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as holder,
        RunningDemo(folder, "--port", str(holder.getsockname()[1])) as demo,
    ):
        assert demo.finish() == 2
        assert "is taken" in demo.output
    assert not (folder / "demo").exists()
