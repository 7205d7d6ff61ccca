"""What is told of the events that came in: one's own alone, names and counts, and nothing that stands in them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from orchestrator.api.arrival_documents import EventTypeList
from orchestrator.api.arrivals import MOST_FIELDS, MOST_FIELDS_KEPT, MOST_TYPES, arrivals_in, fields_in
from orchestrator.definitions.parse import parse_journey
from orchestrator.kafka.tail import TailRecord
from orchestrator.messages.codec import encode_event
from orchestrator.messages.event import CLOCK_TICKED, ENTRY_REQUESTED
from tests.builders import MONDAY_NOON, a_journey, an_event

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
SECOND = 1_000


def came(type_: str, at_ms: int, workspace_id: str = "acme", **data: Any) -> TailRecord:
    """A record that came in at ``at_ms`` with an event that says it is much older."""
    event = replace(an_event(type_, MONDAY_NOON - 900 * SECOND, f"{at_ms}", **data), workspace_id=workspace_id)
    encoded = encode_event(event)
    return TailRecord("events", 0, at_ms, at_ms, encoded.key, encoded.value, tuple(encoded.headers))


def told(records: Iterable[TailRecord], workspace_id: str = "acme", *, is_all: bool = True) -> EventTypeList:
    return arrivals_in(records, is_all=is_all, looked_at=NOW).of(workspace_id)


def at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1_000, UTC)


def test_each_type_is_told_with_how_many_came_and_when_the_most_frequent_first() -> None:
    found = told(
        [
            came("order.placed", 5 * SECOND),
            came("cart.abandoned", 9 * SECOND),
            came("cart.abandoned", 2 * SECOND),
            came("cart.abandoned", 4 * SECOND),
        ]
    )
    assert [(item.type, item.events, item.first_at, item.last_at) for item in found.items] == [
        ("cart.abandoned", 3, at(2 * SECOND), at(9 * SECOND)),
        ("order.placed", 1, at(5 * SECOND), at(5 * SECOND)),
    ]
    assert (found.events, found.since, found.looked_at, found.is_all) == (4, at(2 * SECOND), NOW, True)


def test_only_ones_own_events_are_told_not_even_how_many_others_there_are() -> None:
    records = [came("secret.plan", number, "globex", codename="x") for number in range(9)]
    ours = told([*records, came("order.placed", 50)])
    assert [item.type for item in ours.items] == ["order.placed"]
    assert (ours.events, ours.since) == (1, at(50))
    nobody = told(records, is_all=False)
    assert (nobody.items, nobody.events, nobody.since, nobody.is_all) == ([], 0, None, False)


def test_fields_are_told_by_their_path_and_kind_and_never_by_their_value() -> None:
    found = told(
        [
            came("order.placed", 1, order={"total": 19.5, "code": "HUSH"}, items=["HUSH"], gift=True, note=None),
            came("order.placed", 2, order={"total": "HUSH"}),
        ]
    )
    fields = {each.name: (each.kinds, each.events) for each in found.items[0].fields}
    assert fields == {
        "order.total": (["number", "text"], 2),
        "order.code": (["text"], 1),
        "items": (["list"], 1),
        "gift": (["boolean"], 1),
        "note": (["null"], 1),
    }
    assert found.items[0].fields[0].name == "order.total"
    assert "HUSH" not in found.model_dump_json()


def test_what_no_condition_can_ask_about_is_no_field() -> None:
    deep: dict[str, object] = {"a": {"b": {"c": {"d": {"e": 1, "f": {"g": 2}}}}}}
    assert list(fields_in(deep)) == [("a.b.c.d.e", "number")]
    assert list(fields_in({"has space": 1, "1st": 1, "": 1, "a.b": 1, "fine-1": {}})) == []


def test_every_field_told_can_be_asked_about() -> None:
    for name, _ in fields_in({"a": {"b-c": {"_d": 1}}, "E": 2}):
        where = {"kind": "field", "name": name, "op": "eq", "value": 1}
        parse_journey(a_journey(entry={"kind": "event", "type": "customer.signed_up", "where": where}))


def test_what_is_no_event_and_what_the_orchestrator_sends_itself_is_passed_over() -> None:
    broken = TailRecord("events", 0, 1, 1, b"acme:c", b"no event", ())
    found = told([broken, came(ENTRY_REQUESTED, 2), came(CLOCK_TICKED, 3), came("order.placed", 4)])
    assert [item.type for item in found.items] == ["order.placed"]
    assert found.events == 1


def test_an_answer_is_bounded_whatever_comes_in() -> None:
    many = {f"field{number}": number for number in range(MOST_FIELDS + 50)}
    ids = [came("by.id", number, **{f"c{number}-{at}": 1 for at in range(100)}, common=1) for number in range(300)]
    kept = arrivals_in(ids, is_all=True, looked_at=NOW).seen["acme"].types["by.id"]
    assert (kept.events, len(kept.fields)) == (300, MOST_FIELDS_KEPT)
    records = [came(f"type.{number}", number) for number in range(MOST_TYPES + 7)]
    found = told([*records, came("wide", 1, **many), came("wide", 2, **many)])
    assert (len(found.items), found.types_left_out) == (MOST_TYPES, 8)
    assert found.items[0].type == "wide"
    assert len(found.items[0].fields) == MOST_FIELDS
    assert found.events == MOST_TYPES + 9
