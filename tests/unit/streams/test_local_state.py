"""A damaged local store is noticed by whoever reads all of it, told in our words, and dropped at the next start."""

import math
import os
import shutil
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from rocksdict import Options, Rdict, WriteBatch

from orchestrator.errors import ProcessingHalted, StateUnreadable
from orchestrator.streams.local_state import MARK, entries, explained, keys, open_folder, watch_disk


def a_store(folder: Path, count: int) -> Rdict:
    options = Options(raw_mode=True)
    store = Rdict(str(folder), options)
    batch = WriteBatch(raw_mode=True)
    for number in range(count):
        batch.put(b"acme:c%05d" % number, os.urandom(100))
    store.write(batch)
    return store


def damage(folder: Path) -> None:
    """Flips a bit in the middle of every table's data; what is read at the opening stands at its end and is spared."""
    for file in folder.glob("*.sst"):
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)


@pytest.mark.parametrize("count", [0, 1, 3_000])
def test_a_sound_store_is_read_from_its_first_to_its_last_entry(tmp_path: Path, count: int) -> None:
    store = a_store(tmp_path / "store", count)
    wanted = [b"acme:c%05d" % number for number in range(count)]
    assert [key for key, _ in entries(store)] == wanted
    assert list(keys(store, b"acme:c00001")) == wanted[1:]
    assert list(keys(store, b"z")) == []
    store.close()


def test_a_damaged_store_is_never_taken_for_a_short_one(tmp_path: Path) -> None:
    a_store(tmp_path / "store", 3_000).close()
    damage(tmp_path / "store")
    store = Rdict(str(tmp_path / "store"), Options(raw_mode=True))
    assert len(list(store.items())) < 3_000  # rocksdict's own way: this is what entries() is for
    with pytest.raises(Exception, match="Corruption"):
        list(entries(store))
    with pytest.raises(Exception, match="Corruption"):
        list(keys(store, b"acme:c00001"))
    store.close()


def test_damage_is_told_and_the_next_start_begins_with_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "v1").mkdir()
    (tmp_path / "v1" / "file").touch()
    open_folder(tmp_path)
    assert (tmp_path / "v1" / "file").exists()
    try:
        raise ProcessingHalted("Faust gave up") from Exception("Corruption: block checksum mismatch")
    except ProcessingHalted as error:
        told = explained(error, tmp_path)
    assert isinstance(told, StateUnreadable)
    assert "block checksum mismatch" in str(told)
    open_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert not (tmp_path / MARK).exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("IO error: No space left on device: While appending to file: /x/1.log", "Make room"),
        ("IO error: Input/output error: /x/1.sst", "the disk fails"),
    ],
)
def test_a_disk_that_fails_is_told_and_nothing_is_dropped(tmp_path: Path, text: str, words: str) -> None:
    told = explained(Exception(text), tmp_path)
    assert isinstance(told, ProcessingHalted)
    assert words in str(told)
    assert list(tmp_path.iterdir()) == []


def test_other_errors_stay_what_they_are(tmp_path: Path) -> None:
    error = ValueError("Corruption of something else")
    assert explained(error, tmp_path) is error


def test_the_room_on_the_disk_is_told_and_is_unknown_when_the_folder_is_gone(tmp_path: Path) -> None:
    watch_disk(tmp_path)
    usage = shutil.disk_usage(tmp_path)
    assert REGISTRY.get_sample_value("orchestrator_state_capacity_bytes") == usage.total
    free = REGISTRY.get_sample_value("orchestrator_state_free_bytes")
    assert free is not None
    assert 0 < free <= usage.total
    watch_disk(tmp_path / "gone")
    gone = REGISTRY.get_sample_value("orchestrator_state_free_bytes")
    assert gone is not None
    assert math.isnan(gone)
