"""``make bench``: measures, and prints the table of DESIGN.md's targets with what was reached here."""

import argparse
import json
import logging
import sys
import time
from dataclasses import asdict
from pathlib import Path

import uvloop
from rich.console import Console

from orchestrator.errors import OrchestratorError
from tests.bench import engine
from tests.bench.contenders import PEERS
from tests.bench.ground import Ground, ground
from tests.bench.machine import described, load
from tests.bench.measurement import Measurement
from tests.bench.report import print_details, print_table
from tests.bench.targets import MEASUREMENTS, NOT_MEASURED, ON_REQUEST

WIDTH = 160  # columns, when the output is no terminal

Measured = list[tuple[str, str, list[Measurement]]]


def main() -> int:
    """Returns 0 when everything that was asked for could be measured, whatever the figures say."""
    options = _options()
    out = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    err = Console(stderr=True)
    logging.basicConfig(level=logging.WARNING)
    began = time.monotonic()

    def say(line: str) -> None:
        err.print(f"{time.monotonic() - began:5.0f} s  {line}", highlight=False, markup=False)

    try:
        peers = tuple(options.peers)
        with ground(options.quick, options.events, peers, say, options.minutes, options.activities) as here:
            if options.profile:
                out.print(engine.profile(here), highlight=False, markup=False)
                return 0
            measured = [_measure(here, name) for name in options.only or MEASUREMENTS]
            kind = here.kind
    except OrchestratorError as error:
        err.print(f"bench: {error}", style="bold red", markup=False)
        return error.exit_code
    for line in [*described(), f"Kafka and PostgreSQL {kind}", f"took {time.monotonic() - began:.0f} s"]:
        out.print(line, highlight=False, markup=False, soft_wrap=True)
    if options.quick:
        out.print("--quick: a check that everything runs; the figures mean nothing", style="bold")
    print_table(out, [*(each for _, _, found in measured for each in found), *(() if options.only else NOT_MEASURED)])
    print_details(out, measured)
    if options.json:
        options.json.write_text(json.dumps(_document(measured), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def _measure(here: Ground, name: str) -> tuple[str, str, list[Measurement]]:
    before = load()
    return name, before, uvloop.run({**MEASUREMENTS, **ON_REQUEST}[name](here))


def _document(measured: Measured) -> dict[str, object]:
    figures = [
        {"measurement": name, "load_before": before, **asdict(each), "ratio": each.ratio, "verdict": each.verdict}
        for name, before, found in [*measured, ("", "", list(NOT_MEASURED))]
        for each in found
    ]
    return {"machine": described(), "figures": figures}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    names = [*MEASUREMENTS, *ON_REQUEST]
    also = f"{', '.join(names)}; {', '.join(ON_REQUEST)} only when asked for here"
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=names, help=also)
    parser.add_argument("--quick", action="store_true", help="small sizes: checks that everything runs")
    parser.add_argument("--events", type=int, metavar="N", help="events that a worker finds in Kafka")
    parser.add_argument("--minutes", type=float, metavar="N", default=30.0, help="soak: how long; default: 30")
    parser.add_argument("--activities", type=int, metavar="N", help="month: how many; default: 10 million")
    parser.add_argument(
        "--peers", nargs="+", default=[], metavar="NAME", choices=PEERS, help="same-work: only with " + ", ".join(PEERS)
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file as well")
    parser.add_argument("--profile", action="store_true", help="instead: where the engine's time goes, by function")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
