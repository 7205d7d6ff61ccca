"""The reference takes from the topics exactly what was meant, whatever else stands in them."""

import pytest

from orchestrator.catalog import Catalog
from orchestrator.demo.publication import Publication, clock_ticks, edition
from orchestrator.demo.reference import run_reference, understand
from orchestrator.demo.scenario import end_ms, silent_customers
from orchestrator.journeys.replay import Replay
from orchestrator.kafka.tail import TailRecord
from orchestrator.messages.activity import Activity
from orchestrator.messages.codec import encode_config, encode_delivery
from orchestrator.messages.command import SendCommand
from orchestrator.messages.config import ConfigRecord
from orchestrator.messages.event import EngagementEvent
from orchestrator.messages.key import customer_key, partition_of
from orchestrator.settings import Settings
from orchestrator.simulator.adapter import Adapter
from orchestrator.streams.forwarding import FORWARDED_FROM

PARTITIONS = 4


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog(Settings(partitions=PARTITIONS))


def stored(topic: str, publication: Publication, offset: int) -> TailRecord:
    partition = publication.partition
    if partition is None:
        partition = partition_of(publication.key or b"", PARTITIONS)
    return TailRecord(topic, partition, offset, 0, publication.key, publication.value, tuple(publication.headers))


def forwarded(record: TailRecord, event: EngagementEvent) -> TailRecord:
    key = customer_key(event.workspace_id, event.customer_id)
    headers = (*record.headers, (FORWARDED_FROM, b"events/0/0"))
    return record._replace(partition=partition_of(key, PARTITIONS), key=key, headers=headers)


def config_records(catalog: Catalog, configs: list[ConfigRecord]) -> list[TailRecord]:
    return [
        TailRecord(catalog.configs, 0, offset, 0, each.key, each.value, ())
        for offset, each in enumerate(map(encode_config, configs))
    ]


def test_what_the_topics_hold_is_replayed_as_it_happened(
    catalog: Catalog, configs: list[ConfigRecord], happening: list[EngagementEvent], played: Replay
) -> None:
    silent = silent_customers(400)
    made = edition(happening, silent, PARTITIONS)
    records = [stored(catalog.events, each, offset) for offset, each in enumerate(made.publications)]
    by_customer = {event.customer_id: event for event in happening}
    copies = [
        forwarded(record, by_customer[customer])
        for record, publication in zip(records, made.publications, strict=True)
        if publication.partition is not None
        for customer in silent
        if customer.encode() in publication.value or publication.key == customer_key("demo", customer)
    ]
    ticks = [stored(catalog.events, each, 10**6) for each in clock_ticks(end_ms(happening), PARTITIONS)]

    inputs = understand(catalog, [*config_records(catalog, configs), *records, *copies, *ticks])
    reference = run_reference(inputs, end_ms(happening))

    assert (inputs.undecodable, inputs.astray, inputs.ticks) == (made.malformed, made.misrouted, PARTITIONS)
    assert inputs.forwarded == made.misrouted
    assert reference.duplicates == made.duplicates
    assert reference.command_ids == {each.id for each in played.effects if isinstance(each, SendCommand)}
    assert reference.activity_ids == {each.id for each in played.effects if isinstance(each, Activity)}


def test_delivery_reports_are_on_record_and_decide_nothing(
    catalog: Catalog, configs: list[ConfigRecord], happening: list[EngagementEvent], played: Replay
) -> None:
    adapter = Adapter()
    commands = [each for each in played.effects if isinstance(each, SendCommand)]
    reports = [report for each in commands for report in adapter.carry_out(each, each.decided_at_ms)]
    told = [
        stored(catalog.deliveries, Publication(0, each.key, each.value, each.headers), offset)
        for offset, each in enumerate(map(encode_delivery, reports))
    ]
    made = edition(happening, (), PARTITIONS)
    records = [stored(catalog.events, each, offset) for offset, each in enumerate(made.publications)]

    # Given first, as if every report had come in before anything had happened.
    inputs = understand(catalog, [*config_records(catalog, configs), *told, *records])
    reference = run_reference(inputs, end_ms(happening))

    assert reference.command_ids == {each.id for each in commands}
    reported = [each for each in reference.activities if each.type == "message_reported"]
    assert len(reported) == len(reports)
    assert reference.activity_ids - {each.id for each in reported} == {
        each.id for each in played.effects if isinstance(each, Activity)
    }


def test_a_config_that_was_removed_is_no_journey(catalog: Catalog) -> None:
    inputs = understand(catalog, [TailRecord(catalog.configs, 0, 0, 0, b"key", None, ())])

    assert inputs.directory.plans == {}
