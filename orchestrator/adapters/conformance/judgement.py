"""From what was published and what was seen to verdicts, rule by rule. The rules are those of docs/adapters.md.

Reports are seen, not mailboxes: an adapter that sends twice and reports it once cannot be told from one that sends
once. What it sent is to be counted at its provider.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from operator import sub
from typing import Literal

from orchestrator.adapters.conformance.exercise import Published, Purpose
from orchestrator.messages.event import DeliveryEvent
from orchestrator.messages.key import customer_key, partition_of

ANSWERS = ("sent", "failed", "bounced")
# A report says when a try ended, and a process that was held up ends together what it had begun one after another.
HELD_UP_S = 1.0
SKEW_MS = 300_000  # how far the clocks of adapter and check may differ
SHOWN = 3

State = Literal["passed", "failed", "not seen"]


@dataclass(frozen=True, slots=True)
class Observed:
    """A record on the topic of delivery events whose key is of this check; ``event`` None: it cannot be read."""

    partition: int
    offset: int
    timestamp_ms: int
    key: bytes
    event: DeliveryEvent | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of a rule: what is wanted, and what was seen."""

    rule: str
    wanted: str
    state: State
    seen: str


@dataclass(frozen=True)
class Evidence:
    """All that a judgement goes by.

    ``began_ms`` and ``ended_ms``: of the check, by its own clock. ``restarted_ms`` None: the adapter was not restarted.
    ``rate_per_s`` 0: it states none.
    """

    published: Sequence[Published]
    observed: Sequence[Observed]
    delivery_partitions: int
    began_ms: int
    ended_ms: int
    restarted_ms: int | None = None
    rate_per_s: float = 0.0

    @cached_property
    def events(self) -> list[tuple[Observed, DeliveryEvent]]:
        """What could be read, in the order of each partition."""
        return [(each, each.event) for each in self.observed if each.event is not None]

    @cached_property
    def answers(self) -> dict[str, list[tuple[Observed, DeliveryEvent]]]:
        """The answers by command id."""
        found: defaultdict[str, list[tuple[Observed, DeliveryEvent]]] = defaultdict(list)
        for record, event in self.events:
            if event.outcome in ANSWERS:
                found[event.command_id].append((record, event))
        return found

    def ids(self, *purposes: Purpose) -> list[str]:
        """The commands that were published for these purposes, each once, in order."""
        ids = (each.command.id for each in self.published if each.command is not None and each.purpose in purposes)
        return list(dict.fromkeys(ids))


def judge(evidence: Evidence) -> list[Verdict]:
    """A verdict on each rule."""
    return [_verdict(rule, wanted, look(evidence)) for rule, (wanted, look) in RULES.items()]


Found = tuple[State, str]


def _verdict(rule: str, wanted: str, found: Found) -> Verdict:
    state, seen = found
    return Verdict(rule, wanted, state, seen)


def _wrong(problems: Sequence[str], otherwise: str) -> Found:
    if not problems:
        return "passed", otherwise
    more = f" and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
    return "failed", "; ".join(problems[:SHOWN]) + more


def _all_answered(evidence: Evidence, purposes: Sequence[Purpose]) -> Found:
    ids = evidence.ids(*purposes)
    missing = [id_ for id_ in ids if id_ not in evidence.answers]
    if ids and len(missing) == len(ids):
        return "not seen", f"none of {len(ids)} commands was answered within the time"
    return _wrong([f"no answer to {id_}" for id_ in missing], f"{len(ids)} commands, all answered")


def _answered(evidence: Evidence) -> Found:
    return _all_answered(evidence, [Purpose.ORDINARY, Purpose.TWICE, Purpose.EXPIRED, Purpose.IN_ORDER])


def _burst(evidence: Evidence) -> Found:
    return _all_answered(evidence, [Purpose.BURST])


def _goes_on(evidence: Evidence) -> Found:
    return _all_answered(evidence, [Purpose.AFTER_NONSENSE])


def _readable(evidence: Evidence) -> Found:
    if not evidence.observed:
        return "not seen", "no report"
    problems = [f"{each.partition}/{each.offset}: {each.error}" for each in evidence.observed if each.event is None]
    return _wrong(problems, f"{len(evidence.observed)} reports, all readable")


def _ids_repeated(evidence: Evidence) -> Found:
    commands = {each.command.id: each.command for each in evidence.published if each.command is not None}
    problems = []
    for record, event in evidence.events:
        command = commands.get(event.command_id)
        if command is None:
            problems.append(f"{record.partition}/{record.offset}: no command has the id {event.command_id!r}")
            continue
        names = ("workspace_id", "customer_id", "journey_id", "run_id", "step", "channel", "category")
        problems += [
            f"{event.command_id}: {name} is {getattr(event, name)!r}, the command's is {getattr(command, name)!r}"
            for name in names
            if getattr(event, name) != getattr(command, name)
        ]
    return _wrong(problems, "as the commands have them") if evidence.events else ("not seen", "no report")


def _in_place(evidence: Evidence) -> Found:
    problems = []
    for record, event in evidence.events:
        key = customer_key(event.workspace_id, event.customer_id)
        if record.key != key:
            problems.append(f"{record.partition}/{record.offset}: the key is {record.key!r}, wanted is {key!r}")
        elif (wanted := partition_of(key, evidence.delivery_partitions)) != record.partition:
            problems.append(f"{record.partition}/{record.offset}: murmur2 of the key leads to partition {wanted}")
    return _wrong(problems, "all under their customer's key") if evidence.events else ("not seen", "no report")


def _one_id_each(evidence: Evidence) -> Found:
    meaning: dict[tuple[str, str], tuple[str, str]] = {}
    problems = []
    for _, event in evidence.events:
        said = (event.command_id, event.outcome)
        if meaning.setdefault((event.source, event.id), said) != said:
            problems.append(f"the id {event.id!r} stands for two reports")
    return _wrong(problems, f"{len(meaning)} ids") if evidence.events else ("not seen", "no report")


def _timely(evidence: Evidence) -> Found:
    earliest, latest = evidence.began_ms - SKEW_MS, evidence.ended_ms + SKEW_MS
    problems = [
        f"{event.command_id}: {event.outcome} at {event.time_ms}"
        for _, event in evidence.events
        if not earliest <= event.time_ms <= latest
    ]
    return _wrong(problems, "within the time of the check") if evidence.events else ("not seen", "no report")


def _is_sent_once(evidence: Evidence, ids: Sequence[str]) -> list[str]:
    problems = []
    for id_ in ids:
        answers = [event for _, event in evidence.answers.get(id_, [])]
        outcomes = ", ".join(event.outcome for event in answers)
        if (count := len({(event.source, event.id) for event in answers})) > 1:
            problems.append(f"{id_} has {count} answers with ids of their own: {outcomes}")
        elif (count := len({event.time_ms for event in answers})) > 1:
            # A report that is only published again says the same: this happened again.
            problems.append(f"{id_} was answered at {count} times, under one id: {outcomes}")
    return problems


def _once(evidence: Evidence) -> Found:
    ids = [id_ for id_ in evidence.ids(Purpose.TWICE) if id_ in evidence.answers]
    if not ids:
        return "not seen", "the command was not answered"
    everything = evidence.ids(*(purpose for purpose in Purpose if purpose is not Purpose.AGAIN))
    return _wrong(_is_sent_once(evidence, everything), "one answer to each command")


def _expired(evidence: Evidence) -> Found:
    ids = [id_ for id_ in evidence.ids(Purpose.EXPIRED) if id_ in evidence.answers]
    if not ids:
        return "not seen", "the command was not answered"
    problems = [
        f"{id_} was reported as {event.outcome}" + ("" if event.reason else ", without a reason")
        for id_ in ids
        for _, event in evidence.answers[id_]
        if event.outcome != "failed" or not event.reason
    ]
    return _wrong(problems, "reported as failed, with a reason")


def _order(evidence: Evidence) -> Found:
    ids = evidence.ids(Purpose.IN_ORDER)
    places = [evidence.answers[id_][0][0].offset for id_ in ids if id_ in evidence.answers]
    if len(places) < 2:
        return "not seen", f"{len(places)} of {len(ids)} commands of one customer were answered"
    if places != sorted(places):
        return "failed", f"the answers stand at the offsets {places}"
    return "passed", f"{len(places)} commands of one customer, answered in their order"


def _rate(evidence: Evidence) -> Found:
    if not evidence.rate_per_s:
        return "passed", "no rate was stated"
    sent = {(event.command_id, event.time_ms) for _, event in evidence.events if event.outcome == "sent"}
    moments = sorted(at_ms for _, at_ms in sent)
    if len(moments) <= evidence.rate_per_s:
        return "not seen", f"{len(moments)} messages are too few to tell; ask for a larger burst"
    # In any time: what the rate gives, one second's worth that had been saved up, and what was held up.
    ahead = [place - evidence.rate_per_s * (at_ms - moments[0]) / 1_000 for place, at_ms in enumerate(moments)]
    worst = 1 + max(map(sub, ahead, accumulate(ahead, min)))
    allowed = max(1.0, evidence.rate_per_s) + evidence.rate_per_s * HELD_UP_S + 1
    if worst > allowed:
        return "failed", f"at one time {worst:.0f} more than the rate of {evidence.rate_per_s:g}/s allows"
    return "passed", f"{len(moments)} messages within {evidence.rate_per_s:g}/s"


def _remembers(evidence: Evidence) -> Found:
    if evidence.restarted_ms is None:
        return "not seen", "the adapter was not restarted"
    fresh = evidence.ids(Purpose.AFTER_RESTART)
    missing = [id_ for id_ in fresh if id_ not in evidence.answers]
    if missing:
        return "not seen", f"{len(missing)} of {len(fresh)} new commands were not answered after the restart"
    return _wrong(_is_sent_once(evidence, evidence.ids(Purpose.AGAIN)), "what was answered before was not sent again")


RULES: dict[str, tuple[str, Callable[[Evidence], Found]]] = {
    "readable": ("every report can be read as a delivery event", _readable),
    "answered": ("every command is answered by sent, failed or bounced", _answered),
    "ids": ("a report repeats the command's ids, channel, step and category", _ids_repeated),
    "place": ("a report stands under workspace_id:customer_id, in the partition of its murmur2", _in_place),
    "report-ids": ("a report's source and id name that report and no other", _one_id_each),
    "time": ("a report's time is when it happened", _timely),
    "once": ("a command that comes twice is answered once", _once),
    "expired": ("what has expired is not sent, and reported as failed with a reason", _expired),
    "order": ("commands of one customer are carried out in their order", _order),
    "goes-on": ("a record that is no command stops nothing", _goes_on),
    "burst": ("many commands at once are all answered", _burst),
    "rate": ("the stated rate is not exceeded", _rate),
    "remembers": ("after a restart, what was answered before is not sent again", _remembers),
}
