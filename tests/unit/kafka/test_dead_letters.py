"""Which letters a filter chooses, and where their records go."""

import pytest
from msgspec.structs import replace

from orchestrator.catalog import Catalog
from orchestrator.kafka.dead_letters import Found, Place, Wanted, destination
from orchestrator.messages.dead_letter import DeadLetter
from orchestrator.messages.key import partition_of
from orchestrator.settings import load_settings

CATALOG = Catalog(load_settings(partitions=4, replicas=1))
LETTER = DeadLetter(
    topic="engagement.events.v1",
    partition=3,
    offset=7,
    timestamp_ms=123,
    key=b"acme:a:b",
    value=b"{}",
    headers=(),
    stage="decode",
    reason="malformed",
    message="it is not JSON",
)
FOUND = Found(Place(1, 5), 1_000, LETTER)


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(),
        Wanted(topic="engagement.events.v1", reason="malformed", stage="decode"),
        Wanted(since_ms=1_000),
        Wanted(key="acme:a:b"),
        Wanted(customer="a:b"),
        Wanted(places=frozenset({Place(1, 5), Place(0, 5)})),
    ],
)
def test_a_letter_is_chosen_by_everything_that_is_true_of_it(wanted: Wanted) -> None:
    assert wanted.matches(FOUND)


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(topic="channel.delivery-events.v1"),
        Wanted(reason="malformed", stage="decide"),
        Wanted(since_ms=1_001),
        Wanted(key="acme:a"),
        Wanted(customer="a"),
        Wanted(places=frozenset({Place(5, 1)})),
    ],
)
def test_one_thing_that_is_not_true_of_it_leaves_a_letter_out(wanted: Wanted) -> None:
    assert not wanted.matches(FOUND)


def test_a_letter_without_a_key_is_no_customers() -> None:
    assert not Wanted(customer="a").matches(Found(Place(0, 0), 0, replace(LETTER, key=None)))


def test_a_customers_record_goes_where_its_key_belongs_wherever_it_stood() -> None:
    right = partition_of(b"acme:a:b", 4)
    for stood in range(4):
        assert destination(CATALOG, replace(LETTER, partition=stood)) == (LETTER.topic, right)


@pytest.mark.parametrize("key", [None, b"no-colon", b"\x00walk"])
def test_what_is_no_customers_goes_where_it_stood(key: bytes | None) -> None:
    assert destination(CATALOG, replace(LETTER, key=key)) == (LETTER.topic, 3)


@pytest.mark.parametrize(
    ("letter", "why"),
    [
        (replace(LETTER, cut_from_bytes=5_000_000), "engagement.events.v1/3/7"),
        (replace(LETTER, topic="elsewhere"), "ORCHESTRATOR_TOPIC_PREFIX"),
        (replace(LETTER, key=None, partition=9), "only 4 partitions"),
    ],
)
def test_what_cannot_be_sent_again_says_why(letter: DeadLetter, why: str) -> None:
    reason = destination(CATALOG, letter)
    assert isinstance(reason, str)
    assert why in reason
