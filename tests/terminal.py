"""A shell at a terminal, for who follows a text: one command after the other, and what is then to be seen."""

import contextlib
import os
import pty
import re
import signal
import subprocess
import termios
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

COLUMNS = 120
PATIENCE_S = 120.0
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# How progress is taken away again: the line is written over, or the cursor goes up a line and clears it.
_DRAWN_OVER = re.compile(r"[^\n]*\r(?!\n)")
_TAKEN_BACK = re.compile(r"[^\n]*\n(?:\x1b\[\?25h)?\x1b\[1A\x1b\[2K")


class Terminal:
    """A running bash that ends at the first command that fails, as nobody would go on typing then."""

    def __init__(self, process: "subprocess.Popen[bytes]", screen: int) -> None:
        self._process = process
        self._screen = screen
        self._seen = bytearray()
        self._typed = 0
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        with contextlib.suppress(OSError):  # how the end of a terminal is told
            while more := os.read(self._screen, 65_536):
                self._seen += more

    def type_in(self, commands: str) -> str:
        """What is to be seen when all of it has been carried out.

        Raises:
            AssertionError: one of the commands failed, or takes too long; with what was to be seen.
        """
        self._typed += 1
        end = f"end of block {self._typed}"
        begin = len(self._seen)
        assert self._process.stdin is not None
        self._process.stdin.write(f"{{\n{commands}\n}} </dev/null; echo '{end}'\n".encode())
        self._process.stdin.flush()
        deadline = time.monotonic() + PATIENCE_S
        while (said := bytes(self._seen[begin:]).decode()).find(f"{end}\r\n") < 0:
            assert self._process.poll() is None, f"failed: {commands}\n{_as_shown(said)}"
            assert time.monotonic() < deadline, f"takes too long: {commands}\n{_as_shown(said)}"
            time.sleep(0.02)
        return _as_shown(said.replace(f"{end}\r\n", ""))

    def close(self) -> None:
        """Ends the shell and whatever it has started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        os.close(self._screen)


def _as_shown(said: str) -> str:
    lines = _TAKEN_BACK.sub("", said.replace("\r\n", "\n").replace("\r\x1b[1A", "\x1b[1A"))
    return _DRAWN_OVER.sub("", _COLOURS.sub("", lines))


@contextlib.contextmanager
def a_terminal(folder: Path, environment: Mapping[str, str]) -> Iterator[Terminal]:
    """A terminal in that folder. What was typed has to stop what it started; what it left is killed."""
    screen, end = pty.openpty()
    termios.tcsetwinsize(end, (50, COLUMNS))
    process = subprocess.Popen(
        ["bash", "-eo", "pipefail"],
        cwd=folder,
        env={**environment, "NO_COLOR": "1", "TERM": "xterm", "COLUMNS": str(COLUMNS)},
        stdin=subprocess.PIPE,
        stdout=end,
        stderr=end,
        start_new_session=True,
    )
    os.close(end)
    terminal = Terminal(process, screen)
    try:
        yield terminal
    finally:
        terminal.close()
