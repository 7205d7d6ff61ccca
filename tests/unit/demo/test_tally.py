"""The demo's own count and the sink's come to the same, and a difference is not overlooked."""

from orchestrator.demo.tally import Line, arm_summary, compared, from_activities, from_figures, is_shown
from orchestrator.journeys.replay import Replay
from orchestrator.messages.activity import Activity
from orchestrator.sink.fold import fold, merged
from orchestrator.store.reports import Metrics


def totals_of(activities: list[Activity], journey_id: str) -> Metrics:
    """What the sink keeps of these activities, over all days."""
    total: Metrics = {}
    for (of_journey, _), figures in fold(activities, {}).days.items():
        if of_journey == journey_id:
            total = merged(total, figures)  # type: ignore[assignment]
    return total


def test_two_ways_of_counting_come_to_the_same(played: Replay) -> None:
    activities = [each for each in played.effects if isinstance(each, Activity)]
    counted = from_activities(activities)

    for journey_id in ("win-back", "trial-offer"):
        lines = compared(from_figures(totals_of(activities, journey_id)), counted[journey_id])
        assert len(lines) > 15
        assert [line for line in lines if not line.agrees] == []


def test_one_activity_less_shows(played: Replay) -> None:
    activities = [each for each in played.effects if isinstance(each, Activity)]
    lost = next(each for each in activities if each.type == "goal_reached" and each.journey_id == "win-back")
    run = totals_of([each for each in activities if each is not lost], "win-back")

    lines = compared(from_figures(run), from_activities(activities)["win-back"])

    differing = {line.name for line in lines if not line.agrees}
    assert f"conversions: {lost.arm}" in differing
    assert f"revenue, $: {lost.arm}" in differing


def test_figures_that_only_one_side_has_are_compared_with_zero() -> None:
    assert compared({"a": 1}, {"b": 2}) == [Line("a", 1, 0), Line("b", 0, 2)]
    assert compared({"a": 0}, {})[0].agrees


def test_sums_of_money_may_differ_in_the_last_bit_but_counts_may_not() -> None:
    assert Line("revenue", 0.1 + 0.2, 0.3).agrees
    assert not Line("revenue", 100.00, 100.01).agrees
    assert not Line("runs", 1_000_000, 1_000_001).agrees


def test_sums_of_squares_are_shown_only_when_they_differ() -> None:
    assert not is_shown(Line("revenue squared: holdout", 4.0, 4.0))
    assert is_shown(Line("revenue squared: holdout", 4.0, 5.0))
    assert is_shown(Line("runs: holdout", 4, 4))


def test_a_journey_without_figures_has_empty_arms() -> None:
    arm = arm_summary(from_figures({}), "holdout")

    assert (arm.customers, arm.converted, arm.value) == (0, 0, 0.0)
