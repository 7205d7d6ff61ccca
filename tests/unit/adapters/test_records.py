"""Commands as they are read, and reports as they are written."""

from typing import Any

import pytest
from msgspec.structs import replace

from orchestrator.adapters.allowance import Allowance
from orchestrator.adapters.decision import Answer, Rules
from orchestrator.adapters.desk import Desk
from orchestrator.adapters.health import Signs, readiness
from orchestrator.adapters.ledger import Memory
from orchestrator.adapters.records import letter, outgoing, outgoing_report, read_command, report, report_id
from orchestrator.catalog import Catalog
from orchestrator.errors import DecodeError
from orchestrator.kafka.tail import TailRecord
from orchestrator.messages.codec import decode_delivery, encode_command
from orchestrator.messages.dead_letter import parse_dead_letter
from orchestrator.messages.key import partition_of
from orchestrator.settings import load_settings
from tests.adapter_process import a_command

CATALOG = Catalog(load_settings())


def a_record(value: bytes | None = None, key: bytes | None = None, **changes: Any) -> TailRecord:
    encoded = encode_command(a_command(1, **changes))
    return TailRecord(
        CATALOG.commands("push"),
        3,
        7,
        0,
        encoded.key if key is None else key,
        encoded.value if value is None else value,
        tuple(encoded.headers),
    )


def test_a_command_is_read_as_it_was_published() -> None:
    assert read_command("push", a_record()) == a_command(1)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (a_record(b"nonsense"), "malformed"),
        (a_record(b"[]"), "malformed"),
        (a_record(b"x" * 1_100_000), "oversized"),
        (a_record(id=""), "malformed"),
        (a_record(id="x" * 201), "malformed"),
        (a_record(id="a\nb"), "malformed"),
        (a_record(channel="sms"), "wrong_channel"),
        (a_record(key=b"acme:c2"), "key_mismatch"),
        (a_record(key=b""), "key_mismatch"),
        (a_record(workspace_id="a:b"), "key_mismatch"),
        (a_record(customer_id=""), "wrong_key"),
    ],
)
def test_what_is_no_command_of_this_channel_is_set_aside_byte_for_byte(record: TailRecord, reason: str) -> None:
    if reason == "key_mismatch" and record.key == b"a:b:c1":
        record = record._replace(key=b"acme:c1")
    with pytest.raises(DecodeError) as caught:
        read_command("push", record)
    assert caught.value.reason == reason
    made = letter(CATALOG, record, caught.value)
    kept = parse_dead_letter(made.key, made.value, list(made.headers))
    assert (kept.topic, kept.partition, kept.offset) == (record.topic, 3, 7)
    assert (kept.key, kept.value, kept.headers) == (record.key, record.value, record.headers)


def test_a_report_repeats_the_commands_ids_and_has_an_id_that_follows_from_them() -> None:
    command = a_command(1)
    told = report(command, Answer("bounced", "smtp 550\r\n" + "x" * 900, True), 5)
    assert (told.id, told.source, told.time_ms) == ("command-1/bounced", "/orchestrator/adapters/push", 5)
    assert told.is_permanent
    assert len(told.reason) == 300
    assert told.reason.isprintable()
    record = outgoing_report(CATALOG, told)
    assert record.partition == partition_of(b"acme:c1", 8)
    assert decode_delivery(record.key, record.value, record.headers, 0) == told
    assert report_id("c", "clicked", "link-2") == "c/clicked/link-2"


def test_a_draft_is_reports_and_the_ledger_in_the_partition_of_the_command() -> None:
    desk = Desk(Rules(is_repeatable=False), Memory(), 10)
    desk.take(0, a_command(1, expires_at_ms=1))
    desk.take(1, a_command(2))
    draft = desk.draft(10, Allowance(0, 0))
    assert draft is not None
    records = outgoing(CATALOG, "push", 3, draft)
    assert [(each.topic, each.key) for each in records] == [
        (CATALOG.deliveries, b"acme:c1"),
        (CATALOG.ledger, b"push:command-1"),
        (CATALOG.ledger, b"push:command-2"),
    ]
    assert {each.partition for each in records if each.topic == CATALOG.ledger} == {3}
    assert draft.next_offset == 1


def test_one_customer_waits_behind_its_own_command_and_no_other_does() -> None:
    desk = Desk(Rules(is_repeatable=False), Memory(), 10)
    first, second, other = a_command(1), replace(a_command(2), customer_id="c1"), a_command(3)
    for offset, command in enumerate((first, second, other)):
        desk.take(offset, command)
    draft = desk.draft(0, Allowance(0, 0))
    assert draft is not None
    assert [piece.command.id for piece in draft.tries] == ["command-1", "command-3"]
    assert desk.span() == 3


def test_an_adapter_is_ready_when_all_that_it_was_given_is_taken_over() -> None:
    assert not readiness(Signs(0.0), 1.0)["partitions"].ok
    assert not readiness(Signs(0.0, 4, 3), 1.0)["partitions"].ok
    assert readiness(Signs(0.0, 4, 4), 1.0)["partitions"].ok
    assert readiness(Signs(0.0, 0, 0), 1.0)["partitions"].ok
    assert not readiness(Signs(0.0, 4, 4), 100.0)["event_loop"].ok
