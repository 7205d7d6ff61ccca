"""Records that were set aside are listed, shown, and sent again, on a real Kafka and with a real worker."""

import json
from collections.abc import AsyncIterator

import pytest

from orchestrator.catalog import Catalog
from orchestrator.errors import DecodeError
from orchestrator.kafka.clients import closing, open_producer
from orchestrator.kafka.dead_letters import Place, redrive
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import encode_event
from orchestrator.messages.dead_letter import REDRIVEN_FROM
from orchestrator.messages.key import partition_of
from orchestrator.settings import Settings
from orchestrator.streams.dead_letters import outgoing, undecodable
from orchestrator.streams.forwarding import FORWARDED_FROM
from tests.counting import POISON
from tests.input_records import Record
from tests.integration.test_cli import orchestrator
from tests.worker_process import WorkerProcess, an_event, counted, produce, read_all, until

pytestmark = pytest.mark.integration

ASTRAY = encode_event(an_event(1, "astray"))
TOO_LARGE = Record(11, b"acme:huge", b"x" * 5_000_000, (), 1_700_000_000_000)


@pytest.fixture
async def worker(settings: Settings, topics: Catalog) -> AsyncIterator[WorkerProcess]:
    """A running worker that has set three records aside; a fourth letter is of one that was too large."""
    right = partition_of(ASTRAY.key, topics.customer_partitions)
    wrong = (right + 1) % topics.customer_partitions
    poison = encode_event(an_event(2, POISON))
    await produce(
        settings,
        topics.events,
        {
            wrong: [
                Encoded(ASTRAY.key, ASTRAY.value, [*ASTRAY.headers, (FORWARDED_FROM, b"elsewhere/0/0")]),
                Encoded(b"acme:broken", b"\xff not json", [("trace", b"t1")]),
            ],
            partition_of(poison.key, topics.customer_partitions): [poison],
        },
    )
    worker = WorkerProcess(settings).start()
    await set_aside(settings, worker, 3)
    async with closing(await open_producer(settings, "test")) as producer:
        letter = outgoing(undecodable(topics.events, 2, TOO_LARGE, DecodeError("oversized", "too large")))
        await producer.send_and_wait(topics.dead_letters, letter.value, letter.key, partition=3, headers=letter.headers)
    yield worker
    worker.close()


async def set_aside(settings: Settings, worker: WorkerProcess, count: int) -> None:
    """Waits until there are so many letters."""
    found = 0
    while found < count:
        found = len(await read_all(settings, Catalog(settings).dead_letters))
        await until(lambda: worker.process.poll() is None, worker)


def told(settings: Settings, *arguments: str) -> dict[str, object]:
    code, said = orchestrator(settings, "dead-letters", *arguments, "--json", partitions=4)
    assert code == 0, said
    document: dict[str, object] = json.loads(said)
    return document


def listed(settings: Settings, *filters: str) -> list[dict[str, object]]:
    letters = told(settings, "list", *filters)["letters"]
    assert isinstance(letters, list)
    return letters


async def test_letters_are_listed_by_what_is_asked_and_counted_by_reason(
    worker: WorkerProcess, settings: Settings, topics: Catalog
) -> None:
    everything = told(settings, "list")
    assert everything["total"] == 4
    assert everything["unreadable"] == 0
    counts = everything["counts"]
    assert isinstance(counts, list)
    assert {(each["topic"], each["stage"], each["reason"], each["count"]) for each in counts} == {
        (topics.events, "decode", "wrong_partition", 1),
        (topics.events, "decode", "malformed", 1),
        (topics.events, "decode", "oversized", 1),
        (topics.events, "decide", "engine_error", 1),
    }
    assert [each["reason"] for each in listed(settings, "--limit", "1")] == ["oversized"]  # the newest
    assert [each["reason"] for each in listed(settings, "--stage", "decide")] == ["engine_error"]
    assert [each["reason"] for each in listed(settings, "--customer", "broken", "--since", "PT1H")] == ["malformed"]
    assert [each["is_cut"] for each in listed(settings, "--reason", "oversized")] == [True]
    assert listed(settings, "--topic", "channel.delivery-events.v1") == []

    code, table = orchestrator(settings, "dead-letters", "list", partitions=4)
    assert code == 0
    assert f"1  {topics.events}  decide  engine_error" in table


async def test_a_letter_is_shown_with_all_that_is_known_of_it(worker: WorkerProcess, settings: Settings) -> None:
    [malformed] = listed(settings, "--reason", "malformed")
    letter = told(settings, "show", str(malformed["place"]))
    assert letter["value_kind"] == "hex"
    assert letter["value"] == b"\xff not json".hex(" ")
    assert letter["headers"] == [["trace", "t1"]]
    assert letter["key"] == "acme:broken"

    [poison] = listed(settings, "--reason", "engine_error")
    assert told(settings, "show", *str(poison["place"]).split("/"))["value"] == {"value": 12.5}

    [cut] = listed(settings, "--reason", "oversized")
    code, said = orchestrator(settings, "dead-letters", "show", str(cut["place"]), partitions=4)
    assert code == 0
    assert "the first 1,000,000 of 5,000,000 bytes" in said

    code, said = orchestrator(settings, "dead-letters", "show", "0/4711", partitions=4)
    assert code == 1
    assert "there is none at that place" in said


async def test_a_record_that_is_sent_again_takes_effect_where_it_belongs(
    worker: WorkerProcess, settings: Settings, topics: Catalog
) -> None:
    [letter] = listed(settings, "--reason", "wrong_partition")
    before = len(await read_all(settings, topics.events))
    code, said = orchestrator(settings, "dead-letters", "redrive", str(letter["place"]), "--dry-run", partitions=4)
    assert (code, len(await read_all(settings, topics.events))) == (0, before), said

    code, said = orchestrator(settings, "dead-letters", "redrive", "--reason", "wrong_partition", "--yes", partitions=4)
    assert code == 0, said
    assert f"sent 1 to {topics.events}" in said
    assert (await counted(settings, 1, worker))["astray"].events == 1
    (again,) = [each for each in await read_all(settings, topics.events) if REDRIVEN_FROM in each.headers]
    assert (again.key, again.value) == (ASTRAY.key, ASTRAY.value)
    assert again.partition == partition_of(ASTRAY.key, topics.customer_partitions)
    assert again.headers[REDRIVEN_FROM] == f"{topics.dead_letters}/{letter['place']}".encode()
    assert await worker.stop() == 0


async def test_what_comes_back_says_how_often_it_was_sent_and_only_its_newest_letter_is_sent_again(
    worker: WorkerProcess, settings: Settings, topics: Catalog
) -> None:
    for times in (1, 2):
        code, said = orchestrator(
            settings, "dead-letters", "redrive", "--reason", "engine_error", "--yes", partitions=4
        )
        assert (code, "redriven: 1; refused: 0" in said) == (0, True), said
        await set_aside(settings, worker, 4 + times)
    letters = listed(settings, "--reason", "engine_error", "--by-place")
    assert sorted((each["redriven"], each["has_come_back"]) for each in letters) == [
        (0, True),
        (1, True),
        (2, False),
    ]


async def test_what_cannot_be_sent_is_refused_with_the_reason_and_the_rest_is_sent(
    worker: WorkerProcess, settings: Settings
) -> None:
    code, said = orchestrator(settings, "dead-letters", "redrive", "--stage", "decode", "--yes", partitions=4)
    assert code == 1
    assert "redriven: 2; refused: 1" in said
    assert f"{settings.topic_prefix}engagement.events.v1/2/11" in said


async def test_settings_that_would_send_customers_astray_are_refused(
    worker: WorkerProcess, settings: Settings, topics: Catalog
) -> None:
    before = len(await read_all(settings, topics.events))
    code, said = orchestrator(settings, "dead-letters", "redrive", "--stage", "decide", "--yes", partitions=8)
    assert code == 2
    assert "it has 4 partitions, declared are 8" in said
    assert len(await read_all(settings, topics.events)) == before


async def test_a_letter_that_is_gone_is_said_to_be(settings: Settings, topics: Catalog) -> None:
    done = await redrive(settings, topics, [Place(0, 5)])
    assert [place for place, _ in done.refused] == [Place(0, 5)]
    code, said = orchestrator(settings, "dead-letters", "redrive", "0/5", "--yes", partitions=4)
    assert code == 2
    assert "no dead letter at 0/5" in said
    assert orchestrator(settings, "dead-letters", "list", partitions=4) == (0, "no dead letters\n")
