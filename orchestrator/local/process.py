"""Server processes that outlive their starter: started apart from it, known again later, stopped by their identity.

A pid alone is not an identity, since the system uses it again. A server is known by pid, start time and the folder its
command line names, so that a state file left by a crash or a reboot can never lead to a stranger's end.
"""

import pwd
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import psutil

from orchestrator.errors import StackError

# The start time is computed from the boot time, which clock corrections move a little.
START_TIME_TOLERANCE_S = 5.0
STOP_DEADLINE_S = 30.0
LOG_TAIL_LINES = 15

# Children of this very process, kept so that they can be reaped when they end.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A server that was started here, now or in an earlier run. ``started`` is Unix time in seconds.

    ``mark`` is a word of its command line that no other process has (the path of its own configuration or data).
    """

    pid: int
    started: float
    mark: str

    def is_running(self) -> bool:
        """Whether this very process still runs; False for a zombie and for a stranger with the same pid."""
        return self._find() is not None

    def stop(self, how: signal.Signals = signal.SIGTERM, deadline_s: float = STOP_DEADLINE_S) -> None:
        """Asks the process to end (``how``) and waits for it; no error when it has already ended.

        Raises:
            StackError: when it is still there after ``deadline_s``; it is left running, so that no data is harmed.
        """
        process = self._find()
        if process is None:
            self._reap()
            return
        try:
            process.send_signal(how)
            process.wait(deadline_s)
        except psutil.NoSuchProcess:
            pass  # ended between the look and the signal
        except psutil.TimeoutExpired as error:
            # A zombie has ended: its parent just has not asked for the exit code.
            if self.is_running():
                raise StackError(
                    f"stopping process {self.pid} ({self.mark}): still running after {deadline_s:.0f} s; "
                    f"look at its log, or end it with `kill -9 {self.pid}`"
                ) from error
        self._reap()

    def _find(self) -> psutil.Process | None:
        child = _children.get(self.pid)
        try:
            process = psutil.Process(self.pid)
            if child is not None and child.poll() is None:
                # Our own child is no stranger, and just after its start it has no command line to know it by.
                return process
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            same_start = abs(process.create_time() - self.started) <= START_TIME_TOLERANCE_S
            return process if same_start and any(self.mark in word for word in process.cmdline()) else None
        except psutil.NoSuchProcess:
            return None

    def _reap(self) -> None:
        if (child := _children.pop(self.pid, None)) is not None:
            child.wait()


def spawn(
    command: Sequence[str],
    *,
    mark: str,
    log: Path,
    user: str | None = None,
    env: Mapping[str, str] | None = None,
) -> ServerProcess:
    """Starts a server in its own session, its output appended to ``log``, optionally as another ``user``.

    Raises:
        StackError: when the program cannot be executed.
    """
    with log.open("ab") as output:
        try:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=env,
                start_new_session=True,
                **identity(user),
            )
        except OSError as error:
            raise StackError(f"starting {command[0]}: {error}") from error
    _children[child.pid] = child
    try:
        return ServerProcess(child.pid, psutil.Process(child.pid).create_time(), mark)
    except psutil.NoSuchProcess as error:
        raise StackError(f"starting {command[0]}: it ended at once; {tail(log)}") from error


class Identity(TypedDict, total=False):
    """Arguments of ``subprocess`` that say as whom a command runs."""

    user: int
    group: int
    extra_groups: list[int]


def identity(user: str | None) -> Identity:
    """Runs a command as ``user``, in its group and in none of ours; as ourselves when it is None."""
    if user is None:
        return {}
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def tail(log: Path, lines: int = LOG_TAIL_LINES) -> str:
    """The last lines of a log file, for an error message."""
    if not log.exists():
        return f"there is no log at {log}"
    text = log.read_text(errors="replace").rstrip().splitlines()[-lines:]
    return f"its log {log} ends with:\n" + "\n".join(text) if text else f"its log {log} is empty"
