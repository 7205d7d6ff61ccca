"""Ids follow from identity; keys fall where Kafka's Java client would put them."""

import uuid

from aiokafka.partitioner import murmur2 as reference
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.messages.config import JourneyStanding, JourneyVersion, WorkspaceSettings, config_key
from orchestrator.messages.ids import derived_id, fingerprint
from orchestrator.messages.key import customer_key, murmur2, parse_customer_key, partition_of


def test_an_id_is_a_version_8_uuid_that_never_changes() -> None:
    assert derived_id("run", "acme", "c1") == "e7a90239-1f50-8a60-998f-950c4aab7dc7"
    assert uuid.UUID(derived_id("run", "acme", "c1")).version == 8


def test_parts_are_told_apart() -> None:
    assert derived_id("run", "ab", "c") != derived_id("run", "a", "bc")
    assert fingerprint("a", "b") != fingerprint("ab")
    assert len(fingerprint("a")) == 8


@given(st.binary(max_size=70))
def test_murmur2_is_kafkas(data: bytes) -> None:
    assert murmur2(data) == reference(data) & 0xFFFFFFFF


@given(st.binary(min_size=1, max_size=40), st.integers(1, 200))
def test_every_key_has_one_of_the_partitions(key: bytes, partitions: int) -> None:
    assert 0 <= partition_of(key, partitions) < partitions


def test_a_key_is_read_as_it_was_written() -> None:
    assert parse_customer_key(customer_key("acme", "crm:7")) == ("acme", "crm:7")


def test_each_kind_of_config_record_has_a_key_of_its_own() -> None:
    records = [
        JourneyVersion(workspace_id="w", journey_id="j", version=1, config={}),
        JourneyVersion(workspace_id="w", journey_id="j", version=2, config={}),
        JourneyStanding(workspace_id="w", journey_id="j", version=2, status="ACTIVE"),
        WorkspaceSettings(workspace_id="w"),
    ]
    assert len({config_key(record) for record in records}) == 4
