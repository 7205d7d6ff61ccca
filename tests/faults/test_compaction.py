"""What compaction took away is not missed: an erased customer comes back from no disk that a worker starts with."""

import asyncio
import re
import shutil
from pathlib import Path

import pytest

from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_producer
from orchestrator.kafka.topics import apply_topics
from orchestrator.messages.codec import decode_command, encode_config, encode_event
from orchestrator.messages.event import CUSTOMER_ERASED
from orchestrator.messages.key import partition_of
from orchestrator.settings import Settings
from tests.builders import a_journey, a_standing, a_version, steps
from tests.conftest import PARTITIONS
from tests.faults.conftest import MakeWorker
from tests.faults.other_clock import Clock
from tests.faults.patience import caught_up, comes_true, copied
from tests.faults.verifier import find
from tests.worker_process import ROOT, an_event, produce, read_all, until

pytestmark = [pytest.mark.integration, pytest.mark.faults, pytest.mark.endurance]

JOURNEYS = ("-m", "tests.faults.other_clock", "orchestrator", "worker")
SOON = {"segment.ms": "1_000", "min.cleanable.dirty.ratio": '"0.01"', "max.compaction.lag.ms": "1_000"}
RETENTION_MS = 2_000
OFFER = {"kind": "send", "channel": "email", "template": "offer", "next": "done"}
LATER = a_journey(
    entry={"kind": "event", "type": "cart.added"},
    start="later",
    steps=steps(later={"kind": "wait", "duration": "P1D", "next": "offer"}, offer=OFFER),
    guardrails={"consent": {"marketing": "opt_out"}},
)
DAY_S = 86_400.0


def quickly_compacted(settings: Settings, folder: Path) -> Settings:
    """The same topics, but for a changelog that is compacted within seconds, tombstones and all."""
    shutil.copytree(ROOT / "topics", folder)
    (file,) = folder.glob("*changelog*.toml")
    text = file.read_text()
    for name, value in {**SOON, "delete.retention.ms": str(RETENTION_MS)}.items():
        text, count = re.subn(rf'^"{re.escape(name)}" = \S+', f'"{name}" = {value}', text, flags=re.MULTILINE)
        assert count == 1, name
    file.write_text(text)
    return settings.model_copy(update={"topics_dir": folder})


@pytest.mark.timeout(600)
async def test_a_customer_who_was_erased_does_not_come_back_from_a_disk_that_missed_it(
    settings: Settings, topics: Catalog, tmp_path: Path, make_worker: MakeWorker
) -> None:
    """Neither where the disk's worker owns the partition again, nor where it keeps it as a copy and takes it over."""
    own = quickly_compacted(settings, tmp_path / "topics")
    await apply_topics(own)
    clock = Clock(tmp_path / "clock")
    environment = {"ORCHESTRATOR_TOPICS_DIR": str(own.topics_dir), "ORCHESTRATOR_STANDBYS": "1", **clock.environment}
    worker, late = (make_worker(f"worker-{number}", JOURNEYS, **environment) for number in (1, 2))
    async with closing(await open_producer(own, "test")) as producer:
        for record in (a_version(LATER), a_standing()):
            encoded = encode_config(record)
            await producer.send_and_wait(topics.configs, encoded.value, encoded.key)
    customers = [f"c{number}" for number in range(20)]
    erased, kept = customers[:10], customers[10:]
    assert {partition_of(f"acme:{customer}".encode(), PARTITIONS) for customer in erased} == set(range(PARTITIONS))

    async def do(round_: int, type_: str, *who: str) -> None:
        for number, customer in enumerate(who):
            record = encode_event(an_event(round_ * 100 + number, customer, type=type_, data={}))
            await produce(own, topics.events, {partition_of(record.key, PARTITIONS): [record]})
        await caught_up(own, worker)

    worker.start()
    await do(1, "cart.added", *customers)
    assert await worker.stop() == 0
    shutil.copytree(worker.folder, tmp_path / "old")
    worker.start()
    await do(2, CUSTOMER_ERASED, *erased)
    gone = {f"acme:{customer}".encode() for customer in erased}
    for round_ in range(3, 200):  # something has to be written for the broker to compact
        await do(round_, "noticed", *kept)
        if not gone & {record.key for record in await read_all(own, topics.changelog)}:
            break
        await asyncio.sleep(1)
    else:
        raise AssertionError("the broker does not compact")
    assert await worker.stop() == 0

    shutil.copytree(tmp_path / "old", late.folder)
    taken = worker.said("partitions_taken_over")
    worker.start()
    await worker.takes_over(taken + 1)
    late.start()
    await comes_true(lambda: copied(worker, late), "each has copies of what the other owns", worker, late)
    await until(lambda: late.said("local_state_outdated") == PARTITIONS, late)
    taken = late.said("partitions_taken_over")
    worker.kill()
    worker.wipe()
    await late.takes_over(taken + 1)
    clock.is_wrong_by(2 * DAY_S)

    async def kept_have_heard() -> bool:
        return len(await read_all(own, topics.commands("email"))) >= len(kept)

    await comes_true(kept_have_heard, "the others get what they waited for", late)
    assert await late.stop() == 0
    commands = [decode_command(record.value) for record in await read_all(own, topics.commands("email"))]
    assert sorted(command.customer_id for command in commands) == sorted(kept)
    assert not gone & (await find(own)).states.keys()
