"""What a request makes of a journey."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import UUID

import pytest
from pydantic import ValidationError

from orchestrator.api.change import (
    TRANSITIONS,
    braked,
    check_precondition,
    etag,
    new_journey,
    patched,
    stopped,
    written,
)
from orchestrator.api.documents import JourneyPatch, NewJourney
from orchestrator.api.problems import PreconditionFailed, StatusConflict
from orchestrator.definitions.parse import parse_journey
from orchestrator.messages.config import JourneyStanding, JourneyStatus, JourneyVersion
from orchestrator.store.journeys import Change, Journey
from tests.builders import a_journey

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
DEFINITION = parse_journey(a_journey())
OTHER = parse_journey(a_journey(about="another"))
STATUSES: tuple[JourneyStatus, ...] = get_args(JourneyStatus)


def journey_in(status: JourneyStatus, *, drain: bool = False) -> Journey:
    return Journey(
        id=UUID(int=1),
        workspace_id="acme",
        name="Welcome",
        campaign_id=None,
        config=written(DEFINITION),
        status=status,
        drain=drain,
        version=3,
        created_at=NOW,
        updated_at=NOW,
    )


def patch(before: Journey, **fields: Any) -> Change:
    definition = parse_journey(fields["config"]) if "config" in fields else None
    return patched(before, JourneyPatch.model_validate(fields), definition, NOW)


@pytest.mark.parametrize("before", STATUSES)
@pytest.mark.parametrize("after", [status for status in STATUSES if status != "DRAFT"])
def test_status_goes_only_where_the_table_says(before: JourneyStatus, after: JourneyStatus) -> None:
    if after in TRANSITIONS[before] or (before == after and before != "ARCHIVED"):
        assert patch(journey_in(before), status=after).journey.status == after
    else:
        with pytest.raises(StatusConflict) as refused:
            patch(journey_in(before), status=after)
        assert refused.value.allowed == TRANSITIONS[before]


def test_every_status_but_the_last_can_be_stopped_and_none_comes_back_from_there() -> None:
    for status in ("DRAFT", "ACTIVE", "PAUSED"):
        assert "STOPPED" in TRANSITIONS[status]
    assert TRANSITIONS["STOPPED"] == ("ARCHIVED",)
    assert TRANSITIONS["ARCHIVED"] == ()


def test_definition_goes_to_the_workers_before_the_standing_that_names_it() -> None:
    version, standing = patch(journey_in("ACTIVE"), config=a_journey(about="another"), status="PAUSED").records
    assert version == JourneyVersion(workspace_id="acme", journey_id=str(UUID(int=1)), version=4, config=written(OTHER))
    assert standing == JourneyStanding(
        workspace_id="acme",
        journey_id=str(UUID(int=1)),
        version=4,
        status="PAUSED",
        changed_at_ms=1_767_614_400_000,
    )


def test_definition_as_it_is_written_is_read_again_as_the_same() -> None:
    goal = {
        "event": "order.placed",
        "window": "P30D",
        "where": {"kind": "field", "name": "amount", "op": "gt", "value": 9.5},
    }
    definition = parse_journey(a_journey(goal=goal, holdout={"percent": 12.5}, expires_after="P90D"))
    assert parse_journey(written(definition)) == definition


def test_pause_is_one_record() -> None:
    (standing,) = patch(journey_in("ACTIVE"), status="PAUSED").records
    assert isinstance(standing, JourneyStanding)
    assert (standing.version, standing.status) == (3, "PAUSED")


def test_workers_hear_nothing_of_a_draft_until_it_leaves_that_status() -> None:
    draft = new_journey(UUID(int=1), "acme", NewJourney(config={}, status="DRAFT"), DEFINITION, NOW)
    assert (draft.records, draft.journey.name) == ((), "Welcome")
    assert patch(draft.journey, config=a_journey(about="another"), name="X").records == ()
    assert [type(record) for record in patch(draft.journey, status="ACTIVE").records] == [
        JourneyVersion,
        JourneyStanding,
    ]
    active = new_journey(UUID(int=1), "acme", NewJourney(config={}, name="Mine"), DEFINITION, NOW)
    assert active.journey.name == "Mine"
    assert len(active.records) == 2


def test_what_already_holds_makes_no_change_and_no_record() -> None:
    before = journey_in("ACTIVE")
    assert patch(before, config=a_journey(), status="ACTIVE", name="Welcome", campaign_id=None) == Change(before, ())


def test_definition_is_fixed_once_the_journey_has_stopped_but_its_name_is_not() -> None:
    with pytest.raises(StatusConflict, match="keeps its definition"):
        patch(journey_in("STOPPED"), config=a_journey(about="another"))
    assert patch(journey_in("STOPPED"), name="Old", campaign_id="c").journey.campaign_id == "c"
    with pytest.raises(StatusConflict, match="archived"):
        patch(journey_in("ARCHIVED"), name="Older")


def test_draining_can_be_cut_short_but_not_begun_after_customers_have_left() -> None:
    assert patch(journey_in("ACTIVE"), status="STOPPED").journey.drain is False
    draining = patch(journey_in("ACTIVE"), status="STOPPED", drain=True).journey
    assert draining.drain is True
    assert patch(draining, status="STOPPED").journey.drain is False
    with pytest.raises(StatusConflict, match="have left"):
        patch(journey_in("STOPPED"), status="STOPPED", drain=True)


def test_delete_stops_at_once_and_a_second_time_does_nothing() -> None:
    for before in (journey_in("DRAFT"), journey_in("ACTIVE"), journey_in("PAUSED"), journey_in("STOPPED", drain=True)):
        change = stopped(before, NOW)
        assert (change.journey.status, change.journey.drain) == ("STOPPED", False)
        assert change.records
    for before in (journey_in("STOPPED"), journey_in("ARCHIVED")):
        assert stopped(before, NOW) == Change(before, ())


def test_entity_tag_changes_with_every_change_and_guards_what_was_read() -> None:
    before = journey_in("ACTIVE")
    after = replace(before, updated_at=NOW + timedelta(microseconds=1))
    assert etag(before) != etag(after)
    for header in (None, "*", etag(before), f'"0-0", {etag(before)}'):
        check_precondition(header, etag(before))
    for header in ("", etag(after), f"W/{etag(before)}"):
        with pytest.raises(PreconditionFailed):
            check_precondition(header, etag(before))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"drain": True},
        {"status": "PAUSED", "drain": False},
        {"status": "DRAFT"},
        {"status": None},
        {"name": ""},
        {"name": "  "},
        {"name": None},
        {"name": 3},
        {"config": None},
        {"config": "text"},
        {"campaign_id": ""},
        {"campaign_id": "x" * 256},
        {"id": "x"},
    ],
)
def test_patch_that_makes_no_sense_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        JourneyPatch.model_validate(fields)


def test_a_draft_that_is_archived_concerns_no_worker() -> None:
    change = patch(journey_in("DRAFT"), status="ARCHIVED")
    assert (change.journey.status, change.records) == ("ARCHIVED", ())


def test_a_stopped_journey_that_is_archived_does() -> None:
    (standing,) = patch(journey_in("STOPPED"), status="ARCHIVED").records
    assert isinstance(standing, JourneyStanding)
    assert standing.status == "ARCHIVED"


def test_a_journey_that_pauses_by_itself_says_why_until_somebody_decides() -> None:
    change = braked(journey_in("ACTIVE"), "brake: too much", NOW)
    assert (change.journey.status, change.journey.paused_reason) == ("PAUSED", "brake: too much")
    assert [record.status for record in change.records if isinstance(record, JourneyStanding)] == ["PAUSED"]
    assert patch(change.journey, status="PAUSED").journey.paused_reason == "brake: too much"
    assert patch(change.journey, status="ACTIVE").journey.paused_reason == ""
    assert stopped(change.journey, NOW).journey.paused_reason == ""


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "ACTIVE"])
def test_a_brake_does_nothing_to_a_journey_that_does_not_run(status: JourneyStatus) -> None:
    before = journey_in(status)
    assert braked(before, "brake: too much", NOW) == Change(before, ())
