"""What a person sees: what is real, the tables, the uplifts, and where to look further."""

from rich.console import Console
from rich.table import Table

from orchestrator.demo.options import DemoOptions
from orchestrator.demo.outcome import Outcome, contains_truth, is_compatible_with_none
from orchestrator.demo.tally import Line, Number, is_shown
from orchestrator.experiments.comparison import Comparison, Effect
from orchestrator.experiments.interval import Interval
from orchestrator.simulator.personas import TRUE_UPLIFT

_BY_CHANCE = "By chance fewer than 5 in 100 runs do that: run it again."


def print_introduction(console: Console, options: DemoOptions) -> None:
    """What is real and what is made up, before anything happens."""
    console.print(
        "Real: 6,919 purchases by 2,357 customers of the music shop CDNOW, January 1997 to June 1998.\n"
        f"Made up: their consents, time zones and times of day; {options.personas:,} personas whose response to an "
        f"offer is known ({_percent(TRUE_UPLIFT)}).\n"
        f"Played {options.days_per_second:g} days in a second through Kafka, worker and PostgreSQL, then once more "
        "through the engine alone.\n",
        highlight=False,
    )


def print_outcome(console: Console, outcome: Outcome) -> None:
    """The tables, the uplifts and whether the two computations agree."""
    console.print()
    console.print(_table("What came in", ("run", "reference"), outcome.inputs))
    columns = ("PostgreSQL", "reference")
    console.print(_table("Win back: real purchases, e-mail and push", columns, outcome.win_back))
    console.print(_table("Trial offer: personas with a known response, e-mail", columns, outcome.trial_offer))
    console.print(_table("All decisions", ("run", "reference"), outcome.decisions))
    console.print("Uplift of the conversion rate, treatment against holdout", style="bold")
    console.print(_about("Win back", outcome.win_back_uplift, _history_verdict(outcome.win_back_uplift)))
    console.print(_about("Trial offer", outcome.trial_offer_uplift, _personas_verdict(outcome.trial_offer_uplift)))
    console.print()
    lines = sum(map(len, (outcome.inputs, outcome.win_back, outcome.trial_offer, outcome.decisions)))
    if outcome.agrees:
        console.print(
            f"[bold green]Agreed[/]: all {lines} figures and the ids of every activity and command are the same in "
            "the run and in a single-threaded reference run of the engine over the same inputs.",
            highlight=False,
        )
    else:
        console.print("[bold red]The run and the reference disagree:[/]")
        for difference in outcome.differences:
            console.print(f"  {difference}", highlight=False, markup=False)


def _table(title: str, columns: tuple[str, str], lines: list[Line]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
    table.add_column("")
    for line in filter(is_shown, lines):
        mark = "[green]=[/]" if line.agrees else "[bold red]≠[/]"
        table.add_row(line.name, _number(line.run), _number(line.reference), mark)
    return table


def _number(number: Number) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:,.2f}"


def _about(name: str, uplift: Comparison, verdict: str) -> str:
    return f"  {name}: {_measured(uplift.conversion)}. {verdict}"


def _measured(effect: Effect | None) -> str:
    if effect is None:
        return "nothing to compare"
    if effect.relative is None or effect.relative_interval is None or effect.relative_anytime is None:
        return "no conversion in the holdout, so no relative uplift"
    return (
        f"{_percent(effect.relative)} (95 %, one planned look: {_range(effect.relative_interval)}; "
        f"safe at any number of looks: {_range(effect.relative_anytime)})"
    )


def _history_verdict(uplift: Comparison) -> str:
    truth = "History cannot react to messages that were never sent, so the uplift must be compatible with none"
    match is_compatible_with_none(uplift):
        case True:
            return f"{truth}; it is: 0 lies inside the wider interval."
        case False:
            return f"{truth}, and it is not: 0 lies outside the wider interval. {_BY_CHANCE}"
        case None:
            return f"{truth}; there are too few customers to say."


def _personas_verdict(uplift: Comparison) -> str:
    truth = f"What the offer does to the personas is known, {_percent(TRUE_UPLIFT)}"
    match contains_truth(uplift):
        case True:
            return f"{truth}; it lies inside the wider interval."
        case False:
            return f"{truth}, and it lies outside the wider interval. {_BY_CHANCE}"
        case None:
            return f"{truth}; there are too few personas to say."


def _range(interval: Interval) -> str:
    low = "no lower bound" if interval.low is None else _percent(interval.low)
    high = "no upper bound" if interval.high is None else _percent(interval.high)
    return f"{low} to {high}"


def _percent(share: float) -> str:
    return f"{share * 100:+.1f} %"


def print_address(console: Console, port: int, api_key: str, *, keep: bool) -> None:
    """Where the dashboard is, as long as it is there."""
    if not keep:
        console.print("The dashboard and everything else end now; with --keep they stay.", highlight=False)
        return
    console.print(
        f"Dashboard, signed in: http://127.0.0.1:{port}/#key={api_key}\n"
        "What you see is 1997 and 1998; journeys that you make happen now. Everything keeps running; Ctrl-C stops it.",
        highlight=False,
        soft_wrap=True,
    )
