"""A PostgreSQL server without Docker: TCP on the loopback address, a generated password, its data in one folder.

PostgreSQL refuses to run as root. Root therefore runs it as the system's ``postgres`` user, else as ``nobody``, which
gets a folder of its own. When that user cannot reach the wished folder (home folders are closed to others), the data
goes to ``/var/tmp/orchestrator-postgres-<hash of the wished folder>`` instead; progress and status say so.

Layout of the folder: ``data/``, ``password``, ``postgres.log``, and
``programs/`` where the wheel's programs had to be copied.
"""

import hashlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from orchestrator.errors import StackError
from orchestrator.local.jars import Progress
from orchestrator.local.ports import LOOPBACK, free_ports, is_free
from orchestrator.local.postgres_binaries import VARIABLE, Binaries
from orchestrator.local.process import ServerProcess, identity, spawn, tail

NAME = "orchestrator"  # of the superuser and of the database
START_DEADLINE_S = 60.0
LEFTOVER_DEADLINE_S = 15.0
POLL_S = 0.05
LOG = "postgres.log"
PASSWORD = "password"  # noqa: S105 - the name of its file, which only the owner can read
PASSWORD_BYTES = 24
STAND_INS = ("postgres", "nobody")
OPEN_PLACE = Path("/var/tmp")  # noqa: S108 - kept across reboots, and every user can reach it; the folder is private
FAST_SHUTDOWN = signal.SIGINT  # ends sessions and writes a checkpoint; SIGTERM would wait for the clients to go


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A started server: its process, its port and its folder."""

    process: ServerProcess
    port: int
    folder: Path

    @property
    def dsn(self) -> str:
        """The connection URL, with the password that is read from the server's folder.

        Raises:
            StackError: when it is not there.
        """
        file = self.folder / PASSWORD
        try:
            password = file.read_text()
        except OSError as error:
            raise StackError(f"reading PostgreSQL's password: {error}; remove {self.folder} to begin anew") from error
        return f"postgresql://{NAME}:{password}@{LOOPBACK}:{self.port}/{NAME}"

    def stop(self) -> None:
        """Ends it with a checkpoint; waits until it has ended."""
        self.process.stop(FAST_SHUTDOWN)


def stand_in() -> str | None:
    """The user to run the server as: None for ourselves, another one when we are root.

    Raises:
        StackError: when we are root and there is neither ``postgres`` nor ``nobody``.
    """
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in STAND_INS:
        if name in known:
            return name
    raise StackError(f"starting PostgreSQL as root: it needs another user, and there is none of {', '.join(STAND_INS)}")


def place_for(wished: Path, user: str | None) -> Path:
    """The folder for the data: the wished one, or an open place when ``user`` cannot reach it."""
    wished = wished.absolute()
    if user is None or _can(user, "-x", wished.parent):
        return wished
    return OPEN_PLACE / f"orchestrator-postgres-{hashlib.sha256(str(wished).encode()).hexdigest()[:16]}"


def start_postgres(
    wished: Path, binaries: Binaries, port: int | None, durable: bool, progress: Progress
) -> PostgresServer:
    """Starts the server on what the folder holds, making the cluster and its database first when it is new.

    ``port`` is that of the last run, used again when it is free. ``durable=False`` leaves out the flush to disk, for
    data that need not outlive the machine's next crash. Does not wait until it answers.

    Raises:
        StackError: when the programs, the folder or the user make it impossible.
    """
    user = stand_in()
    folder = place_for(wished, user)
    if folder != wished.absolute():
        progress(f"PostgreSQL's data is in {folder}: the user {user} cannot reach {wished.parent}")
    _make_private(folder, user)
    binaries = _within_reach(binaries, folder, user)
    data = folder / "data"
    if not data.exists():
        progress(f"Making a PostgreSQL {binaries.major} database")
        _make_cluster(binaries, data, user)
    _check_version(data, binaries)
    _await_end_of_leftovers(data)
    if port is None or not is_free(port):
        (port,) = free_ports(1)
    progress(f"Starting PostgreSQL {binaries.major} on port {port}")
    options = {
        "listen_addresses": LOOPBACK,
        "port": str(port),
        "unix_socket_directories": "",  # a socket's path may be too long, and would be one more door
        "timezone": "UTC",
        "log_timezone": "UTC",
        "fsync": "on" if durable else "off",
    }
    command = [
        str(binaries.folder / "postgres"),
        "-D",
        str(data),
        *(f"--{name}={value}" for name, value in options.items()),
    ]
    process = spawn(command, mark=str(data), log=folder / LOG, user=user, env=_environment())
    return PostgresServer(process, port, folder)


def await_postgres(server: PostgresServer, binaries: Binaries) -> bool:
    """Waits until the server accepts connections; False when it ends instead.

    Raises:
        StackError: when it runs but does not answer in time; with the last lines of its log.
    """
    question = [str(binaries.folder / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(server.port), "-d", NAME]
    deadline = time.monotonic() + START_DEADLINE_S
    while server.process.is_running():
        if subprocess.run(question, check=False, env=_environment()).returncode == 0:
            return True
        if time.monotonic() > deadline:
            raise StackError(
                f"waiting for PostgreSQL on port {server.port}: no answer within {START_DEADLINE_S:.0f} s; "
                + postgres_log(server)
            )
        time.sleep(POLL_S)
    return False


def postgres_log(server: PostgresServer) -> str:
    """The end of the server's log, for an error message."""
    return tail(server.folder / LOG)


def _make_cluster(binaries: Binaries, data: Path, user: str | None) -> None:
    """Makes the cluster and the database beside their place and moves them there whole, so none is ever half made."""
    partial = data.with_name("data.partial")
    shutil.rmtree(partial, ignore_errors=True)
    password = data.with_name(PASSWORD)
    password.unlink(missing_ok=True)
    password.touch(0o600)
    password.write_text(secrets.token_urlsafe(PASSWORD_BYTES))
    if user is not None:
        shutil.chown(password, user)
    initdb = [
        str(binaries.folder / "initdb"), "-D", str(partial), "-U", NAME, "-A", "scram-sha-256",
        f"--pwfile={password}", "-E", "UTF8", "--locale=C", "--no-instructions",
    ]  # fmt: skip
    _run("making a PostgreSQL cluster", initdb, user)
    single = [str(binaries.folder / "postgres"), "--single", "-D", str(partial), "postgres"]
    _run("making the database", single, user, f"CREATE DATABASE {NAME};\n")
    partial.rename(data)


def _check_version(data: Path, binaries: Binaries) -> None:
    made_by = int((data / "PG_VERSION").read_text())
    if made_by != binaries.major:
        raise StackError(
            f"starting PostgreSQL {binaries.major} on {data}: that was made by version {made_by}; "
            f"name a folder with version {made_by} in {VARIABLE}, or remove {data.parent} to begin anew"
        )


def _await_end_of_leftovers(data: Path) -> None:
    """Waits for what a killed server left running in the data folder, then removes its lock if that names a stranger.

    A server refuses to start while any process has the pid in ``postmaster.pid``, also a zombie that nobody has reaped.
    The lock stays otherwise: by it the server checks itself that nobody has its shared memory.
    """
    deadline = time.monotonic() + LEFTOVER_DEADLINE_S
    while leftovers := [process.pid for process in psutil.process_iter() if _works_in(process, data)]:
        if time.monotonic() > deadline:
            raise StackError(
                f"starting PostgreSQL on {data}: another server or what is left of it still runs there "
                f"(process {', '.join(map(str, leftovers))}); end it first"
            )
        time.sleep(POLL_S)
    lock = data / "postmaster.pid"
    if lock.exists() and _is_stranger(int(lock.read_text().split(maxsplit=1)[0])):
        lock.unlink()


def _is_stranger(pid: int) -> bool:
    """Whether a process has this pid that cannot be a PostgreSQL server."""
    try:
        process = psutil.Process(pid)
        return process.status() == psutil.STATUS_ZOMBIE or not process.name().startswith("postgres")
    except psutil.NoSuchProcess:
        return False


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.cwd() == str(folder.resolve())
    except (psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied):
        return False


def _make_private(folder: Path, user: str | None) -> None:
    """Makes the folder, for its user only; refuses one that someone else has put there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    if user is not None and not folder.is_symlink() and folder.stat().st_uid == 0:
        shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
    owner = folder.owner()
    if folder.is_symlink() or (user is not None and owner != user):
        raise StackError(f"starting PostgreSQL in {folder}: it belongs to {owner}, not to {user}; remove it")


def _within_reach(binaries: Binaries, folder: Path, user: str | None) -> Binaries:
    """The same programs, copied into ``folder`` when ``user`` cannot run them where they are (a closed home folder)."""
    if user is None or _can(user, "-x", binaries.folder / "postgres"):
        return binaries
    if binaries.tree is None:
        raise StackError(f"starting PostgreSQL: the user {user} cannot run {binaries.folder / 'postgres'}")
    package = binaries.tree.parent
    copy = folder / "programs" / package.name / binaries.tree.name
    if not copy.exists():
        partial = folder / "programs.partial"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(binaries.tree, partial / package.name / binaries.tree.name, symlinks=True)
        # The programs look for their libraries in this folder beside the package.
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, partial / libraries.name, symlinks=True)
        partial.rename(folder / "programs")
    return Binaries(copy / binaries.folder.relative_to(binaries.tree), binaries.major, copy)


def _can(user: str, test: str, path: Path) -> bool:
    answer = subprocess.run(["test", test, str(path)], check=False, cwd="/", **identity(user))
    return answer.returncode == 0


def _run(doing: str, command: Sequence[str], user: str | None, text: str = "") -> None:
    answer = subprocess.run(
        command, input=text, capture_output=True, text=True, check=False, cwd="/", env=_environment(), **identity(user)
    )
    # The single-user server ends with 0 even when a statement was refused.
    if answer.returncode != 0 or "ERROR:" in answer.stderr:
        raise StackError(f"{doing} with {command[0]}: {(answer.stderr or answer.stdout).strip()[-1_000:]}")


def _environment() -> dict[str, str]:
    """Nothing of ours but the search path: variables such as PGPORT would change what the programs do."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
