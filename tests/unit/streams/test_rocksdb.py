"""The stores of a worker share their memory, as Faust opens them."""

import time
from pathlib import Path
from typing import Any

import pytest
from rocksdict import Rdict, WriteBatch

from orchestrator.catalog import Catalog
from orchestrator.settings import Settings
from orchestrator.streams import rocksdb
from orchestrator.streams.faust_app import FaustApp
from orchestrator.streams.rocksdb import MIB, SharedMemory

PATIENCE_S = 60.0


def fill(stores: list[Rdict], mebibytes: int) -> None:
    """Writes so much to each, a little to one after the other, as batches of partitions come."""
    for block in range(mebibytes * 16):
        for store in stores:
            batch = WriteBatch(raw_mode=True)
            for number in range(64):
                batch.put(b"%05d-%05d" % (block, number), bytes(1024))
            store.write(batch)


def test_write_buffers_of_many_partitions_stay_within_one_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rocksdb, "WRITE_BUFFERS_BYTES", 16 * MIB)
    memory = SharedMemory()
    stores = [memory.open(tmp_path / str(number)) for number in range(12)]
    fill(stores, 8)  # each for itself would keep it in memory: 96 MiB
    least = 2 * MIB + MIB // 16  # 1 or 2 MiB are the least that one takes, and some bytes to find its way in them
    most = 16 * MIB + len(stores) * least
    deadline = time.monotonic() + PATIENCE_S
    while memory.buffers.get_usage() > most and time.monotonic() < deadline:  # they go to the disk in the background
        time.sleep(0.05)
    assert memory.buffers.get_usage() <= most
    assert memory.cache.get_usage() >= memory.buffers.get_usage()
    assert {store.get(b"%05d-%05d" % (127, 63)) for store in stores} == {bytes(1024)}
    for store in stores:
        store.close()


def test_blocks_indexes_and_filters_of_many_partitions_stay_within_one_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rocksdb, "CACHE_BYTES", 8 * MIB)
    monkeypatch.setattr(rocksdb, "WRITE_BUFFERS_BYTES", 4 * MIB)
    memory = SharedMemory()
    stores = [memory.open(tmp_path / str(number)) for number in range(8)]
    fill(stores, 4)
    for store in stores:
        store.flush()
    for store in stores:
        assert sum(1 for _ in store.items()) == 4 * 16 * 64
    assert MIB < memory.cache.get_usage() <= 9 * MIB
    for store in stores:
        store.close()


def test_a_store_that_is_opened_again_is_in_the_shared_memory_too(tmp_path: Path) -> None:
    store = SharedMemory().open(tmp_path / "store")
    fill([store], 2)
    store.flush()
    store.close()
    memory = SharedMemory()
    store = memory.open(tmp_path / "store")
    before = memory.cache.get_usage()
    assert sum(1 for _ in store.items()) == 2 * 16 * 64
    assert memory.cache.get_usage() - before >= 2 * MIB
    assert store.property_int_value("rocksdb.block-cache-capacity") == rocksdb.CACHE_BYTES
    store.close()


def test_faust_opens_every_partition_in_the_shared_memory(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    partitions: Any = None
    app = FaustApp(settings, Catalog(settings), partitions, lambda error: None)
    stores = [app._table.data._db_for_partition(number) for number in range(3)]
    memory = app._table.data.rocksdb_options
    before = memory.buffers.get_usage()
    fill(stores, 1)
    assert memory.buffers.get_usage() - before >= 3 * MIB
    for store in stores:
        store.close()
