"""Each rule of the contract, broken by an adapter made for that, is found; and one that keeps them all passes."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from orchestrator.adapters.conformance.exercise import Published, Purpose, Wish, first_part, second_part
from orchestrator.adapters.conformance.judgement import RULES, Evidence, Observed, judge
from orchestrator.messages.command import SendCommand
from orchestrator.messages.event import DeliveryEvent
from orchestrator.messages.key import customer_key, partition_of
from orchestrator.messages.report import report_of

NOW_MS = 1_767_614_400_000
PARTITIONS = 4
WISH = Wish("email", "m1", "welcome", {}, PARTITIONS, burst=30)


class Model:
    """An adapter that keeps the contract: what it reports of what it reads. Subclasses break one rule each."""

    pace_ms = 100

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.now_ms = NOW_MS
        self.observed: list[Observed] = []
        self.ends: defaultdict[int, int] = defaultdict(int)

    def read(self, record: Published) -> None:
        """A record comes."""
        if record.command is None or record.command.id in self.seen:
            return
        self.seen.add(record.command.id)
        self.answer(record.command)

    def answer(self, command: SendCommand) -> None:
        """Sends, or not, and says so."""
        if (command.expires_at_ms or 0) <= NOW_MS:
            self.report(command, "failed", reason="expired")
            return
        self.now_ms += self.pace_ms
        self.report(command, "sent")

    def report(self, command: SendCommand, outcome: Any, id_: str = "", reason: str = "") -> None:
        """Publishes a report."""
        name = id_ or f"{command.id}/{outcome}"
        self.publish(report_of(command, outcome, self.now_ms, id=name, source="/model", reason=reason))

    def publish(self, event: DeliveryEvent | None, key: bytes = b"", partition: int | None = None) -> None:
        """Puts it on the topic."""
        if event is not None:
            key = key or customer_key(event.workspace_id, event.customer_id)
        place = partition_of(key, PARTITIONS) if partition is None else partition
        self.observed.append(Observed(place, self.ends[place], self.now_ms, key, event, "" if event else "no JSON"))
        self.ends[place] += 1

    def restart(self) -> None:
        """It remembers."""

    def play(self, rate_per_s: float = 20.0) -> dict[str, str]:
        """What is said of it, by rule."""
        first = first_part(WISH, NOW_MS)
        for record in first:
            self.read(record)
        self.restart()
        second = second_part(WISH, first, NOW_MS)
        for record in second:
            self.read(record)
        evidence = Evidence(
            published=[*first, *second],
            observed=self.observed,
            delivery_partitions=PARTITIONS,
            began_ms=NOW_MS,
            ended_ms=self.now_ms,
            restarted_ms=NOW_MS,
            rate_per_s=rate_per_s,
        )
        return {verdict.rule: verdict.state for verdict in judge(evidence)}


class Garbler(Model):
    def report(self, command: SendCommand, outcome: Any, id_: str = "", reason: str = "") -> None:
        super().report(command, outcome, id_, reason)
        if len(self.observed) == 3:
            self.publish(None, customer_key(command.workspace_id, command.customer_id))


class Silent(Model):
    def answer(self, command: SendCommand) -> None:
        if not command.step.endswith("ordinary") or command.run_id not in {min(self.runs(), default="")}:
            super().answer(command)

    def runs(self) -> list[str]:
        return [each.command.run_id for each in first_part(WISH, NOW_MS) if each.command and self.is_ordinary(each)]

    def is_ordinary(self, record: Published) -> bool:
        return record.purpose is Purpose.ORDINARY


class OwnIds(Model):
    def publish(self, event: DeliveryEvent | None, key: bytes = b"", partition: int | None = None) -> None:
        super().publish(event and replace(event, step="email"), key, partition)


class OtherPartitioner(Model):
    def publish(self, event: DeliveryEvent | None, key: bytes = b"", partition: int | None = None) -> None:
        super().publish(event, key, 0)


class OtherKey(Model):
    def publish(self, event: DeliveryEvent | None, key: bytes = b"", partition: int | None = None) -> None:
        super().publish(event, (event.customer_id if event else "").encode(), partition)


class OneIdForAll(Model):
    def report(self, command: SendCommand, outcome: Any, id_: str = "", reason: str = "") -> None:
        super().report(command, outcome, f"report-{command.channel}", reason)


class SecondsForMilliseconds(Model):
    def publish(self, event: DeliveryEvent | None, key: bytes = b"", partition: int | None = None) -> None:
        super().publish(event and replace(event, time_ms=event.time_ms // 1_000), key, partition)


class Forgetful(Model):
    number = 0

    def read(self, record: Published) -> None:
        if record.purpose is Purpose.TWICE:
            self.seen.clear()
        super().read(record)

    def report(self, command: SendCommand, outcome: Any, id_: str = "", reason: str = "") -> None:
        self.number += 1
        super().report(command, outcome, f"report-{self.number}", reason)


class Late(Model):
    def answer(self, command: SendCommand) -> None:
        self.now_ms += self.pace_ms
        self.report(command, "sent")


class Speechless(Model):
    def report(self, command: SendCommand, outcome: Any, id_: str = "", reason: str = "") -> None:
        super().report(command, outcome, id_)


class Backwards(Model):
    kept: list[Published]

    def __init__(self) -> None:
        super().__init__()
        self.kept = []

    def read(self, record: Published) -> None:
        if record.purpose is Purpose.IN_ORDER:
            self.kept.append(record)
            return
        while self.kept:
            super().read(self.kept.pop())
        super().read(record)


class Stopper(Model):
    has_stopped = False

    def read(self, record: Published) -> None:
        self.has_stopped = self.has_stopped or record.command is None
        if not self.has_stopped or record.purpose is not Purpose.AFTER_NONSENSE:
            super().read(record)


class Overrun(Model):
    count = 0

    def read(self, record: Published) -> None:
        self.count += record.purpose is Purpose.BURST
        if record.purpose is not Purpose.BURST or self.count < 20:
            super().read(record)


class Hasty(Model):
    pace_ms = 2


class WithoutMemory(Model):
    life = 0

    def restart(self) -> None:
        self.seen.clear()
        self.life += 1

    def report(self, command: SendCommand, outcome: Any, id_: str = "", reason: str = "") -> None:
        super().report(command, outcome, f"{command.id}/{self.life}", reason)


class WithoutMemoryAndWithIdsThatFollow(Model):
    """The usual one: it derives its reports' ids from the command's, as it should, and remembers nothing."""

    def restart(self) -> None:
        self.seen.clear()


BROKEN: list[tuple[Callable[[], Model], str]] = [
    (Garbler, "readable"),
    (Silent, "answered"),
    (OwnIds, "ids"),
    (OtherPartitioner, "place"),
    (OtherKey, "place"),
    (OneIdForAll, "report-ids"),
    (SecondsForMilliseconds, "time"),
    (Forgetful, "once"),
    (Late, "expired"),
    (Speechless, "expired"),
    (Backwards, "order"),
    (Stopper, "goes-on"),
    (Overrun, "burst"),
    (Hasty, "rate"),
    (WithoutMemory, "remembers"),
    (WithoutMemoryAndWithIdsThatFollow, "remembers"),
]


def test_an_adapter_that_keeps_the_contract_passes_every_rule() -> None:
    assert Model().play() == dict.fromkeys(RULES, "passed")


@pytest.mark.parametrize(("broken", "rule"), BROKEN, ids=lambda each: getattr(each, "__name__", each))
def test_a_rule_that_is_broken_is_found(broken: Callable[[], Model], rule: str) -> None:
    assert broken().play()[rule] in ("failed", "not seen")


def test_every_rule_is_broken_by_somebody() -> None:
    assert {rule for _, rule in BROKEN} == set(RULES)


def test_what_nobody_answers_is_said_to_be_not_seen_and_never_passed() -> None:
    class Nobody(Model):
        def read(self, record: Published) -> None:
            pass

    assert set(Nobody().play().values()) == {"not seen"}


def test_an_answer_that_is_reported_twice_under_one_id_counts_once() -> None:
    class Stutterer(Model):
        def report(self, command: SendCommand, outcome: Any, id_: str = "", reason: str = "") -> None:
            super().report(command, outcome, id_, reason)
            super().report(command, outcome, id_, reason)

    assert set(Stutterer().play().values()) == {"passed"}


def test_the_exercise_is_of_a_workspace_of_its_own_and_of_many_partitions() -> None:
    records = first_part(WISH, NOW_MS)
    assert {each.command.workspace_id for each in records if each.command} == {"conformance"}
    assert {each.partition for each in records} == set(range(PARTITIONS))
    assert all(each.partition == partition_of(each.key, PARTITIONS) for each in records)
