"""A worker of today on what an earlier release has left: it recovers from it, decides on it, and goes on from there."""

import base64
import json
import time

import pytest

from orchestrator.catalog import Catalog
from orchestrator.journeys.state import decode_state
from orchestrator.kafka.clients import closing, open_producer
from orchestrator.messages.codec import decode_command, encode_config, encode_event
from orchestrator.messages.command import SendCommand
from orchestrator.messages.key import customer_key, partition_of
from orchestrator.settings import Settings
from orchestrator.streams.stored import PARTITION_KEY
from tests.builders import a_journey, a_standing, a_version
from tests.faults.conftest import MakeWorker
from tests.faults.patience import caught_up, comes_true
from tests.faults.verifier import find
from tests.worker_process import ROOT, an_event, produce, read_all

pytestmark = [pytest.mark.integration, pytest.mark.faults]

JOURNEYS = ("-m", "orchestrator", "worker")
STATES = ROOT / "tests" / "contract" / "samples" / "customer-state.v1"
UNDER_WAY = "welcome-under-way"
EXIT_HALTED = 70
# The partition record of the first release.
FIRST_RECORD = b'{"next_offsets":{},"clock_ms":0}'


async def test_states_of_every_release_are_recovered_and_a_wait_begun_then_ends_now(
    settings: Settings, topics: Catalog, make_worker: MakeWorker
) -> None:
    kept = {file.stem: json.loads(file.read_text()) for file in sorted(STATES.glob("*.json"))}
    async with closing(await open_producer(settings, "test")) as producer:
        for record in (a_version(a_journey()), a_standing()):
            config = encode_config(record)
            await producer.send_and_wait(topics.configs, config.value, config.key)
        for name, sample in kept.items():
            key = customer_key("acme", name)
            await producer.send_and_wait(
                topics.changelog, base64.b64decode(sample["value"]), key, partition_of(key, topics.customer_partitions)
            )
        for number in range(topics.customer_partitions):
            await producer.send_and_wait(topics.changelog, FIRST_RECORD, PARTITION_KEY, number)
    worker = make_worker(command=JOURNEYS)
    worker.start()

    async def reminders() -> list[SendCommand]:
        sent = [decode_command(record.value) for record in await read_all(settings, topics.commands("push"))]
        return [command for command in sent if command.customer_id == UNDER_WAY]

    async def is_reminded() -> bool:
        return bool(await reminders())

    await comes_true(is_reminded, "the reminder that was due", worker)
    for number, name in enumerate(kept):
        record = encode_event(an_event(number, name, type="cart.added", time_ms=int(time.time() * 1_000)))
        await produce(settings, topics.events, {partition_of(record.key, topics.customer_partitions): [record]})
    await caught_up(settings, worker)
    assert await worker.stop() == 0
    assert [command.step for command in await reminders()] == ["remind"]
    found = await find(settings)
    assert found.letters == []
    assert {key.decode().partition(":")[2] for key in found.states} == set(kept)
    assert all("cart.added" in decode_state(raw).history for raw in found.states.values())


async def test_a_state_that_a_newer_release_has_written_is_refused_by_name_and_left_as_it_is(
    settings: Settings, topics: Catalog, make_worker: MakeWorker
) -> None:
    """On the way back to an earlier release: what it cannot understand it must not take for something else."""
    of_today = base64.b64decode(json.loads((STATES / f"{UNDER_WAY}.json").read_text())["value"])
    newer = bytes([of_today[0] + 1]) + of_today[1:]
    key = customer_key("acme", UNDER_WAY)
    number = partition_of(key, topics.customer_partitions)
    async with closing(await open_producer(settings, "test")) as producer:
        await producer.send_and_wait(topics.changelog, newer, key, number)
        await producer.send_and_wait(topics.changelog, FIRST_RECORD, PARTITION_KEY, number)
    record = encode_event(an_event(1, UNDER_WAY, type="cart.added", time_ms=int(time.time() * 1_000)))
    await produce(settings, topics.events, {number: [record]})
    worker = make_worker(command=JOURNEYS)
    for _ in range(2):  # the second time too: a local store that was dropped makes it no more readable
        worker.start()
        assert await worker.ended() == EXIT_HALTED
    assert worker.log.read_text().count("run the program that wrote it, or a newer one") >= 2
    left = [read.value for read in await read_all(settings, topics.changelog) if read.key == key]
    assert left == [newer]
    assert await read_all(settings, topics.activities) == []
    assert await read_all(settings, topics.dead_letters) == []
