"""A server is known by more than its pid."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from orchestrator.errors import StackError
from orchestrator.local.kafka import KafkaServer
from orchestrator.local.ports import free_ports, is_free
from orchestrator.local.process import ServerProcess, spawn, tail
from orchestrator.local.state import StackState, read_state, write_state


def me(**changes: object) -> ServerProcess:
    process = psutil.Process()
    values = {"pid": process.pid, "started": process.create_time(), "mark": process.cmdline()[-1]} | changes
    return ServerProcess(**values)  # type: ignore[arg-type]


def test_a_running_process_is_known_again() -> None:
    assert me().is_running()


@pytest.mark.parametrize("change", [{"started": 1.0}, {"mark": "/another/folder"}])
def test_a_stranger_with_the_same_pid_is_not_taken_for_it(change: dict[str, object]) -> None:
    stranger = me(**change)
    assert not stranger.is_running()
    stranger.stop()  # would end this very test run


def test_a_zombie_is_not_running() -> None:
    child = subprocess.Popen([sys.executable, "-c", "", "a-mark"])
    started = psutil.Process(child.pid).create_time()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # ended, but nobody has asked for its exit code
    assert not ServerProcess(child.pid, started, "a-mark").is_running()
    child.wait()


def test_a_spawned_server_is_stopped_and_its_output_kept(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = "import sys, time; print('ready', flush=True); time.sleep(600)"
    server = spawn([sys.executable, "-c", code, "a-mark"], mark="a-mark", log=log)
    assert server.is_running()
    server.stop()
    assert not server.is_running()


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="starting /no/such/program"):
        spawn(["/no/such/program"], mark="x", log=tmp_path / "log")


def test_a_log_is_quoted_by_its_end(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert "there is no log" in tail(log)
    log.write_text("\n".join(f"line {n}" for n in range(100)))
    assert "line 99" in tail(log)
    assert "line 50" not in tail(log)


def test_the_state_is_read_as_it_was_written_and_only_for_its_owner(tmp_path: Path) -> None:
    state = StackState(KafkaServer(me(), 1, 2))
    write_state(tmp_path, state)
    assert read_state(tmp_path) == state
    assert (tmp_path / "stack.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", ["", "{", "[]", '{"kafka": 1, "postgres": null}', '{"kafka": null}'])
def test_a_damaged_state_is_told_with_its_file(tmp_path: Path, content: str) -> None:
    (tmp_path / "stack.json").write_text(content)
    with pytest.raises(StackError, match=r"stack\.json: it is damaged"):
        read_state(tmp_path)


def test_free_ports_differ_and_are_free() -> None:
    ports = free_ports(3)
    assert len(set(ports)) == 3
    assert all(is_free(port) for port in ports)
