import pytest

from orchestrator.errors import ConfigurationError
from orchestrator.streams.crash import POINTS, VARIABLE, Crash, crash_from


def test_a_crash_that_was_not_asked_for_never_happens() -> None:
    crash = crash_from({})
    for point in POINTS:
        crash.at(point)


def test_an_unknown_point_or_count_is_refused_with_the_points_there_are() -> None:
    for text in ("nowhere", "after_commit:x", ":3"):
        with pytest.raises(ConfigurationError, match="after_commit"):
            crash_from({VARIABLE: text})


def test_it_happens_when_the_point_is_reached_for_the_nth_time(monkeypatch: pytest.MonkeyPatch) -> None:
    codes: list[int] = []
    monkeypatch.setattr("os._exit", codes.append)
    crash = Crash("after_commit", 2)
    crash.at("after_commit")
    crash.at("after_store")
    assert codes == []
    crash.at("after_commit")
    assert codes == [137]
