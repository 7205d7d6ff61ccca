"""Commands of the program, each in a process of its own, forked from one that has loaded the program already.

Loading takes most of a second, and the tests give hundreds of commands. What a process inherits so is code alone:
arguments, environment, folder, input and output are its own. ``tests/integration/test_cli.py`` also starts one from
nothing.
"""

import atexit
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

PATIENCE_S = 120
# What commands load when they are called, apart from their own modules.
LOADED = ("orchestrator.backtest.commands", "orchestrator.kafka.clients", "orchestrator.store.pool", "httpx")


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it printed where."""

    code: int
    out: str
    err: str


def run_command(words: tuple[str, ...], environment: Mapping[str, str], folder: Path) -> Ended:
    """Runs ``orchestrator`` with these words to its end; nobody answers what it asks."""
    with tempfile.TemporaryDirectory() as kept:
        out, err = Path(kept, "out"), Path(kept, "err")
        order = {
            "words": words,
            "environment": dict(environment),
            "folder": str(folder),
            "out": str(out),
            "err": str(err),
        }
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(PATIENCE_S)
            line.connect(_address())
            line.sendall(json.dumps(order).encode())
            line.shutdown(socket.SHUT_WR)
            said = b"".join(iter(lambda: line.recv(16), b""))
        if not said:
            raise AssertionError(f"orchestrator {' '.join(words)} was killed: {err.read_text()}")
        return Ended(int(said), out.read_text("utf-8"), err.read_text("utf-8"))


_starting = Lock()
_started: list[str] = []


def _address() -> str:
    """Where the process that has loaded the program takes orders; it is started for the first of them."""
    with _starting:
        if not _started:
            folder = tempfile.TemporaryDirectory()
            address = str(Path(folder.name, "orders"))
            loaded = subprocess.Popen(
                [sys.executable, "-m", __name__, address],
                cwd=Path(__file__).parents[1],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            assert loaded.stdout is not None
            assert loaded.stdout.readline() == b"ready\n"
            _started.append(address)
            atexit.register(_stop, loaded, folder)
    return _started[0]


def _stop(loaded: "subprocess.Popen[bytes]", folder: "tempfile.TemporaryDirectory[str]") -> None:
    loaded.communicate(timeout=PATIENCE_S)  # it ends when its input does
    folder.cleanup()


def _serve(address: str) -> None:
    """Takes orders until the input ends, each in a child."""
    import orchestrator.cli

    for each in pkgutil.iter_modules(orchestrator.cli.__path__, "orchestrator.cli."):
        importlib.import_module(each.name)
    for name in LOADED:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them here: they tell their end themselves
    with socket.socket(socket.AF_UNIX) as orders:
        orders.bind(address)
        orders.listen()
        os.write(1, b"ready\n")
        while orders in select.select([orders, sys.stdin], [], [])[0]:
            line, _ = orders.accept()
            if os.fork() == 0:
                orders.close()
                _carry_out(line)
            line.close()


def _carry_out(line: socket.socket) -> None:
    """Runs one command, tells how it ended, and ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    order = json.loads(b"".join(iter(lambda: line.recv(1 << 16), b"")))
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    for number, name in enumerate((os.devnull, order["out"], order["err"])):
        opened = os.open(name, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["orchestrator", *order["words"]]
    sys.modules["__main__"].__package__ = None  # by which typer would call the program `python -m tests…`
    from orchestrator.cli.app import main

    code = 1
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        line.sendall(str(code).encode())
        os._exit(code)


if __name__ == "__main__":
    _serve(sys.argv[1])
