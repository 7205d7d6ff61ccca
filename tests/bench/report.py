"""The table of targets with what was reached, and what stands behind each figure."""

from collections.abc import Iterable, Sequence

from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from tests.bench.measurement import Measurement

STYLES = {"reached": "green", "missed": "bold red", "no target": "", "not measured": "yellow"}


def print_table(console: Console, measurements: Iterable[Measurement]) -> None:
    """One row a figure, in Markdown, so that it can be kept as it is."""
    table = Table(box=MARKDOWN)
    table.add_column("what", ratio=5)
    table.add_column("target", justify="right", no_wrap=True)
    table.add_column("reached", justify="right", no_wrap=True)
    table.add_column("ratio", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("note", ratio=4)
    for each in measurements:
        sign = "≥" if each.more_is_better else "≤"
        target = "" if each.target is None else f"{sign} {figure(each.target)} {each.unit}"
        reached = "" if each.reached is None else f"{figure(each.reached)} {each.unit}"
        ratio = "" if each.ratio is None else f"{each.ratio:.2f}"
        table.add_row(each.what, target, reached, ratio, each.verdict, each.note, style=STYLES[each.verdict])
    console.print(table, highlight=False)


def print_details(console: Console, measured: Sequence[tuple[str, str, Sequence[Measurement]]]) -> None:
    """What else is known, by measurement: (its name, what else the machine did before it, its figures)."""
    for name, load, measurements in measured:
        console.print(f"{name} (load before: {load})", highlight=False, markup=False)
        for measurement in measurements:
            for what, value in measurement.details.items():
                shown = value if isinstance(value, str) else figure(value)
                console.print(f"  {what}: {shown}", highlight=False, markup=False, soft_wrap=True)


def figure(value: float) -> str:
    """A number with as many digits as mean something."""
    if value == int(value) or abs(value) >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
