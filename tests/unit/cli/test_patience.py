"""What is asked again, after which pause, and when it is given up."""

import pytest

from orchestrator.cli.patience import DOUBT_S, PATIENCE_S, Attempt, Course, pause_before_next

REFUSED = Attempt(None, was_sent=False)
LOST = Attempt(None)


def pauses(*attempts: Attempt, is_reading: bool = False, is_repeatable: bool = True) -> list[float]:
    """The pauses after each of ``attempts``, the last of them again and again, until it is given up."""
    course, found = Course(), []
    for number in range(1_000):
        attempt = attempts[min(number, len(attempts) - 1)]
        course = course.after(attempt, is_reading)
        pause_s = pause_before_next(attempt, course, is_repeatable)
        if pause_s is None:
            return found
        found.append(pause_s)
        course = course.waiting(pause_s, attempt)
    raise AssertionError("it is never given up")


@pytest.mark.parametrize("attempt", [REFUSED, Attempt(503), Attempt(502), Attempt(504)])
def test_what_does_not_answer_is_asked_again_with_growing_pauses_and_given_up(attempt: Attempt) -> None:
    found = pauses(attempt, is_reading=True)
    assert found[:4] == [0.5, 1.0, 2.0, 4.0]
    assert found == sorted(found)
    assert PATIENCE_S / 2 < sum(found) <= PATIENCE_S


def test_a_write_whose_answer_was_lost_is_asked_again_for_longer_than_the_api_holds_its_key() -> None:
    assert 60 < sum(pauses(LOST)) <= DOUBT_S
    assert 60 < sum(pauses(LOST, REFUSED)) <= DOUBT_S
    assert sum(pauses(LOST, is_reading=True)) <= PATIENCE_S


def test_while_a_lost_write_is_being_answered_its_repetition_waits() -> None:
    assert pauses(LOST, Attempt(409), Attempt(409), Attempt(200)) == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 409, 412, 422, 500])
def test_an_answer_that_would_be_the_same_again_is_the_last(status: int) -> None:
    assert pauses(Attempt(status)) == []


def test_what_the_api_does_not_keep_is_asked_again_only_when_it_was_not_sent() -> None:
    assert pauses(LOST, is_repeatable=False) == []
    assert pauses(Attempt(503), is_repeatable=False) == []
    assert pauses(REFUSED, Attempt(201), is_repeatable=False) == [0.5]


def test_a_caller_who_asks_too_often_waits_as_told_however_long_that_takes_in_all() -> None:
    told = Attempt(429, retry_after_s=60.0)
    assert pauses(told, told, told, Attempt(200)) == [60.0, 60.0, 60.0]
    assert pauses(Attempt(429), Attempt(200)) == [0.5]
    assert pauses(Attempt(429, retry_after_s=3_600.0)) == []
    assert len(pauses(told)) < 100


def test_who_answers_503_says_when_to_come_again() -> None:
    assert pauses(Attempt(503, retry_after_s=5.0), Attempt(200)) == [5.0]
    assert pauses(Attempt(503, retry_after_s=120.0)) == []
