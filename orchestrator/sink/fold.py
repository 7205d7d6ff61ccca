"""What activities mean in figures: the definition of every number in a report. Pure.

A day is the UTC day of an activity's ``at_ms``. Each counter stands at the top of a day's figures, over all arms, and
again under ``arms.<arm>``; ``steps`` stand at the top alone. A counter that is absent is zero, also where the figures
were written before it was counted.

======================================  ================  ========================================================
figure                                  activity          meaning
======================================  ================  ========================================================
entered                                 journey_entered   runs begun
customers_entered                       journey_entered   customers whose first run this is; once per customer
completed                               run_completed     runs that reached an exit step
exited.<reason>                         run_exited        runs that ended early
steps_passed.<step>                     step_passed       how often a step was left
send_requested.<channel>                send_requested    commands given to a channel
cost, cost_by_channel.<channel>         send_requested    what they cost
send_suppressed.<rule>                  send_suppressed   sends that a guardrail forbade
suppressed_by_channel.<channel>         send_suppressed   the same sends by channel
send_deferred.<rule>                    send_deferred     sends that a guardrail put off
deferred_by_channel.<channel>           send_deferred     the same sends by channel
entry_refused.<rule>                    entry_refused     entries that did not happen
goals                                   goal_reached      conversions
customers_converted                     goal_reached      customers whose first conversion this is; once per customer
value                                   goal_reached      value of the conversions
value_squares                           goal_reached      change of the square of a customer's total value: over all
                                                          days, the sum over customers of their total value squared
past.customers                          journey_entered   customers who first entered with a known past
past.events                             journey_entered   the goal's events of these customers before that entry
past.squares                            journey_entered   the sum over these customers of that number squared
past.converted                          goal_reached      customers with a known past whose first conversion this is
past.events_of_converted                goal_reached      the goal's events of these customers before they entered
baseline.customers                      journey_entered   customers of whom is known whether they did what the goal is
                                                          within the goal's window before their first entry
baseline.before                         journey_entered   those of them who did
baseline.after                          goal_reached      those of them who converted before they entered again
baseline.both                           goal_reached      those of these who had done it before as well
message_reported.<channel>.<outcome>    message_reported  what became of messages, as their channel reports it
webhook_requested.<endpoint>            webhook_requested calls of other systems asked for
migrated.<policy>                       run_migrated      runs that went over to a newer version, or are drained
adopted                                 run_adopted       runs that came with a customer who was merged into another
steps.<step>.passed                     (several)         how often a run went on, or reached the exit step:
                                                          step_passed to another, webhook_requested, run_completed;
                                                          send_requested where no report is waited for, send_suppressed
                                                          where no other channel is tried
steps.<step>.waits                      wait_started      how often a run began to wait at the step
steps.<step>.sends, .cost               send_requested    commands of the step, and what they cost
steps.<step>.suppressed                 send_suppressed   sends of the step that a guardrail forbade
steps.<step>.deferred                   send_deferred     sends of the step that a guardrail put off
steps.<step>.exits                      run_exited        runs that ended early while at the step
======================================  ================  ========================================================

Quarters of an hour have the counters that can be added up to the days of any zone: see ``store/quarters.py``. How an
experiment's arms fare is counted where their customers are written, since it rests on who was given an arm before:
``variants`` (``store/writer.sql``).

``arms``: runs and sends count in the arm of the run. What belongs to the customer (``customers_entered``, ``past`` and
everything of ``goal_reached``) counts in the arm the customer first entered in. An activity without an arm counts only
at the top. Money is kept to six decimals.

``baseline`` is of those who first entered on the day, whenever they convert: so that, once the goal's window is over
for a day, nothing of it changes any more.

``past``: of customers whose journey asked for it when they first entered; a later entry changes nothing. A customer who
took over another's run without having entered converts with the past of that run, whose own customer was counted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import assert_never

from orchestrator.messages.activity import Activity
from orchestrator.sink.sums import OVERALL, Increment, Sums, add, add_all, of_day, of_quarter
from orchestrator.store.figures import NUMBERS
from orchestrator.store.quarters import QUARTER_MS, quarter_of
from orchestrator.store.rows import CustomerKey, DayKey, Figures, Participant, QuarterKey

DAY_MS = 86_400_000
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_MICRO = Decimal("0.000001")
_NOTHING = Decimal(0)
_UNKNOWN = "unknown"  # stands where an activity does not say its channel, rule or reason
_OF_CUSTOMERS = ("journey_entered", "goal_reached")
_AT_STEPS = {
    "wait_started": "waits",
    "send_requested": "sends",
    "send_suppressed": "suppressed",
    "send_deferred": "deferred",
    "run_exited": "exits",
}


@dataclass(frozen=True, slots=True)
class Fold:
    """What a set of activities changes: the participants' new records, and what is added to the figures.

    ``days`` have all figures, ``quarters`` those that add up.
    """

    participants: Mapping[CustomerKey, Participant] = field(default_factory=dict)
    days: Mapping[DayKey, Figures] = field(default_factory=dict)
    quarters: Mapping[QuarterKey, Figures] = field(default_factory=dict)


def customers_in_question(activities: Iterable[Activity]) -> list[CustomerKey]:
    """The customers whose records ``fold`` needs, each once, in order."""
    return sorted({(each.journey_id, each.customer_id) for each in activities if each.type in _OF_CUSTOMERS})


def fold(activities: Iterable[Activity], known: Mapping[CustomerKey, Participant]) -> Fold:
    """What these activities, none of which was counted before, change.

    ``known`` holds the records of ``customers_in_question`` as far as there are any; activities come in topic order.
    """
    participants: dict[CustomerKey, Participant] = {}
    by_quarter: dict[QuarterKey, Sums] = {}
    by_day: dict[DayKey, Sums] = {}  # what is counted elsewhere than in the activity's own quarter
    for activity in activities:
        key = (activity.journey_id, quarter_of(activity.at_ms))
        sums = by_quarter.get(key)
        if sums is None:
            sums = by_quarter[key] = {}
        _count(sums, activity.arm, _run_increments(activity))
        if activity.step:
            add(sums, OVERALL, _step_increments(activity))
        if activity.type in _OF_CUSTOMERS:
            customer = (activity.journey_id, activity.customer_id)
            before = participants.get(customer) or known.get(customer) or Participant(activity.arm)
            after = participants[customer] = _participant_after(before, activity)
            _count(sums, after.arm, _customer_increments(before, after, _past_of(activity)))
            if after.first_entered_ms is not None and (increments := _cohort_increments(before, after)):
                cohort = (activity.journey_id, day_of(after.first_entered_ms))
                _count(by_day.setdefault(cohort, {}), after.arm, increments)
    for (journey_id, quarter), sums in by_quarter.items():
        add_all(by_day.setdefault((journey_id, day_of(quarter * QUARTER_MS)), {}), sums)
    quarters = {key: of_quarter(sums) for key, sums in by_quarter.items()}
    return Fold(
        participants,
        {key: of_day(sums) for key, sums in by_day.items()},
        {key: figures for key, figures in quarters.items() if figures},
    )


def merged(recorded: Figures, added: Figures) -> Figures:
    """The sum of two sets of figures, key by key."""
    total = dict(recorded)
    for key, amount in added.items():
        before = total.get(key)
        if before is None:
            total[key] = amount
        elif isinstance(amount, NUMBERS) and isinstance(before, NUMBERS):
            total[key] = before + amount
        elif not isinstance(amount, NUMBERS) and not isinstance(before, NUMBERS):
            total[key] = merged(before, amount)
    return total


def day_of(at_ms: int) -> date:
    """The UTC day of a time in milliseconds since 1970."""
    return date.fromordinal(_EPOCH_ORDINAL + at_ms // DAY_MS)


def _run_increments(activity: Activity) -> tuple[Increment, ...]:
    """What counts in the arm of the run."""
    details = activity.details
    match activity.type:
        case "journey_entered":
            return ((("entered",), 1),)
        case "entry_refused":
            return ((("entry_refused", _word(details, "rule")), 1),)
        case "step_passed":
            return ((("steps_passed", activity.step or _UNKNOWN), 1),)
        case "send_requested":
            channel, cost = _word(details, "channel"), _money(details, "cost")
            return ((("send_requested", channel), 1), (("cost",), cost), (("cost_by_channel", channel), cost))
        case "send_suppressed":
            return (
                (("send_suppressed", _word(details, "rule")), 1),
                (("suppressed_by_channel", _word(details, "channel")), 1),
            )
        case "send_deferred":
            return (
                (("send_deferred", _word(details, "rule")), 1),
                (("deferred_by_channel", _word(details, "channel")), 1),
            )
        case "run_exited":
            return ((("exited", _word(details, "reason")), 1),)
        case "run_completed":
            return ((("completed",), 1),)
        case "message_reported":
            return ((("message_reported", _word(details, "channel"), _word(details, "outcome")), 1),)
        case "webhook_requested":
            return ((("webhook_requested", _word(details, "endpoint")), 1),)
        case "run_migrated":
            return ((("migrated", _word(details, "policy")), 1),)
        case "run_adopted":
            return ((("adopted",), 1),)
        case "wait_started" | "goal_reached" | "customer_erased":
            return ()
        case _:
            assert_never(activity.type)


def _step_increments(activity: Activity) -> list[Increment]:
    """What counts at the step that the activity names."""
    step = activity.step
    found: list[Increment] = []
    if (counter := _AT_STEPS.get(activity.type)) is not None:
        found.append((("steps", step, counter), 1))
    if activity.type == "send_requested" and (cost := _money(activity.details, "cost")):
        found.append((("steps", step, "cost"), cost))
    if _goes_on(activity):
        found.append((("steps", step, "passed"), 1))
    return found


def _goes_on(activity: Activity) -> bool:
    """Whether the run is at the activity's step no more, and did not end there early."""
    match activity.type:
        case "step_passed":  # on to itself: to another contact of the same step
            return activity.details.get("next") != activity.step
        case "send_requested":
            return "report_until_ms" not in activity.details
        case "send_suppressed":
            return "next_channel" not in activity.details
        case "webhook_requested" | "run_completed":
            return True
        case _:
            return False


def _participant_after(before: Participant, activity: Activity) -> Participant:
    arm = before.arm or activity.arm
    if activity.type == "goal_reached":
        value = before.value + _money(activity.details, "value")
        return replace(before, arm=arm, conversions=before.conversions + 1, value=value)
    if before.entries:
        return replace(before, arm=arm, entries=before.entries + 1)
    was_active = activity.details.get("was_active")
    return replace(
        before,
        arm=arm,
        entries=1,
        first_entered_ms=activity.at_ms,
        past=_past_of(activity),
        was_active=was_active if isinstance(was_active, bool) else None,
    )


def _customer_increments(before: Participant, after: Participant, past: int | None) -> tuple[Increment, ...]:
    """What counts in the arm of the customer; ``past``: as the run of the activity began with it."""
    if after.conversions == before.conversions:
        return _first_entry(after.past) if before.entries == 0 else ()
    first = _first_conversion(after.past if after.entries else past) if before.conversions == 0 else ()
    return (
        (("goals",), 1),
        (("value",), after.value - before.value),
        (("value_squares",), after.value**2 - before.value**2),
        *first,
    )


def _first_entry(past: int | None) -> tuple[Increment, ...]:
    entered: Increment = (("customers_entered",), 1)
    if past is None:
        return (entered,)
    return (entered, (("past", "customers"), 1), (("past", "events"), past), (("past", "squares"), past * past))


def _first_conversion(past: int | None) -> tuple[Increment, ...]:
    converted: Increment = (("customers_converted",), 1)
    if past is None:
        return (converted,)
    return (converted, (("past", "converted"), 1), (("past", "events_of_converted"), past))


def _cohort_increments(before: Participant, after: Participant) -> tuple[Increment, ...]:
    """What counts on the day of the first entry."""
    if after.was_active is None or after.entries != 1 or before.conversions:
        return ()
    if before.entries == 0:
        return ((("baseline", "customers"), 1), (("baseline", "before"), int(after.was_active)))
    return ((("baseline", "after"), 1), (("baseline", "both"), int(after.was_active)))


def _count(sums: Sums, arm: str, increments: Sequence[Increment]) -> None:
    """Adds to the sums over all arms, and to those of the arm."""
    if increments:
        add(sums, OVERALL, increments)
        if arm:
            add(sums, arm, increments)


def _word(details: Mapping[str, object], name: str) -> str:
    value = details.get(name)
    return value if isinstance(value, str) and value else _UNKNOWN


def _past_of(activity: Activity) -> int | None:
    """The goal's events before the entry. That it is a count was seen to when the record was decoded."""
    past = activity.details.get("before")
    return past if isinstance(past, int) and not isinstance(past, bool) else None


def _money(details: Mapping[str, object], name: str) -> Decimal:
    """An amount of money; absent is zero. That it is a number was seen to when the record was decoded."""
    value = details.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _NOTHING
    return _micro(value)


@lru_cache(maxsize=4_096)  # messages of a channel cost the same
def _micro(amount: float) -> Decimal:
    return Decimal(str(amount)).quantize(_MICRO)
