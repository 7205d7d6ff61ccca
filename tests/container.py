"""A process as a container has it, without Docker: the image's user, no rights, nowhere to write, process 1 of its own.

Mounts and process ids are kept apart by the kernel (``unshare``), for which the tests have to run as root. The network
is the machine's: the addresses of a composition are replaced by those of the test.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

USER = 10001  # as in deploy/Dockerfile
# Arguments: the folder that stands for the volume, its place, a free folder, the interpreter's folder, the outermost
# folder on the way to it that others may not enter; then the command.
_SCRIPT = f"""\
set -eu
volume=$1 place=$2 free=$3 python=$4 closed=$5
shift 5
mount --make-rprivate /
if [ -n "$closed" ]; then
  mount --bind "$python" "$free"
  mount -t tmpfs -o mode=755 tmpfs "$closed"
  mkdir -p "$python"
  mount --bind "$free" "$python"
fi
mount --bind "$volume" "$free"
mount -t tmpfs -o mode=755 tmpfs "$(dirname "$place")"
mkdir "$place"
mount --bind "$free" "$place"
while read -r _ target _; do
  case "$target" in
    /proc* | /sys* | /dev | "$place") ;;
    *) mount -o remount,bind,ro "$target" ;;
  esac
done < /proc/self/mounts
exec setpriv --reuid {USER} --regid {USER} --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all -- "$@"
"""


class Container:
    """One process, started. ``place`` is where it finds ``volume``, the only folder it may write to."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], volume: Path, place: str, log: Path, root: Path
    ) -> None:
        volume.mkdir(parents=True, exist_ok=True)
        volume.chmod(0o777)
        free = volume.with_name(f"{volume.name}.mount")
        free.mkdir(exist_ok=True)
        self.log = log
        python = Path(sys.base_prefix)
        arguments = [str(volume), place, str(free), str(python), str(_closed(python) or "")]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [
                    *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
                    *("sh", "-c", _SCRIPT, "container", *arguments, *command),
                ],
                cwd=root,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def stop(self, patience_s: float) -> int:
        """SIGTERM to its process 1; the exit code. Fails when it has not ended in time."""
        for child in psutil.Process(self.process.pid).children():
            child.terminate()
        return self.process.wait(patience_s)

    def kill(self) -> None:
        """Makes sure nothing is left running."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def said(self) -> str:
        """The end of what it has printed."""
        return self.log.read_text(errors="replace")[-4_000:]


def _closed(folder: Path) -> Path | None:
    """The outermost folder on the way that others than its owner may not pass through."""
    ways = [*reversed(folder.parents), folder]
    return next((way for way in ways if not way.stat().st_mode & 0o001), None)
