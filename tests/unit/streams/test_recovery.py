"""A store that was away for long is emptied before it goes on: it may have missed that somebody was erased."""

import time
from pathlib import Path
from typing import NamedTuple

import pytest
from aiokafka import TopicPartition
from rocksdict import Options, Rdict

from orchestrator.catalog import Catalog
from orchestrator.settings import Settings
from orchestrator.streams.recovery import changelog_of, empty_outdated
from orchestrator.streams.stored import OFFSET_KEY, PARTITION_KEY, encode_offset

CHANGELOG = changelog_of(Catalog(Settings(partitions=4)))
HERE = TopicPartition(CHANGELOG.name, 0)
HALF_A_DAY_MS = 43_200_000  # half of the changelog's delete.retention.ms
END = 100


class At(NamedTuple):
    offset: int


class Reader:
    """A changelog in which the records of the last half day begin at ``young``."""

    def __init__(self, young: int | None) -> None:
        self._young = young

    async def offsets_for_times(self, since: dict[TopicPartition, int]) -> dict[TopicPartition, At | None]:
        assert all(abs(time.time() * 1_000 - HALF_A_DAY_MS - since_ms) < 60_000 for since_ms in since.values())
        return {place: None if self._young is None else At(self._young) for place in since}


@pytest.mark.parametrize(
    ("applied", "young", "is_kept"),
    [
        (60, 50, True),  # it has seen everything that is old
        (48, 50, True),  # and here too: between 49 and 50 there is room for the marker of its last transaction only
        (40, 50, False),
        (99, None, True),  # nothing has been written for half a day, and it has all of it
        (98, None, True),
        (40, None, False),
    ],
)
async def test_a_store_is_emptied_when_old_records_are_missing_in_it(
    tmp_path: Path, applied: int, young: int | None, is_kept: bool
) -> None:
    store = Rdict(str(tmp_path / "store"), Options(raw_mode=True))
    content = {b"acme:c1": b"state", "zoë:ünal".encode(): b"state", PARTITION_KEY: b"{}"}
    for key, value in content.items():
        store[key] = value
    store[OFFSET_KEY] = encode_offset(applied)
    await empty_outdated(Reader(young), {HERE: store}, {HERE: END}, CHANGELOG.trusted_ms)
    found = dict(store.items())
    assert found == ({**content, OFFSET_KEY: encode_offset(applied)} if is_kept else {})
    store.close()


async def test_a_new_store_has_nothing_to_be_emptied_of(tmp_path: Path) -> None:
    store = Rdict(str(tmp_path / "store"), Options(raw_mode=True))
    await empty_outdated(Reader(50), {HERE: store}, {HERE: END}, CHANGELOG.trusted_ms)
    assert dict(store.items()) == {}
    store.close()
