"""The stand-in keeps the rules of a channel adapter: once for each id, nothing after expiry, a report of everything."""

from collections import Counter

import pytest

from orchestrator.messages.command import SendCommand
from orchestrator.simulator.adapter import Adapter, was_delivered


def command(id_: str = "c1", expires_at_ms: int | None = None) -> SendCommand:
    return SendCommand(
        id=id_,
        workspace_id="demo",
        customer_id="someone",
        journey_id="j",
        version=1,
        run_id="r",
        step="email",
        visit=1,
        channel="email",
        template="hello",
        category="marketing",
        variables={},
        decided_at_ms=1_000,
        expires_at_ms=expires_at_ms,
    )


def test_a_message_is_sent_then_delivered() -> None:
    reports = Adapter().carry_out(command(), 1_000)

    assert [report.outcome for report in reports][:2] == ["sent", "delivered"]
    assert was_delivered(reports)
    assert [report.time_ms for report in reports] == sorted(report.time_ms for report in reports)
    assert {(report.command_id, report.run_id, report.step, report.channel) for report in reports} == {
        ("c1", "r", "email", "email")
    }


def test_a_command_that_comes_again_is_not_carried_out_again() -> None:
    adapter = Adapter()
    adapter.carry_out(command(), 1_000)

    assert adapter.carry_out(command(), 9_000) == []
    assert (adapter.repeated, adapter.command_ids) == (1, {"c1"})


def test_an_expired_command_is_refused_and_reported_as_failed() -> None:
    adapter = Adapter()
    [report] = adapter.carry_out(command(expires_at_ms=5_000), 5_001)

    assert (report.outcome, report.reason) == ("failed", "the command had expired")
    assert not was_delivered([report])
    assert adapter.expired == 1


def test_the_last_moment_before_expiry_is_in_time() -> None:
    assert was_delivered(Adapter().carry_out(command(expires_at_ms=5_000), 5_000))


def test_openings_and_clicks_have_the_stated_shares_and_nothing_changes_decisions() -> None:
    adapter = Adapter()
    outcomes = Counter(
        report.outcome for number in range(5_000) for report in adapter.carry_out(command(f"c{number}"), 1_000)
    )

    assert set(outcomes) == {"sent", "delivered", "opened", "clicked"}
    assert outcomes["opened"] / 5_000 == pytest.approx(0.45, abs=0.02)
    assert outcomes["clicked"] / 5_000 == pytest.approx(0.12, abs=0.02)


def test_reports_have_ids_of_their_own_that_repeat() -> None:
    reports = Adapter().carry_out(command(), 1_000)

    assert len({report.id for report in reports}) == len(reports)
    assert reports == Adapter().carry_out(command(), 1_000)
