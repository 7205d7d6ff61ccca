"""What workers know follows from what they were told, whatever the order."""

from itertools import permutations
from typing import Any

import pytest

from orchestrator.journeys.directory import Directory
from orchestrator.messages.config import ConfigRecord, WorkspaceSettings, config_key
from tests.builders import JOURNEY, WORKSPACE, a_journey, a_standing, a_version

OTHER = "journey-0"
COUNTING = {
    "kind": "happened",
    "event": "page.viewed",
    "where": {"kind": "field", "name": "page", "op": "eq", "value": 1},
}
ON_CART = a_journey(entry={"kind": "event", "type": "cart.filled", "audience": COUNTING})
ON_SIGN_UP = a_journey(guardrails={"budgets": [{"kind": "messages", "limit": 5, "per": "day"}]}, priority=90)
BY_SEGMENT = a_journey(entry={"kind": "segment", "audience": COUNTING})
RECORDS: tuple[ConfigRecord, ...] = (
    a_version(ON_CART),
    a_version(ON_SIGN_UP, 2),
    a_standing(version=2),
    a_version(ON_SIGN_UP, journey_id=OTHER),
    a_standing("STOPPED", journey_id=OTHER),
    WorkspaceSettings(workspace_id=WORKSPACE, is_sending=False),
)


def told(*records: ConfigRecord) -> Directory:
    directory = Directory.empty()
    for record in records:
        directory = directory.with_record(record)
    return directory


def what_follows(directory: Directory) -> dict[str, Any]:
    """All that is asked of a directory, by ids."""
    return {
        "entries": {at: [plan.journey_id for plan in plans] for at, plans in directory.entries.items()},
        "segments": {at: [plan.journey_id for plan in plans] for at, plans in directory.segment_entries.items()},
        "entered": {at: plan.version for at, plan in directory.entered.items()},
        "plans": sorted(directory.plans),
        "counters": {at: sorted(each.key for each in counters) for at, counters in directory.counters.items()},
        "limits": {at: [limit.key for limit in limits] for at, limits in directory.limits.items()},
        "moving": directory.moving,
        "held": directory.is_held(WORKSPACE, JOURNEY),
    }


def test_whatever_the_order_of_the_records_the_same_follows() -> None:
    expected = what_follows(told(*RECORDS))
    assert expected["entries"] == {(WORKSPACE, "customer.signed_up"): [JOURNEY]}
    assert expected["moving"] == {OTHER}
    assert list(expected["counters"]) == [(WORKSPACE, "page.viewed")]
    for records in permutations(RECORDS):
        assert what_follows(told(*records)) == expected


@pytest.mark.parametrize("status", ["ACTIVE", "PAUSED", "STOPPED", "ARCHIVED", "DRAFT"])
@pytest.mark.parametrize("journey", [ON_CART, ON_SIGN_UP, BY_SEGMENT])
def test_what_was_said_before_of_a_journey_leaves_nothing_behind(journey: dict[str, Any], status: str) -> None:
    before = told(
        a_version(ON_CART), a_standing(), a_standing("PAUSED"), a_version(BY_SEGMENT, 2), a_standing(version=2)
    )
    now = told(a_version(ON_CART), a_version(BY_SEGMENT, 2), a_version(journey, 3), a_standing(status, 3))
    for record in (a_version(journey, 3), a_standing(status, 3)):
        before = before.with_record(record)
    assert what_follows(before) == what_follows(now)


def test_a_tombstone_takes_away_what_its_record_had_said() -> None:
    for gone in RECORDS:
        left = told(*(record for record in RECORDS if record is not gone))
        assert what_follows(told(*RECORDS).without(config_key(gone))) == what_follows(left)


def test_of_several_journeys_on_one_event_the_highest_priority_comes_first() -> None:
    records = [
        record
        for journey_id, priority in (("c", 10), ("a", 50), ("b", 50), ("d", 90))
        for record in (
            a_version(a_journey(priority=priority), journey_id=journey_id),
            a_standing(journey_id=journey_id),
        )
    ]
    for order in (records, records[::-1]):
        plans = told(*order).entered_by(WORKSPACE, "customer.signed_up")
        assert [plan.journey_id for plan in plans] == ["d", "a", "b", "c"]
