from orchestrator.streams.breaker import DECIDE_RUN, DECODE_RUN, WINDOW, Breaker, Failure


def failures(places: range, stage: str) -> list[Failure]:
    return [Failure(place, stage) for place in places]


def test_a_run_of_engine_failures_trips_it_also_across_batches() -> None:
    breaker = Breaker()
    assert breaker.account(60, failures(range(10, 60), "decide")) is None
    assert breaker.account(50, failures(range(DECIDE_RUN - 50 - 1), "decide")) is None
    assert Breaker().account(100, failures(range(DECIDE_RUN), "decide")) is not None


def test_one_good_record_ends_a_run() -> None:
    breaker = Breaker()
    assert breaker.account(DECIDE_RUN, failures(range(DECIDE_RUN - 1), "decide")) is None
    assert breaker.account(DECIDE_RUN, failures(range(DECIDE_RUN - 1), "decide")) is None


def test_half_of_the_window_trips_it_without_a_run() -> None:
    every_second = [Failure(place, "decide") for place in range(0, WINDOW, 2)]
    assert Breaker().account(WINDOW, every_second) is not None
    every_third = [Failure(place, "decide") for place in range(0, 3 * WINDOW, 3)]
    assert Breaker().account(3 * WINDOW, every_third) is None


def test_a_producer_of_rubbish_among_others_never_trips_it() -> None:
    breaker = Breaker()
    for _ in range(20):
        assert breaker.account(1_000, failures(range(900), "decode")) is None


def test_nothing_but_rubbish_trips_it_in_the_end() -> None:
    breaker = Breaker()
    for _ in range(DECODE_RUN // 100 - 1):
        assert breaker.account(100, failures(range(100), "decode")) is None
    assert breaker.account(100, failures(range(100), "decode")) is not None
