"""What follows from a command, from what is remembered of it, and from the time."""

import pytest

from orchestrator.adapters.allowance import Allowance
from orchestrator.adapters.decision import Answer, Go, Past, Repeated, Rules, Standing, Wait, conclude, decide
from orchestrator.adapters.ledger import DONE, Known, LedgerEntry, Memory, decode_entry, encode_entry
from orchestrator.adapters.result import Later, Refused, Result, Sent, Unknown
from orchestrator.errors import DecodeError

ONCE = Rules(is_repeatable=False, first_pause_ms=1_000, longest_pause_ms=5_000, most_tries=5, longest_ms=60_000)
REPEATABLE = Rules(is_repeatable=True, first_pause_ms=1_000, longest_pause_ms=5_000, most_tries=5, longest_ms=60_000)


@pytest.mark.parametrize(
    ("standing", "rules", "expected"),
    [
        (Standing(), ONCE, Go()),
        (Standing(Past.ANSWERED), REPEATABLE, Repeated()),
        (Standing(Past.FOUND), REPEATABLE, Answer("sent")),
        (Standing(Past.ATTEMPTED), ONCE, Answer("failed", "unknown_outcome")),
        (Standing(Past.ATTEMPTED), REPEATABLE, Go()),
        (Standing(Past.NEW, 1, 0, 500), ONCE, Wait(500)),
    ],
)
def test_a_command_is_decided_by_what_is_remembered_of_it(standing: Standing, rules: Rules, expected: object) -> None:
    assert decide(1_000, standing, 100, rules) == expected


@pytest.mark.parametrize("now_ms", [1_000, 1_001])
def test_at_its_expiry_and_after_a_command_is_not_sent(now_ms: int) -> None:
    assert decide(1_000, Standing(), now_ms, ONCE) == Answer("failed", "expired")
    assert decide(1_000, Standing(Past.NEW, 1, 0, 0, "smtp 421"), now_ms, ONCE) == Answer("failed", "expired: smtp 421")
    assert decide(1_000, Standing(Past.ATTEMPTED), now_ms, REPEATABLE) == Answer("failed", "unknown_outcome")


def test_a_command_without_an_expiry_never_expires() -> None:
    assert decide(None, Standing(), 10**15, ONCE) == Go()


def test_the_pauses_between_tries_double_up_to_the_longest_and_tries_end() -> None:
    standing, now_ms, pauses = Standing(), 0, []
    while isinstance(found := conclude(None, standing, Later("busy"), now_ms, ONCE), Standing):
        pauses.append(found.next_ms - now_ms)
        standing, now_ms = found, found.next_ms
    assert pauses == [1_000, 2_000, 4_000, 5_000]
    assert found == Answer("failed", "gave_up: busy")


def test_a_provider_may_ask_for_a_longer_pause_and_not_for_a_shorter_one() -> None:
    assert conclude(None, Standing(), Later("429", 30_000), 0, ONCE) == Standing(Past.NEW, 1, 0, 30_000, "429")
    assert conclude(None, Standing(), Later("429", 10), 0, ONCE) == Standing(Past.NEW, 1, 0, 1_000, "429")


def test_what_would_be_too_late_after_the_pause_is_given_up_at_once() -> None:
    assert conclude(900, Standing(), Later("busy"), 0, ONCE) == Answer("failed", "expired: busy")
    assert conclude(None, Standing(), Later("busy", 61_000), 0, ONCE) == Answer("failed", "gave_up: busy")


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (Sent(), Answer("sent")),
        (Refused("bounced", "smtp 550", is_permanent=True), Answer("bounced", "smtp 550", True)),
        (Refused("failed", "http 400"), Answer("failed", "http 400")),
        (Unknown("no reply"), Answer("failed", "unknown_outcome: no reply")),
    ],
)
def test_the_end_of_a_try_is_the_answer(result: Result, expected: Answer) -> None:
    assert conclude(None, Standing(), result, 0, ONCE) == expected


def test_a_try_of_unknown_end_is_repeated_where_that_does_no_harm_and_stays_in_doubt() -> None:
    standing = conclude(None, Standing(), Unknown("time-out"), 0, REPEATABLE)
    assert standing == Standing(Past.ATTEMPTED, 1, 0, 1_000, "time-out")
    assert conclude(2_000, standing, Later("busy"), 1_000, REPEATABLE) == Answer("failed", "unknown_outcome: busy")


def test_the_allowance_is_a_second_s_worth_at_once_and_then_the_rate() -> None:
    allowance = Allowance(10.0, 0)
    assert sum(allowance.take(0) for _ in range(50)) == 10
    assert allowance.next_ms(0) == 100
    assert sum(allowance.take(ms) for ms in range(1, 5_001)) == 50
    assert sum(allowance.take(60_000) for _ in range(50)) == 10


def test_slow_rates_let_one_go_at_a_time_and_a_clock_that_jumps_back_gives_nothing() -> None:
    allowance = Allowance(0.5, 10_000)
    assert allowance.take(10_000)
    assert not allowance.take(5_000)
    assert allowance.next_ms(5_000) == 7_000
    assert Allowance(0, 0).next_ms(7) == 7


def test_the_memory_keeps_what_was_begun_apart_from_what_is_over() -> None:
    memory = Memory()
    memory.learn("a", LedgerEntry(state="attempting"), 0)
    memory.learn("b", LedgerEntry(state="waiting", tries=2, since_ms=5, reason="busy"), 0)
    memory.learn("c", LedgerEntry(state="attempting"), 0)
    memory.learn("c", DONE, 1)
    memory.learn("d", LedgerEntry(state="attempting"), 0)
    memory.find(["d"])
    assert list(memory.attempted()) == ["a", "d"]
    assert memory.standing("a") == Standing(Past.ATTEMPTED)
    assert memory.standing("b") == Standing(Past.NEW, 2, 5, 0, "busy")
    assert memory.standing("c") == Standing(Past.ANSWERED)
    assert memory.standing("d") == Standing(Past.FOUND)
    assert memory.standing("e") == Standing()
    assert len(memory) == 4


def test_ids_are_known_in_eight_bytes_each_and_forgotten_after_a_week() -> None:
    known = Known()
    for number in range(200_000):
        known.add(f"command-{number}", number)
    assert len(known) == 200_000
    assert all(f"command-{number}" in known for number in range(0, 200_000, 997))
    assert "command-200000" not in known
    known.forget_before(150_000)
    assert "command-1" not in known
    assert "command-199999" in known


@pytest.mark.parametrize("entry", [DONE, LedgerEntry(state="attempting"), LedgerEntry(state="waiting", tries=3)])
def test_an_entry_is_read_as_it_was_written(entry: LedgerEntry) -> None:
    assert decode_entry(encode_entry(entry)) == entry


@pytest.mark.parametrize("value", [b"", None, b"{}", b'{"state":"lost"}', b"\xff"])
def test_what_is_no_entry_is_told(value: bytes | None) -> None:
    with pytest.raises(DecodeError):
        decode_entry(value)
