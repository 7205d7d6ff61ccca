"""Where a run stands, by its activities."""

from typing import Any

import pytest

from orchestrator.messages.activity import Activity
from orchestrator.sink.positions import positions

RUN = "11111111-1111-8111-8111-111111111111"


def an_activity(type_: Any, at_ms: int = 0, step: str = "", **details: Any) -> Activity:
    return Activity(
        id="x",
        workspace_id="acme",
        customer_id="c1",
        journey_id="j",
        version=1,
        run_id=RUN,
        type=type_,
        at_ms=at_ms,
        step=step,
        arm="treatment",
        details=details,
    )


@pytest.mark.parametrize(
    ("activity", "expected"),
    [
        (an_activity("journey_entered"), ("", "under_way")),
        (an_activity("wait_started", step="pause"), ("pause", "under_way")),
        (an_activity("send_deferred", step="offer"), ("offer", "under_way")),
        (an_activity("send_requested", step="offer", report_until_ms=9), ("offer", "under_way")),
        (an_activity("step_passed", step="pause", next="offer"), ("offer", "under_way")),
        (an_activity("webhook_requested", step="crm", next="offer"), ("offer", "under_way")),
        (an_activity("run_migrated", step="offer"), ("offer", "under_way")),
        (an_activity("run_exited", step="offer", reason="left"), ("", "ended")),
        (an_activity("run_completed", step="done"), ("", "ended")),
    ],
)
def test_an_activity_tells_where_its_run_stands(activity: Activity, expected: tuple[str, str]) -> None:
    position = positions([activity])[RUN]
    assert (position.step, position.status) == expected


@pytest.mark.parametrize("type_", ["goal_reached", "message_reported", "send_suppressed", "send_requested"])
def test_other_activities_move_no_run(type_: str) -> None:
    assert positions([an_activity(type_, step="offer")]) == {}


def test_the_last_move_stands_and_an_end_is_final() -> None:
    story = [
        an_activity("journey_entered", 1),
        an_activity("wait_started", 1, "pause"),
        an_activity("run_exited", 5, "pause", reason="left"),
        an_activity("wait_started", 9, "pause"),
    ]
    assert positions(story)[RUN].status == "ended"
    assert positions(reversed(story[:2]))[RUN].step == ""
    assert positions([story[1], an_activity("wait_started", 0, "earlier")])[RUN].step == "pause"


def test_what_belongs_to_no_run_has_no_position() -> None:
    refused = Activity(
        id="x",
        workspace_id="acme",
        customer_id="c1",
        journey_id="j",
        version=1,
        run_id="",
        type="entry_refused",
        at_ms=1,
    )
    assert positions([refused]) == {}


@pytest.mark.parametrize(
    ("story", "arrived_ms"),
    [
        ([an_activity("wait_started", 5, "pause")], None),  # it may have stood there before
        ([an_activity("step_passed", 5, "pause", next="offer"), an_activity("send_deferred", 9, "offer")], 5),
        ([an_activity("send_deferred", 5, "offer"), an_activity("send_deferred", 9, "offer")], None),
        ([an_activity("wait_started", 5, "pause"), an_activity("send_deferred", 9, "offer")], 9),
        # Another contact of the same step is tried: the customer stays.
        ([an_activity("step_passed", 5, "offer", next="offer", next_channel="push")], None),
        # Round a loop and back.
        (
            [
                an_activity("step_passed", 5, "pause", next="offer"),
                an_activity("step_passed", 7, "offer", next="pause"),
                an_activity("step_passed", 8, "pause", next="offer"),
            ],
            8,
        ),
        ([an_activity("run_migrated", 5, "offer"), an_activity("run_completed", 9, "done")], 9),
        ([an_activity("journey_entered", 5)], 5),
    ],
)
def test_a_run_has_stood_at_its_step_since_it_came_there(story: list[Activity], arrived_ms: int | None) -> None:
    assert positions(story)[RUN].arrived_ms == arrived_ms
