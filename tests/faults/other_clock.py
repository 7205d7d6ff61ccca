"""A worker whose clock on the wall goes wrong: ``CLOCK=FILE python -m tests.faults.other_clock MODULE``.

The file holds by how many seconds it is wrong, and may be rewritten while the worker runs. What runs by the monotonic
clock (timeouts, retries) goes right, as it does when NTP or a person sets a machine's clock.
"""

import mmap
import os
import runpy
import struct
import sys
import time
from pathlib import Path

VARIABLE = "CLOCK"
_WRONG_BY = struct.Struct("d")


class Clock:
    """The file, for the test that sets the clock."""

    def __init__(self, file: Path, wrong_by_s: float = 0.0) -> None:
        file.write_bytes(_WRONG_BY.pack(wrong_by_s))
        self._file = file

    def is_wrong_by(self, seconds: float) -> None:
        """From now on."""
        with self._file.open("r+b") as file:  # in place: a running worker looks into this very file
            file.write(_WRONG_BY.pack(seconds))

    @property
    def environment(self) -> dict[str, str]:
        """What a worker needs to go by this clock."""
        return {VARIABLE: str(self._file)}


def main() -> None:
    """Bends the clock, and runs the module as if it had been started itself."""
    right = time.time
    with Path(os.environ[VARIABLE]).open("rb") as file:
        content = mmap.mmap(file.fileno(), _WRONG_BY.size, access=mmap.ACCESS_READ)
    time.time = lambda: right() + _WRONG_BY.unpack(content[: _WRONG_BY.size])[0]
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
