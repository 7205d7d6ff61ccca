"""A backtest in tables for people, and as one JSON document for programs."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from orchestrator.backtest.run import HISTORY_IS_SILENT, Backtest
from orchestrator.backtest.tally import DayTally, StepTally, Tally

MOST_DAYS = 31  # of the table; the JSON document has all
MOST_NAMES = 10


def as_document(result: Backtest) -> dict[str, object]:
    """Everything that was counted."""
    tally = result.tally
    return {
        "journey": result.name,
        "from": _moment(result.first_ms),
        "to": _moment(result.last_ms),
        "signals": result.signals,
        "before": result.before,
        "late": result.late,
        "foreign": result.foreign,
        "customers": result.customers,
        "entered": tally.entered,
        "entry_refused": dict(tally.refused),
        "sent": tally.sent,
        "suppressed": dict(tally.held_back("suppressed")),
        "deferred": dict(tally.held_back("deferred")),
        "cost": round(tally.cost, 6),
        "ended": dict(tally.ended),
        "arms": {name: asdict(arm) for name, arm in sorted(tally.arms.items())},
        "steps": {name: _step(step) for name, step in sorted(tally.steps.items())},
        "days": {name: asdict(day) for name, day in sorted(tally.days.items())},
        "note": HISTORY_IS_SILENT,
    }


def _step(step: StepTally) -> dict[str, object]:
    # Not asdict: it would make counters of their own items.
    return {
        "passed": step.passed,
        "sent": dict(step.sent),
        "suppressed": dict(step.suppressed),
        "deferred": dict(step.deferred),
    }


def difference(one: Tally, other: Tally) -> dict[str, object]:
    """What ``other`` did otherwise, as numbers; only what differs."""
    flat, there = _flat(one), _flat(other)
    figures = {
        name: {"this": flat.get(name, 0), "other": there.get(name, 0)}
        for name in sorted(flat.keys() | there.keys())
        if flat.get(name, 0) != there.get(name, 0)
    }
    everyone = one.customers.keys() | other.customers.keys()
    differing = sorted(name for name in everyone if one.customers.get(name) != other.customers.get(name))
    return {"figures": figures, "customers_who_differ": len(differing), "for_example": differing[:MOST_NAMES]}


def _flat(tally: Tally) -> dict[str, float]:
    flat: dict[str, float] = {"entered": tally.entered, "sent": tally.sent, "cost": round(tally.cost, 6)}
    groups: dict[str, Mapping[str, int]] = {
        "entry refused": tally.refused,
        "suppressed": tally.held_back("suppressed"),
        "deferred": tally.held_back("deferred"),
        "ended": tally.ended,
    }
    for group, counts in groups.items():
        flat |= {f"{group}: {name}": count for name, count in counts.items()}
    for name, step in tally.steps.items():
        flat |= {f"step {name}: sent over {channel}": count for channel, count in step.sent.items()}
    for day, figures in tally.days.items():
        flat |= {f"{day}: entered": figures.entered, f"{day}: sent": figures.sent}
    return flat


def print_backtest(console: Console, result: Backtest, note: str = HISTORY_IS_SILENT) -> None:
    """The tables."""
    tally = result.tally
    if result.first_ms is None:
        console.print("The history is empty: nothing happened.")
        return
    console.print(
        f"{result.name}: {result.signals:,} events of {result.customers:,} customers, "
        f"{_moment(result.first_ms)} to {_moment(result.last_ms)}, in {result.seconds:.1f} s "
        f"({result.signals / max(result.seconds, 1e-9):,.0f} events/s)",
        highlight=False,
    )
    if result.late or result.foreign:
        console.print(f"{result.late:,} came late; {result.foreign:,} of other workspaces were left out.")
    console.print(_overview(tally))
    console.print(_steps(tally))
    console.print(_days(tally.days))
    console.print(note, style="dim", soft_wrap=True)


def print_difference(console: Console, found: Mapping[str, object]) -> None:
    """What differs, or that nothing does."""
    figures = found["figures"]
    if not isinstance(figures, dict) or not figures:
        console.print("Both do the same, to the same customers, at the same times.")
        return
    table = Table("what differs", "this", "other", "change", title="Against the other")
    for name, pair in figures.items():
        table.add_row(name, _number(pair["this"]), _number(pair["other"]), _number(pair["this"] - pair["other"], "+"))
    console.print(table)
    console.print(f"{found['customers_who_differ']} customers differ, for example {found['for_example']}")


def _overview(tally: Tally) -> Table:
    table = Table("figure", "count", title="What would have happened")
    table.add_row("entered", f"{tally.entered:,}")
    for arm, figures in sorted(tally.arms.items()):
        table.add_row(f"  as {arm}", f"{figures.entered:,} ({figures.goals:,} reached the goal)")
    _rows(table, "entries refused", tally.refused.items())
    table.add_row("messages", f"{tally.sent:,}")
    _rows(table, "held back", tally.held_back("suppressed").items())
    _rows(table, "put off", tally.held_back("deferred").items())
    table.add_row("cost", f"{tally.cost:,.2f}")
    _rows(table, "ended", tally.ended.items())
    return table


def _rows(table: Table, what: str, counts: Iterable[tuple[str, int]]) -> None:
    for name, count in sorted(counts, key=lambda item: -item[1]):
        table.add_row(f"{what}: {name.replace('_', ' ')}", f"{count:,}")


def _steps(tally: Tally) -> Table:
    table = Table("step", "passed", "sent", "held back", "put off", title="By step")
    for name, step in tally.steps.items():
        sent = ", ".join(f"{count:,} {channel}" for channel, count in step.sent.items())
        held = ", ".join(f"{count:,} {rule}" for rule, count in step.suppressed.items())
        table.add_row(name, f"{step.passed:,}", sent, held, f"{step.deferred.total():,}")
    return table


def _days(days: Mapping[str, DayTally]) -> Table:
    shown = sorted(days.items())[-MOST_DAYS:]
    title = "By day" if len(shown) == len(days) else f"By day, the last {MOST_DAYS} of {len(days)}"
    table = Table("day", "entered", "sent", "held back", "put off", "goals", "cost", title=title)
    for name, day in shown:
        counts = (day.entered, day.sent, day.suppressed, day.deferred, day.goals)
        table.add_row(name, *(f"{count:,}" for count in counts), f"{day.cost:,.2f}")
    return table


def _moment(at_ms: int | None) -> str | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1_000, UTC).isoformat(timespec="seconds")


def _number(value: float, sign: str = "") -> str:
    return f"{value:{sign},.2f}" if isinstance(value, float) and not value.is_integer() else f"{int(value):{sign},}"
