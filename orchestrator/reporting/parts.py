"""Where exported files are, how each comes into being whole, and the manifest of a run.

``<folder>/<table>/day=2026-11-26/workspace=acme/part.parquet``, as Hive and what reads like it expect; a table of how
things stand now has no ``day=``. What begins with ``_`` or ``.`` those leave aside. A workspace whose name is too long
for a folder has one by its beginning and the digest of the whole; its rows name it as it is.
"""

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

from orchestrator.errors import ConfigurationError, OrchestratorError
from orchestrator.reporting.formats import FileFormat
from orchestrator.store.views import Column

MANIFEST = "_manifest.json"
LOCK = ".lock"
MOST_NAME_CHARS = 200  # of a folder's name 255 bytes is what file systems take
_WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)


@dataclass(frozen=True, slots=True)
class Part:
    """A file: ``path`` from the folder, ``day`` None where it is of how things stand now."""

    path: str
    table: str
    day: date | None
    workspace: str
    rows: int
    sha256: str


def path_of(table: str, day: date | None, workspace: str, file_format: FileFormat) -> str:
    """Where a part is, from the folder of the export."""
    of_day = [] if day is None else [f"day={day.isoformat()}"]
    name = quote(workspace, safe="")
    if len(name) > MOST_NAME_CHARS:
        digest = hashlib.sha256(workspace.encode()).hexdigest()
        name = f"{name[: MOST_NAME_CHARS - len(digest) - 1]}~{digest}"  # no workspace has a tilde
    return "/".join([table, *of_day, f"workspace={name}", f"part.{file_format}"])


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """While the block lasts no other run writes to the folder; where its file system has locks.

    Raises:
        ConfigurationError: another run does.
        OrchestratorError: the file system refuses.
    """
    with _told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK).open("w")
    with lock:  # the kernel gives it back when the process ends, however it ends
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigurationError(
                f"exporting days: another run writes to {folder}; let it end, or take another folder"
            ) from error
        except OSError as error:
            if error.errno not in _WITHOUT_LOCKS:
                raise OrchestratorError(f"locking {folder}: {error.strerror}") from error
        yield


@contextmanager
def becoming(path: Path) -> Iterator[Path]:
    """A place beside ``path`` to write to; at the end of the block it is ``path``, all at once, and safe on disk.

    A block that raises leaves ``path`` as it was.

    Raises:
        OrchestratorError: the file system refuses.
    """
    beside = _beside(path)
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield beside
            _sync(beside)
            beside.replace(path)
            _sync(path.parent)
        finally:
            beside.unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Removes a part that has no rows any more, and the folders that are empty then.

    Raises:
        OrchestratorError: the file system refuses.
    """
    with _told(path):
        for each in (path, _beside(path)):  # the second one of a run that was killed
            each.unlink(missing_ok=True)
        with suppress(OSError):  # not empty, or not there
            path.parent.rmdir()
            path.parent.parent.rmdir()


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(
    folder: Path,
    file_format: FileFormat,
    days: Sequence[date],
    columns: Mapping[str, Sequence[Column]],
    parts: Sequence[Part],
) -> None:
    """Says what a run has written; the same again when it has written the same. It is the last file of a run.

    Raises:
        OrchestratorError: the file system refuses.
    """
    document: dict[str, Any] = {
        "format": file_format,
        "days": [day.isoformat() for day in days],
        "tables": {
            table: [{"name": each.name, "type": each.type} for each in of_table] for table, of_table in columns.items()
        },
        "files": [{**asdict(part), "day": part.day and part.day.isoformat()} for part in parts],
    }
    with becoming(folder / MANIFEST) as beside:
        beside.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def check_folder(folder: Path, file_format: FileFormat) -> None:
    """Does nothing when the folder can take files of this format.

    Raises:
        ConfigurationError: it is a file, or has files of another format: who reads it would read both.
    """
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(f"exporting days: {folder} is a file; name a folder")
    manifest = folder / MANIFEST
    if not manifest.exists():
        return
    try:
        found = json.loads(manifest.read_text("utf-8"))["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"exporting days: {manifest} is none of ours: {error}; take another folder") from error
    if found != file_format:
        raise ConfigurationError(f"exporting days: {folder} has files of the format {found}; take another folder")


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.tmp")


def _sync(path: Path) -> None:
    """Has what was written to a file, or which names a folder has, safe on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OrchestratorError(
            f"writing {path}: {error.strerror or error}; make room or rights, and run it again"
        ) from error
