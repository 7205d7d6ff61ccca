"""How RocksDB is opened: all partitions of a worker share one budget of memory, however many they are.

Faust opens each partition with a cache and with write buffers of its own. Here one cache holds the blocks of all of
them, their indexes and filters too, and what their write buffers take is taken from it.
"""

from pathlib import Path

from faust.stores.rocksdb import RocksDBOptions
from rocksdict import AccessType, BlockBasedOptions, Cache, Options, Rdict, ReadOptions, WriteBufferManager

MIB = 1 << 20
# What a worker's stores keep in memory, their write buffers included.
CACHE_BYTES = 256 * MIB
# When all write buffers together take more, each is written to the disk at the next batch of its partition; it takes 1
# or 2 MiB at the least. So with 100 partitions and more the bound is theirs.
WRITE_BUFFERS_BYTES = 128 * MIB
WRITE_BUFFER_BYTES = 16 * MIB  # of one partition, before it is written to the disk; one more may be on its way there
COLUMN_FAMILY = "default"
BLOOM_BITS = 10  # per key; most customers that are asked for and are not there cost no look at the disk


class SharedMemory(RocksDBOptions):  # type: ignore[misc]  # Faust is untyped here
    """Options for every store of a worker. Takes the place of ``faust.stores.rocksdb.Store.rocksdb_options``."""

    def __init__(self) -> None:
        super().__init__(use_rocksdict=True)
        self.cache = Cache(CACHE_BYTES)
        self.buffers = WriteBufferManager.new_write_buffer_manager_with_cache(WRITE_BUFFERS_BYTES, False, self.cache)

    def open(self, path: Path, *, read_only: bool = False) -> Rdict:
        """Opens or makes the store in this folder.

        rocksdict takes options for the whole store from the caller, but those of a column family that is there already
        from a file in the folder, unless it is named. That file knows no cache: each store that was opened again had
        8 MiB of its own, and read its indexes and filters from the disk for every customer (208 µs instead of 8).
        """
        options = self.as_options()
        access = AccessType.read_only() if read_only else AccessType.read_write()
        store = Rdict(str(path), options=options, column_families={COLUMN_FAMILY: options}, access_type=access)
        store.set_read_options(ReadOptions())
        return store

    def as_options(self) -> Options:
        """Options for one more store in the same memory."""
        table = BlockBasedOptions()
        table.set_block_cache(self.cache)
        table.set_cache_index_and_filter_blocks(True)
        table.set_pin_l0_filter_and_index_blocks_in_cache(True)
        table.set_bloom_filter(BLOOM_BITS, block_based=False)
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        options.set_max_open_files(self.max_open_files)
        options.set_write_buffer_size(WRITE_BUFFER_BYTES)
        options.set_max_write_buffer_number(2)
        options.set_write_buffer_manager(self.buffers)
        options.set_block_based_table_factory(table)
        return options
