"""What the commands that need no Kafka do: check and test journey files, run them over history or made-up people."""

import asyncio
import gc
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestrator.backtest.documents import read_document
from orchestrator.backtest.files import read_journey
from orchestrator.backtest.history import (
    TOPIC_PREFIX,
    Event,
    Reading,
    Scope,
    read_activities,
    read_activity_file,
    read_file,
    read_topic,
)
from orchestrator.backtest.memory import at_most
from orchestrator.backtest.options import BacktestOptions
from orchestrator.backtest.people import World
from orchestrator.backtest.progress import Phase, Tell, Telling, nobody, told
from orchestrator.backtest.report import as_document, difference, print_backtest, print_difference
from orchestrator.backtest.run import JOURNEY_ID, Backtest, backtest
from orchestrator.backtest.simulate import Arm, simulate
from orchestrator.backtest.tally import HOLDOUT, Tally
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.definitions.warnings import find_warnings
from orchestrator.errors import ConfigurationError, DefinitionError
from orchestrator.experiments.comparison import Comparison, compare
from orchestrator.journeys.rehearsal import rehearse
from orchestrator.messages.activity import Activity
from orchestrator.messages.config import WorkspaceSettings
from orchestrator.settings import load_settings

TREATMENT = "treatment"
GARBAGE_THRESHOLDS = (50_000, 20, 100)

out = Console()
err = Console(stderr=True)


def check(files: Sequence[Path]) -> None:
    """Say everything that is wrong with journeys; exit 1 if anything is."""
    are_right = True
    for path in files:
        journey = _checked(path)
        if journey is None:
            are_right = False
        else:
            _say(f"{path}: {journey.name!r}, {len(journey.steps)} steps, nothing wrong")
            for warning in find_warnings(journey):
                _say(f"{path}: warning: {warning}")
    raise typer.Exit(0 if are_right else 1)


def test(files: Sequence[Path]) -> None:
    """Run the tests that journeys carry under `tests`; exit 1 if one fails, or a file has none."""
    failed = 0
    for path in files:
        journey = _checked(path)
        if journey is None or not journey.tests:
            failed += 1
            if journey is not None:
                _say(f"{path}: no tests; list stories under `tests`")
            continue
        for result in rehearse(journey):
            failed += bool(result.differences)
            _say(f"{path}: {result.name} … {'FAILED' if result.differences else 'passed'}")
            for difference_ in result.differences:
                _say(f"    {difference_}")
            for note in result.notes if result.differences else ():
                _say(f"    held back: {note}")
    raise typer.Exit(1 if failed else 0)


def run_backtest(asked: BacktestOptions) -> None:
    """Runs a draft over history, in virtual time, and prints what came of it.

    Raises:
        typer.BadParameter: a moment is none.
        typer.Exit: a journey has problems, which are printed.
        ConfigurationError: what binds the workspace cannot be read.
    """
    since_ms, until_ms = _moment_ms("--from", asked.since), _moment_ms("--to", asked.until)
    journey = _checked(asked.file)
    other = None if asked.against is None else _checked(asked.against)
    if journey is None or (asked.against is not None and other is None):
        raise typer.Exit(1)
    settings = (
        None if asked.workspace_settings is None else _workspace_settings(asked.workspace_settings, asked.workspace)
    )
    telling = Telling(sys.stderr) if asked.progress else nobody
    journey_id = asked.journey_id or JOURNEY_ID
    reading, scope = Reading(), Scope(asked.workspace, until_ms)
    with at_most(asked.memory_mib) as look:
        _look_for_garbage_seldom()

        def tell(phase: Phase, done: int, of: int) -> None:
            look()
            telling(phase, done, of)

        history = _events(asked.events, reading, scope, tell)

        def run(played: JourneyDefinition, phase: Phase) -> Backtest:
            if isinstance(history, list):
                coming: Iterable[Event] = told(history, phase, tell)
            else:  # what is read of a file is gone: to compare, it is read again
                coming = history if phase == "running" else _events(asked.events, Reading(), scope, tell)
            return backtest(played, coming, until_ms, journey_id, since_ms=since_ms, settings=settings)

        result = run(journey, "running")
        document = as_document(result) | {
            "read": reading.read,
            "unusable": reading.unusable,
            "erased": reading.erased,
        }
        compared: Tally | None = None
        if other is not None:
            compared = run(other, "comparing").tally
        elif asked.against_activities is not None:
            compared = Tally()
            for activity in _activities(asked.against_activities, reading):
                if asked.journey_id is None or activity.journey_id == asked.journey_id:
                    compared.take(activity)
        found = None if compared is None else difference(result.tally, compared)
    if asked.as_json:
        _print_json(document | ({} if found is None else {"difference": found}))
        return
    _warn(reading)
    print_backtest(out, result)
    if found is not None:
        print_difference(out, found)


def run_simulation(
    file: Path, customers: int, days: int, seed: int, base_rate: float, effect: float, as_json: bool
) -> None:
    """Runs a journey over made-up people and prints what came of it.

    Raises:
        typer.Exit: the journey has problems, which are printed.
    """
    journey = _checked(file)
    if journey is None:
        raise typer.Exit(1)
    _look_for_garbage_seldom()
    result, arms = simulate(journey, World(customers, days, seed, base_rate, effect))
    comparison = _comparison(journey, arms)
    if as_json:
        _print_json(as_document(result) | {"note": "made-up people", "verdict": comparison and comparison.verdict})
        return
    _print_simulation(result, comparison)


def _look_for_garbage_seldom() -> None:
    """States are kept for as long as they are needed: looking through them often only costs time."""
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)


def _print_simulation(result: Backtest, comparison: Comparison | None) -> None:
    print_backtest(out, result, note="These people are made up: see what they do in orchestrator/backtest/people.py.")
    if comparison is None:
        _say("Without a holdout and a goal there is nothing to compare.")
    else:
        _say(comparison.verdict)


def _comparison(journey: JourneyDefinition, arms: dict[str, Arm]) -> Comparison | None:
    share = 1 - (journey.holdout.percent if journey.holdout else 0.0) / 100
    if journey.goal is None or not 0 < share < 1:
        return None
    treatment, control = arms.get(TREATMENT, Arm()), arms.get(HOLDOUT, Arm())
    return compare(treatment.summary(), control.summary(), share)


def _checked(path: Path) -> JourneyDefinition | None:
    """The journey in the file; None when it has problems, which are printed."""
    try:
        return read_journey(path)
    except DefinitionError as error:
        table = Table("where", "what", "how to mend it", title=escape(str(path)))
        for problem in error.problems:
            table.add_row(escape(problem.path), escape(problem.message), escape(problem.fix))
        err.print(table)
        return None


def _events(source: str, reading: Reading, scope: Scope, tell: Tell) -> Iterable[Event]:
    """The events: of a topic a list, of a file as they are read, since it may be longer than memory."""
    if source.startswith(TOPIC_PREFIX):
        topic = source.removeprefix(TOPIC_PREFIX)
        return asyncio.run(read_topic(load_settings(log_format="text"), topic, reading, scope, tell))
    return filter(scope.has, read_file(Path(source), reading))


def _moment_ms(option: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{option} {text!r}: {error}") from error
    if moment.tzinfo is None:
        raise typer.BadParameter(f"{option} {text!r}: add an offset from UTC, such as Z or +01:00")
    return int(moment.timestamp() * 1_000)


def _workspace_settings(path: Path, workspace_id: str) -> WorkspaceSettings:
    document = read_document(path)
    fields = document if isinstance(document, dict) else {}
    try:
        return msgspec.convert(
            {**fields, "type": "workspace_settings", "workspace_id": workspace_id}, WorkspaceSettings
        )
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"reading the workspace's settings from {path}: {error}") from error


def _activities(source: str, reading: Reading) -> Iterable[Activity]:
    if source.startswith(TOPIC_PREFIX):
        return asyncio.run(read_activities(load_settings(log_format="text"), reading))
    return read_activity_file(Path(source), reading)


def _warn(reading: Reading) -> None:
    if reading.unusable:
        err.print(f"{reading.unusable:,} of {reading.read:,} lines are no events and were left out:", style="yellow")
        for problem in reading.problems:
            err.print(f"  {problem}", markup=False, highlight=False, soft_wrap=True)


def _print_json(document: object) -> None:
    out.print_json(json.dumps(document, allow_nan=False))


def _say(line: str) -> None:
    out.print(line, highlight=False, markup=False, soft_wrap=True)
