"""Input as it really comes: twice, in disorder, late, from the future, in the wrong partition, or not readable."""

import random
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from typing import NamedTuple

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.producer import message_accumulator, producer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from orchestrator.catalog import Catalog
from orchestrator.demo.scenario import WORKSPACE
from orchestrator.errors import DecodeError
from orchestrator.journeys.state import decode_state
from orchestrator.messages.cloudevents import Encoded, read_event, write_binary
from orchestrator.messages.codec import encode_event
from orchestrator.messages.event import CONSENT_GRANTED, CONSENT_REVOKED, CUSTOMER_UPDATED, EngagementEvent
from orchestrator.messages.key import customer_key, partition_of
from orchestrator.settings import Settings
from orchestrator.simulator.purchases import ORDER_PLACED
from tests.faults.conftest import MakeWorker
from tests.faults.patience import caught_up
from tests.faults.seed import chance
from tests.faults.verifier import HEADER, find, verify_counting
from tests.faults.win_back import House, a_house, activities_of
from tests.worker_process import an_event, produce, produce_events

pytestmark = [pytest.mark.integration, pytest.mark.faults]

KEY = customer_key("acme", "c1")
HEADERS = write_binary("bad", "/shop", "cart.added", 1_000, KEY, b"{}").headers
JOURNEYS = ("-m", "orchestrator", "worker")
MINUTE_MS = 60_000


class Bad(NamedTuple):
    """A record that is no event, and the reason that its dead letter has to give."""

    record: Encoded
    reason: str = "malformed"


class Latin1(str):
    """A header's name as a client writes it that does not know of UTF-8."""

    __slots__ = ()

    def encode(self, encoding: str = "latin-1", errors: str = "strict") -> bytes:
        return super().encode("latin-1", errors)


def of_value(value: bytes) -> Encoded:
    """A record with a sound key and sound headers, and this content."""
    return Encoded(KEY, value, HEADERS)


def with_header(name: str, value: bytes) -> Encoded:
    """A record with one header spoilt."""
    return Encoded(KEY, b"{}", [*(header for header in HEADERS if header[0] != name), (name, value)])


POISON = {
    "no JSON": Bad(of_value(b"\xff\xfe no JSON")),
    "cut off": Bad(of_value(b'{"value": 1')),
    "a list": Bad(of_value(b"[1, 2]")),
    "a text": Bad(of_value(b'"value"')),
    "nested 20,000 deep": Bad(of_value(b'{"a":' * 20_000 + b"1" + b"}" * 20_000)),
    "NaN": Bad(of_value(b'{"value": NaN}')),
    "Infinity": Bad(of_value(b'{"value": -Infinity}')),
    "a number without end": Bad(of_value(b'{"value": 1e999}')),
    "a text that is not UTF-8": Bad(of_value(b'{"value": "\xff\xfe"}')),
    "half a surrogate": Bad(of_value(b'{"value": "\\ud800"}')),
    "no key": Bad(Encoded(None, b"{}", HEADERS), "wrong_key"),
    "an empty key": Bad(Encoded(b"", b"{}", HEADERS), "wrong_key"),
    "a key that is not UTF-8": Bad(Encoded(b"\xff\xfe:c1", b"{}", HEADERS), "wrong_key"),
    "a key without a colon": Bad(Encoded(b"acme", b"{}", HEADERS), "wrong_key"),
    "a key without end": Bad(Encoded(b"acme:" + b"c" * 600, b"{}", HEADERS), "wrong_key"),
    "an id that is not UTF-8": Bad(with_header("ce_id", b"\xff\xfe")),
    "an id without end": Bad(with_header("ce_id", b"e" * 100_000)),
    "no type": Bad(with_header("ce_type", b"")),
    "a time that is none": Bad(with_header("ce_time", b"yesterday")),
    "a time before all time": Bad(with_header("ce_time", b"0001-01-01T00:00:00Z")),
    "a header's name that is not UTF-8": Bad(Encoded(KEY, b"gr", [*HEADERS, (Latin1("gr\xf6\xdfe"), b"")])),
    "Avro, framed": Bad(of_value(b"\x00\x00\x00\x00\x07\x06abc"), "unsupported_encoding"),
    "more than a mebibyte": Bad(of_value(b" " * 1_048_577), "oversized"),
}
# Values that are JSON, and that somebody will send. By the reference too they are what they are.
STRANGE = (
    b"9" * 400,
    b"18446744073709551616",
    b"1e308",
    b"-5e-324",
    b'{"a":' * 500 + b"1" + b"}" * 500,
    b"[" * 300 + b"]" * 300,
    b'"\\u0000"',
    b'"' + b"x" * 900_000 + b'"',
    b"null",
    b"true",
    b'""',
    b'"2026-13-45"',
    b'"nowhere/at_all"',
)


async def produce_compressed(settings: Settings, topic: str, by_partition: dict[int, list[Encoded]]) -> None:
    """As producers do whose records are larger than what the topic takes, before they are compressed."""
    client = AIOKafkaProducer(
        bootstrap_servers=settings.kafka, compression_type="gzip", max_request_size=8 << 20, enable_idempotence=True
    )
    async with client:
        for partition, records in by_partition.items():
            for record in records:
                await client.send_and_wait(topic, record.value, record.key, partition, headers=record.headers)


async def test_poison_of_every_kind_is_set_aside_byte_for_byte_and_holds_nobody_up(
    make_worker: MakeWorker, settings: Settings, topics: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = chance("poison")
    for module in (message_accumulator, producer):  # the one in C takes nothing but text
        monkeypatch.setattr(module, "DefaultRecordBatchBuilder", _DefaultRecordBatchBuilderPy)
    await produce_events(settings, 400, customers=40)
    by_partition: defaultdict[int, list[Encoded]] = defaultdict(list)
    for bad in order.sample(list(POISON.values()), len(POISON)):
        by_partition[order.randrange(4)].append(bad.record)
    await produce_compressed(settings, topics.events, by_partition)
    await produce_events(settings, 400, customers=40, first=400)
    worker = make_worker()
    worker.start()
    await caught_up(settings, worker)
    assert await worker.stop() == 0
    assert worker.said("worker_ended") == 0
    found = await verify_counting(settings, [worker], sent=800)
    set_aside = Counter((each.key, each.value, each.headers[HEADER + "reason"].decode()) for each in found.letters)
    assert set_aside == Counter((bad.record.key, bad.record.value, bad.reason) for bad in POISON.values())


@pytest.fixture
async def house(settings: Settings, topics: Catalog) -> AsyncIterator[House]:
    async with a_house(settings, chance("history"), customers=120) as house:
        yield house


@pytest.mark.endurance
async def test_events_that_come_again_also_in_another_partition_change_nothing(house: House) -> None:
    """Three in ten again in their own partition, one in ten in another one, from which it is forwarded."""
    again = chance("duplicates")
    house.worker.start()
    house.sink.start()
    catalog = Catalog(house.settings)
    step = 200
    for start in range(0, len(house.history), step):
        part = house.history[start : start + step]
        await house.feed(part)
        await house.feed([event for event in part if again.random() < 0.3])
        by_partition: defaultdict[int, list[Encoded]] = defaultdict(list)
        for event in part:
            if again.random() < 0.1:
                record = encode_event(event)
                right = partition_of(record.key, catalog.customer_partitions)
                by_partition[(right + again.randint(1, 3)) % 4].append(record)
        await produce(house.settings, catalog.events, by_partition)
    await caught_up(house.settings, house.worker)  # forwarded ones too, before time runs on
    await house.finish()
    found = await house.verify()
    assert len(found.inputs.astray) > 50


@pytest.mark.endurance
async def test_strange_values_and_poison_between_them_do_to_journeys_what_the_reference_says(house: House) -> None:
    strange = chance("strange values")
    house.worker.start()
    house.sink.start()
    catalog = Catalog(house.settings)
    readable: list[EngagementEvent] = []
    step = 300
    for start in range(0, len(house.history), step):
        part = house.history[start : start + step]
        await house.feed(part)
        by_partition: defaultdict[int, list[Encoded]] = defaultdict(list)
        for number in range(10):
            record = a_strange_event(strange, f"{start}-{number}", part[-1].time_ms)
            with suppress(DecodeError):
                readable.append(read_event(record.key, record.value, record.headers, 0))
            by_partition[partition_of(record.key, catalog.customer_partitions)].append(record)
            by_partition[strange.randrange(4)].append(strange.choice(list(POISON.values())).record)
        await produce_compressed(house.settings, catalog.events, by_partition)
    house.expected += activities_of(readable, house.until_ms)
    await house.finish()
    await house.verify()
    assert house.worker.said("worker_ended") == 0


def a_strange_event(of: random.Random, number: str, time_ms: int) -> Encoded:
    """An event of somebody who does nothing else, with a value in it that nobody expects."""
    value = of.choice(STRANGE)
    bodies = {
        ORDER_PLACED: b'{"amount": ' + value + b"}",
        CUSTOMER_UPDATED: b'{"attributes": {"timezone": ' + value + b', "plan": ' + of.choice(STRANGE) + b"}}",
        CONSENT_GRANTED: b'{"channel": ' + value + b"}",
        "cart.added": value if value.startswith(b"{") else b'{"value": ' + value + b"}",
    }
    type_ = of.choice(list(bodies))
    key = customer_key(WORKSPACE, f"strange-{number}")
    body = bodies[type_]
    return write_binary(number, "/shop", type_, time_ms, key, body if len(body) < 1_000_000 else b"{}")


async def test_the_latest_word_of_a_customer_holds_in_whatever_order_words_arrive(
    make_worker: MakeWorker, settings: Settings, topics: Catalog
) -> None:
    """Late ones overwrite nothing; one from the future counts as said when it came, so that the next one holds."""
    order = chance("disorder")
    now_ms = int(time.time() * 1_000)
    worker = make_worker(command=JOURNEYS)
    words: list[EngagementEvent] = []
    latest: dict[str, tuple[str, bool]] = {}
    for customer in (f"c{number}" for number in range(60)):
        said = sorted(order.sample(range(1, 100_000), 8))
        for place, minutes in enumerate(said):
            at_ms = now_ms - (100_001 - minutes) * MINUTE_MS
            is_granted = order.random() < 0.5
            words.append(a_word(customer, f"plan-{place}", at_ms))
            words.append(a_word(customer, is_granted, at_ms))
            latest[customer] = (f"plan-{place}", is_granted)
    order.shuffle(words)
    worker.start()
    await publish(settings, words)
    await caught_up(settings, worker)
    assert await said_last(settings) == latest

    day_ms = 24 * 60 * MINUTE_MS
    await publish(settings, [a_word(customer, "from the future", now_ms + day_ms) for customer in latest])
    await caught_up(settings, worker)
    await publish(settings, [a_word(customer, "from now", int(time.time() * 1_000)) for customer in latest])
    await caught_up(settings, worker)
    assert await worker.stop() == 0
    assert await said_last(settings) == {
        customer: ("from now", is_granted) for customer, (_, is_granted) in latest.items()
    }


def a_word(customer: str, word: str | bool, time_ms: int) -> EngagementEvent:
    """A customer's plan, or whether e-mails are welcome."""
    id_ = f"{customer}/{word}/{time_ms}"
    if isinstance(word, bool):
        type_ = CONSENT_GRANTED if word else CONSENT_REVOKED
        return an_event(0, customer, id=id_, type=type_, time_ms=time_ms, data={"channel": "email"})
    attributes = {"attributes": {"plan": word}}
    return an_event(0, customer, id=id_, type=CUSTOMER_UPDATED, time_ms=time_ms, data=attributes)


async def publish(settings: Settings, words: Iterable[EngagementEvent]) -> None:
    by_partition: defaultdict[int, list[Encoded]] = defaultdict(list)
    for word in words:
        record = encode_event(word)
        by_partition[partition_of(record.key, 4)].append(record)
    await produce(settings, Catalog(settings).events, by_partition)


async def said_last(settings: Settings) -> dict[str, tuple[str, bool]]:
    """What the states say of each customer."""
    found: dict[str, tuple[str, bool]] = {}
    for key, raw in (await find(settings)).states.items():
        state = decode_state(raw)
        plan = state.attributes["plan"].value
        found[key.decode().partition(":")[2]] = (str(plan), state.consents.given["email"]["*"].is_granted)
    return found
