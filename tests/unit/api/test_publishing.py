"""What needs a second person is what reaches customers anew; to stop never does."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from orchestrator.api.publishing import needs_second_person
from orchestrator.messages.config import JourneyStatus
from orchestrator.store.journeys import Journey

NOW = datetime(2026, 1, 5, tzinfo=UTC)
DRAFT = Journey(UUID(int=1), "acme", "Welcome", None, {}, "DRAFT", False, 1, NOW, NOW)


@pytest.mark.parametrize(
    ("before", "after", "needs"),
    [
        ("DRAFT", "ACTIVE", True),
        ("DRAFT", "STOPPED", False),
        ("ACTIVE", "PAUSED", False),
        ("PAUSED", "ACTIVE", False),
        ("ACTIVE", "STOPPED", False),
        ("STOPPED", "ARCHIVED", False),
    ],
)
def test_of_all_changes_of_status_only_a_start_does(before: JourneyStatus, after: JourneyStatus, needs: bool) -> None:
    assert needs_second_person(replace(DRAFT, status=before), replace(DRAFT, status=after)) is needs


@pytest.mark.parametrize(("status", "needs"), [("DRAFT", False), ("ACTIVE", True), ("PAUSED", True)])
def test_another_definition_does_once_customers_can_meet_it(status: JourneyStatus, needs: bool) -> None:
    before = replace(DRAFT, status=status)
    assert needs_second_person(before, replace(before, version=2)) is needs
    assert needs_second_person(before, replace(before, status="PAUSED" if needs else status, version=2)) is needs


def test_a_name_does_not() -> None:
    active = replace(DRAFT, status="ACTIVE")
    assert not needs_second_person(active, replace(active, name="Hello", campaign_id="spring"))
