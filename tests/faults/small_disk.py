"""A disk so small that a test can fill it: a tmpfs, for which the tests have to run as root."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BALLAST = "ballast"
PIECE_BYTES = 64 * 1024


class SmallDisk:
    """A mounted folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        """Leaves not a byte."""
        with (self.folder / BALLAST).open("ab", buffering=0) as ballast:
            try:
                while ballast.write(b"x" * PIECE_BYTES):
                    pass
            except OSError:
                return  # it is full, which was to be reached

    def free(self) -> None:
        """Makes room again."""
        (self.folder / BALLAST).unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[SmallDisk]:
    """Mounts it for the block. Where that is not allowed, the test fails, and says so."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(folder)], check=True)
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
