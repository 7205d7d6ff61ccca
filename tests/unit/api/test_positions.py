"""Where runs stand, step by step."""

from datetime import UTC, datetime

from orchestrator.api.positions import by_step
from orchestrator.store.reports import Standing


def at(hour: int) -> datetime:
    return datetime(2026, 1, 5, hour, tzinfo=UTC)


def test_a_step_has_all_who_stand_there_by_version_and_since_when_the_first_does() -> None:
    found = [
        Standing("treatment", "pause", 1, 3, at(9)),
        Standing("treatment", "pause", 2, 1, at(7)),
        Standing("treatment", "offer", 2, 4, at(8)),
        Standing("", "pause", 2, 1, at(10)),
        Standing("treatment", "", 2, 9, at(6)),  # the entry is on record, and the first step is not yet
    ]
    assert [step.model_dump() for step in by_step(found)] == [
        {"step": "offer", "customers": 4, "versions": {"2": 4}, "since": at(8)},
        {"step": "pause", "customers": 5, "versions": {"1": 3, "2": 2}, "since": at(7)},
    ]
    assert by_step([]) == []
