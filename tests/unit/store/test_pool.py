"""Times in and out of PostgreSQL."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from orchestrator.store.pool import _decode_time, _encode_time


def test_times_come_back_in_utc() -> None:
    in_tokyo = datetime(2026, 1, 1, 9, tzinfo=timezone(timedelta(hours=9)))
    back = _decode_time(_encode_time(in_tokyo))
    assert back == in_tokyo
    assert back.tzinfo is UTC


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        _encode_time(datetime(2026, 1, 1))  # noqa: DTZ001 - this is the point
