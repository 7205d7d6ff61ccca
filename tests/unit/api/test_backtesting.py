"""How many backtests an API process runs, and over which period."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from orchestrator.api.backtesting import Backtesting
from orchestrator.api.backtests import period_of
from orchestrator.api.problems import BadRequest
from orchestrator.api.quota import TooManyRequests
from orchestrator.errors import Forbidden
from orchestrator.settings import load_settings

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


def test_no_more_run_at_once_than_may() -> None:
    backtesting = Backtesting(load_settings(backtests_at_once=2))
    with backtesting.place(), backtesting.place(), pytest.raises(TooManyRequests, match="2 backtests"):  # noqa: SIM117
        with backtesting.place():
            raise AssertionError("there was a third place")
    with backtesting.place():
        pass


def test_where_none_may_run_nobody_waits_for_a_place() -> None:
    with pytest.raises(Forbidden, match="BACKTESTS_AT_ONCE"), Backtesting(load_settings(backtests_at_once=0)).place():
        raise AssertionError("there was a place")


def test_the_usual_period_is_the_last_thirty_days() -> None:
    assert period_of(None, None, NOW) == (NOW - timedelta(days=30), NOW)
    early = NOW - timedelta(days=100)
    assert period_of(None, early, NOW) == (early - timedelta(days=30), early)


def test_nothing_is_asked_of_the_future_or_of_before_there_were_computers() -> None:
    assert period_of(NOW - timedelta(days=1), NOW + timedelta(days=9), NOW)[1] == NOW
    first = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    assert period_of(first, None, NOW)[0] == datetime(1970, 1, 1, tzinfo=UTC)
    last = datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-12)))
    assert period_of(NOW - timedelta(days=1), last, NOW)[1] == NOW


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (NOW, NOW),
        (NOW + timedelta(days=1), None),
        (None, datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))),
        (datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-12))), None),
    ],
)
def test_an_empty_period_is_refused(since: datetime | None, until: datetime | None) -> None:
    with pytest.raises(BadRequest, match="empty"):
        period_of(since, until, NOW)
