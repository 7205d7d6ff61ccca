"""The local copies of the states: read whole, or not at all; dropped when they are damaged. The changelog is the truth.

RocksDB finds damage by the checksums of its blocks. rocksdict tells it by a plain ``Exception``, and its iterators do
not tell it: they end at a damaged block as if nothing came behind it, so that a customer's wait would be forgotten
without a word. Whoever has to see everything reads by ``entries`` or ``keys``.

A damaged copy is not repaired. A mark is left in its folder, the process ends, and the next start begins with an empty
folder and recovers.
"""

import logging
import math
import shutil
from collections.abc import Iterator
from pathlib import Path

from rocksdict import Rdict, ReadOptions

from orchestrator.errors import ProcessingHalted, StateUnreadable
from orchestrator.telemetry.metrics import STATE_CAPACITY_BYTES, STATE_FREE_BYTES

log = logging.getLogger(__name__)

MARK = "damaged"
_DAMAGE, _IO, _FULL = "Corruption", "IO error", "No space left"  # in RocksDB's words


def watch_disk(folder: Path) -> None:
    """Has the metrics say how much room the disk of ``folder`` has whenever they are asked; NaN: nobody can say."""
    STATE_FREE_BYTES.set_function(lambda: _room(folder)[1])
    STATE_CAPACITY_BYTES.set_function(lambda: _room(folder)[0])


def _room(folder: Path) -> tuple[float, float]:
    """The size of the folder's disk and what is free of it, in bytes."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError:  # it is gone: the other metrics are told all the same
        return math.nan, math.nan
    return usage.total, usage.free


def entries(store: Rdict, how: ReadOptions | None = None) -> Iterator[tuple[bytes, bytes]]:
    """Every key with its value, in order, as they stand at the first step.

    Raises:
        Exception: RocksDB's, when a part of the store is damaged; see ``explained``.
    """
    key: bytes | None = None
    for key, value in store.items(read_opt=how):
        yield key, value
    _check_end(store, key)


def keys(store: Rdict, from_key: bytes) -> Iterator[bytes]:
    """Every key from ``from_key`` on, in order; raises as ``entries``."""
    key = from_key
    for key in store.keys(from_key=from_key):
        yield key
    _check_end(store, key)


def _check_end(store: Rdict, last: bytes | None) -> None:
    """Looks once more behind the last key that was found: this iterator says why there is nothing."""
    iterator = store.iter()
    if last is None:
        iterator.seek_to_first()
    else:
        iterator.seek(last)
        if iterator.valid():
            iterator.next()
    iterator.status()


def explained(error: BaseException, folder: Path) -> BaseException:
    """An error of our own for what RocksDB told about the files in ``folder``; other errors as they are.

    Damage is noted in the folder, for ``open_folder``.
    """
    told = _told_by_rocksdb(error)
    if told is None:
        return error
    if _DAMAGE in told:
        try:
            (folder / MARK).touch()
        except OSError as failure:
            return StateUnreadable(f"reading the local state in {folder}: {told}; remove the folder ({failure})")
        return StateUnreadable(
            f"reading the local state in {folder}: it is damaged ({told}); it is not used any more: the next start "
            "drops it and reads the states from the changelog"
        )
    if _FULL in told:
        return ProcessingHalted(
            f"writing the local state in {folder}: the disk is full ({told}); nothing was acknowledged that is not "
            "in the changelog. Make room, and the next start goes on where this one was"
        )
    return ProcessingHalted(f"using the local state in {folder}: the disk fails ({told})")


def _told_by_rocksdb(error: BaseException | None) -> str | None:
    while error is not None:
        text = str(error)
        if type(error) is Exception and text.startswith((_DAMAGE, _IO)):
            return " ".join(text.split())
        error = error.__cause__
    return None


def open_folder(folder: Path) -> None:
    """Makes the folder if need be, and empties it when what it holds was found to be damaged."""
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / MARK
    if not mark.exists():
        return
    for child in folder.iterdir():
        if child.is_dir():
            shutil.rmtree(child)
    mark.unlink()  # last: a death in between begins again
    log.warning(
        "Dropped the damaged local state in %s; the states are read from the changelog",
        folder,
        extra={"action": "local_state_dropped"},
    )
