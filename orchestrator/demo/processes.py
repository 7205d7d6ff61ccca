"""The demo's own processes: started apart from it, watched, and stopped by pid; also those an earlier demo left."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from orchestrator.errors import StackError
from orchestrator.local.process import ServerProcess, spawn, tail

FILE = "processes.json"
GRACE_S = 10.0  # from asking a process to end to ending it
WATCH_S = 0.2
_DEMO = "demo"


@dataclass(frozen=True, slots=True)
class Child:
    """One process of the demo, and the file its output goes to."""

    name: str
    process: ServerProcess
    log: Path


class Processes:
    """Starts ``python -m orchestrator NAME`` for several names. ``folder`` keeps their logs and who they are."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children: list[Child] = []

    def start(self, name: str, environment: Mapping[str, str]) -> None:
        """Starts one, with these settings and no others of ours in its environment.

        Raises:
            StackError: it cannot be executed.
        """
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("ORCHESTRATOR_")}
        # Python ignores an -X it does not know; with it the process can be told from every other one.
        mark = f"orchestrator-demo={self._folder}/{name}"
        log = self._folder / f"{name}.log"
        command = [sys.executable, "-X", mark, "-m", "orchestrator", name]
        process = spawn(command, mark=mark, log=log, env={**inherited, **environment})
        self._children.append(Child(name, process, log))
        _write(self._folder, [_this_process(), *((child.name, child.process) for child in self._children)])

    async def watch(self) -> None:
        """Returns never.

        Raises:
            StackError: as soon as one of them has ended, with the last lines of its log.
        """
        while True:
            for child in self._children:
                if not child.process.is_running():
                    raise StackError(f"running the demo: its {child.name} has ended; {tail(child.log)}")
            await asyncio.sleep(WATCH_S)

    def start_again(self, name: str, environment: Mapping[str, str]) -> None:
        """Ends the one of this name, and starts it with other settings.

        Raises:
            StackError: it cannot be executed.
        """
        for child in [child for child in self._children if child.name == name]:
            self._children.remove(child)
            _end(child.process)
        self.start(name, environment)

    def stop(self) -> None:
        """Ends them, the last started first; one that does not end in time is killed."""
        while self._children:
            _end(self._children.pop().process)
        (self._folder / FILE).unlink(missing_ok=True)


def stop_leftovers(folder: Path) -> bool:
    """Ends what an earlier demo in this folder has left running, and that demo itself; whether there was anything."""
    left = [(name, process) for name, process in _read(folder) if process.is_running()]
    # The demo itself first: it stops its own processes.
    for name, process in sorted(left, key=lambda named: named[0] != _DEMO):
        if process.pid != os.getpid():
            _end(process, 3 * GRACE_S if name == _DEMO else GRACE_S)
    return bool(left)


def _end(process: ServerProcess, grace_s: float = GRACE_S) -> None:
    try:
        process.stop(deadline_s=grace_s)
    except StackError:
        process.stop(signal.SIGKILL)


def _this_process() -> tuple[str, ServerProcess]:
    process = psutil.Process()
    return _DEMO, ServerProcess(process.pid, process.create_time(), process.cmdline()[-1])


def _write(folder: Path, processes: list[tuple[str, ServerProcess]]) -> None:
    partial = folder / f"{FILE}.partial"
    partial.write_text(json.dumps([{"name": name, **asdict(process)} for name, process in processes], indent=1))
    partial.rename(folder / FILE)


def _read(folder: Path) -> list[tuple[str, ServerProcess]]:
    file = folder / FILE
    if not file.exists():
        return []
    try:
        return [(each.pop("name"), ServerProcess(**each)) for each in json.loads(file.read_text())]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StackError(
            f"reading {file}: it is damaged ({error}); end the processes it names and remove it"
        ) from error
