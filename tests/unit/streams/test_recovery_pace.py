"""How long a recovery is said to take."""

from orchestrator.streams.recovery import remaining_s


def test_the_rest_takes_as_long_in_proportion_as_what_is_done() -> None:
    assert remaining_s(done=20_000, left=60_000, took_s=5.0) == 15.0
    assert remaining_s(done=80_000, left=0, took_s=20.0) == 0.0


def test_before_anything_is_done_it_is_said_to_take_long() -> None:
    assert remaining_s(done=0, left=1_000, took_s=5.0) == 5_000.0
