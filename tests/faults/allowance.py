"""Judges a limit over all customers: by what was sent, and by where what was not sent lies.

The reference in one thread cannot say whom such a limit lets through: that is for whoever was served first. So here is
what holds whoever that was, in the words of the invariants (``verifier.py``):

I2  the partitions' books agree with the commands: nothing was used twice, or without a message
I3  in no period is more sent than the limit; and what the partitions and the pool have and have used adds up to it
I4  everybody entered once and has come to an end, with a message or with the limit's refusal, and the state says which
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from orchestrator.guardrails.budget import MICRO
from orchestrator.journeys.state import decode_state
from orchestrator.messages.command import SendCommand
from orchestrator.messages.event import EngagementEvent
from tests.faults.verifier import Found, holds

# What issue 5 asks for: of what a limit allows, so much must be usable wherever the customers are.
USABLE = Decimal("0.99")


@dataclass(frozen=True)
class Budget:
    """So many messages, or so much money, on each calendar day in ``zone``."""

    limit: Decimal
    is_money: bool
    zone: str

    def used(self, commands: Iterable[SendCommand]) -> dict[date, Decimal]:
        """What these commands have used, by day."""
        zone = ZoneInfo(self.zone)
        by_day: defaultdict[date, Decimal] = defaultdict(Decimal)
        for command in commands:
            day = datetime.fromtimestamp(command.decided_at_ms / 1_000, UTC).astimezone(zone).date()
            by_day[day] += Decimal(str(command.cost)) if self.is_money else 1
        return dict(by_day)

    def units(self, amount: Decimal) -> int:
        """An amount as the product's books have it."""
        return int(amount * MICRO) if self.is_money else int(amount)


def noon_zone(now_ms: int) -> str:
    """A zone in which it is around noon, so that no day of a test ends by itself."""
    return f"Etc/GMT{datetime.fromtimestamp(now_ms / 1_000, UTC).hour - 12:+d}"


def check_limit(found: Found, budget: Budget, full_days: int) -> None:
    """I3 over all customers; and on the first ``full_days`` days, when more was wanted, it was used."""
    used = budget.used(found.commands)
    holds(
        "I3: on no day is more sent than the limit over all customers",
        (f"{day}: {amount} of {budget.limit}" for day, amount in used.items() if amount > budget.limit),
    )
    days = sorted(used)[:full_days]
    assert len(days) == full_days, f"sent on {len(days)} days, and {full_days} had more to send than the limit allows"
    holds(
        "a limit can be used wherever its customers are",
        (f"{day}: {used[day]} of {budget.limit}" for day in days if used[day] < USABLE * budget.limit),
    )


def check_books(found: Found, budget: Budget) -> None:
    """I2 and I3 by the books of the last period: nothing may be on its way between partitions."""
    keys = {key for record in found.positions.values() for key in record.spent}
    assert len(keys) == 1, f"the books are about one limit: {keys}"
    (key,) = keys
    records = [record.spent[key] for record in found.positions.values() if key in record.spent]
    pools = [record.pools[key] for record in found.positions.values() if key in record.pools]
    start_ms = max(record.start_ms for record in records)
    last = [record for record in records if record.start_ms == start_ms]
    sent = budget.used(each for each in found.commands if each.decided_at_ms >= start_ms)
    booked, wanted = sum(record.units for record in last), budget.units(sum(sent.values(), Decimal(0)))
    holds("I2: what the books have as used was sent", [f"used {booked}, sent {wanted}"] if booked != wanted else [])
    moved = sum(record.moved.units for record in last)
    pooled = sum(pool.units for pool in pools if pool.start_ms == start_ms)
    holds(
        "I3: allowance that moves is neither made nor lost",
        [f"the partitions have {moved:+d} of one another, the pool has {pooled}"] if moved + pooled else [],
    )
    holds(
        "I6: nobody waits for allowance",
        (f"{record} asks without an answer" for record in last if record.moved.is_asking),
    )


def check_customers(found: Found) -> None:
    """I4 as far as it goes without saying whom the limit lets through."""
    customers = {
        each.customer_id: each.workspace_id
        for each in found.inputs.signals.values()
        if isinstance(each, EngagementEvent)
    }
    states = {key.decode().partition(":")[2]: decode_state(raw) for key, raw in found.states.items()}
    holds("I4: every customer who did something has a state", sorted(customers.keys() ^ states.keys()))
    commands = Counter(command.customer_id for command in found.commands)
    holds(
        "I4: the state says what was sent",
        (
            f"{name}: {len(state.sends.records)} in the state, {commands[name]} commands"
            for name, state in states.items()
            if len(state.sends.records) != commands[name]
        ),
    )
    holds("I6: every run has come to an end", (name for name, state in states.items() if state.runs))
    said = _said(found)
    holds(
        "I4: everybody entered once, and left once",
        (
            f"{name}: {said[name]['journey_entered']} times in, {said[name]['run_completed']} times out"
            for name in customers
            if (said[name]["journey_entered"], said[name]["run_completed"]) != (1, 1)
        ),
    )
    holds(
        "I4: everybody got a message or is told that the limit is used up",
        (
            f"{name}: {commands[name]} commands, on record {dict(said[name])}"
            for name in customers
            if said[name]["send_requested"] != commands[name]
            or said[name]["send_requested"] + said[name]["send_suppressed"] != 1
        ),
    )


def _said(found: Found) -> Mapping[str, Counter[str]]:
    said: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for activity in found.activities:
        said[activity.customer_id][activity.type] += 1
    return said


def shares(wanted: int, partitions: int, busy: Sequence[int]) -> list[int]:
    """How many of ``wanted`` customers are in each partition, when seven in ten are in the busy ones."""
    rest = partitions - len(busy)
    others = wanted * 3 // 10 // rest if rest else 0
    each, over = divmod(wanted - others * rest, len(busy))
    parts = [others] * partitions
    for number, partition in enumerate(busy):
        parts[partition] = each + (number < over)
    return parts
