"""Commands about what a journey has done: figures, decisions, experiments, where customers stand, limits in use."""

from collections.abc import Mapping
from typing import Annotated, Any, get_args

import typer

from orchestrator.cli.credentials import USUAL_URL
from orchestrator.cli.options import (
    Api,
    AsJson,
    ByRows,
    Cursor,
    Every,
    FirstDay,
    JourneyId,
    LastDay,
    Limit,
    Since,
    Until,
    WholeLife,
    Zone,
    example,
)
from orchestrator.cli.session import calling
from orchestrator.cli.show import print_fields, print_heading, print_items, print_rows, say, scalars
from orchestrator.messages.activity import ActivityType

figures = typer.Typer()

LARGEST_PAGE = 500  # of activities

ACTIVITIES = {
    "at": "at",
    "type": "type",
    "customer": "customer_id",
    "step": "step",
    "version": "version",
    "arm": "arm",
    "details": "details",
}
GAUGES = {
    "rule": "sentence",
    "of": "of",
    "used": "used",
    "limit": "limit",
    "share": "share",
    "until": "until",
    "held back": "held_back",
    "reached": "is_reached",
}
DAY = {
    "date": "date",
    "entered": "entered",
    "completed": "completed",
    "exited": "exited",
    "sends": "sends",
    "suppressed": "suppressed",
    "deferred": "deferred",
    "conversions": "conversions",
    "revenue": "revenue",
    "cost": "cost",
}
ACTIVITY_TYPES = ", ".join(get_args(ActivityType))


@figures.command(
    "metrics", epilog=example("journeys metrics JOURNEY", "journeys metrics JOURNEY --from 2026-11-01 --days")
)
def metrics(
    journey: JourneyId,
    first: FirstDay = None,
    last: LastDay = None,
    zone: Zone = None,
    whole_life: WholeLife = False,
    days: Annotated[bool, typer.Option("--days", help="Every day (or week, or month) of the period, too.")] = False,
    by: ByRows = "fitting",
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """Show a journey's figures: in total, by channel, step and rule, and what treatment brought against holdout."""
    query = {"from": first, "to": last, "zone": zone, "whole_life": whole_life or None, "by": by}
    with calling(api, as_json) as session:
        answer = session.client.call("getJourneyMetrics", {"id": journey}, query=query)
        session.show(answer, lambda found: _print_metrics(found, days))


@figures.command(
    "activities",
    epilog=example(
        "journeys activities JOURNEY --type send_suppressed --limit 20", "journeys activities JOURNEY --customer c17"
    ),
)
def activities(
    journey: JourneyId,
    kind: Annotated[str | None, typer.Option("--type", help=f"Only of this type: {ACTIVITY_TYPES}.")] = None,
    customer: Annotated[str | None, typer.Option(help="Only of this customer.")] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = None,
    cursor: Cursor = None,
    every: Every = False,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """List what was decided and done, newest first. For very many see "reports activities", which streams them."""
    query = {"type": kind, "customer_id": customer, "from": since, "to": until, "limit": limit, "cursor": cursor}
    with calling(api, as_json) as session:
        session.show_list(
            "listJourneyActivities", ACTIVITIES, {"id": journey}, query, every=every, largest=LARGEST_PAGE
        )


@figures.command("explain", epilog=example("journeys explain JOURNEY customer-17"))
def explain(
    journey: JourneyId,
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's id.")],
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """Say why a customer got what they got from a journey, decision by decision."""
    with calling(api, as_json) as session:
        answer = session.client.call("explainCustomer", {"id": journey, "customer_id": customer})
        session.show(answer, print_explanation)


@figures.command("experiments", epilog=example("journeys experiments JOURNEY"))
def experiments(journey: JourneyId, api: Api = USUAL_URL, as_json: AsJson = False) -> None:
    """Show what a journey's experiments have learnt, and how they share customers out."""
    with calling(api, as_json) as session:
        session.show(session.client.call("listExperiments", {"id": journey}), _print_experiments)


@figures.command("positions", epilog=example("journeys positions JOURNEY"))
def positions(journey: JourneyId, api: Api = USUAL_URL, as_json: AsJson = False) -> None:
    """Show where customers stand now, and since when the first of them."""
    with calling(api, as_json) as session:
        session.show(session.client.call("getJourneyPositions", {"id": journey}), _print_positions)


@figures.command("guardrails", epilog=example("journeys guardrails JOURNEY"))
def guardrails(journey: JourneyId, api: Api = USUAL_URL, as_json: AsJson = False) -> None:
    """Show each limit that binds a journey: how much of it is used, and what it held back in the last day."""
    with calling(api, as_json) as session:
        session.show_list("getJourneyGuardrails", GAUGES, {"id": journey}, {})


def print_explanation(found: dict[str, Any]) -> None:
    """A customer's way through a journey, oldest decision first."""
    say(found["summary"])
    for run in found["runs"]:
        print_heading(f"{run['run_id']}, version {run['version']}: {run['summary']}")
        for decision in run["decisions"]:
            _print_decision(decision)
    for refused in found["refused_entries"]:
        _print_decision(refused)
    if found["is_cut"]:
        say("only the newest 1,000 decisions are told")


def _print_decision(decision: Mapping[str, Any]) -> None:
    at = str(decision["at"]).replace("T", " ")[:19]
    say(f"  {at}  {decision['sentence']}")


def _print_metrics(found: dict[str, Any], with_days: bool) -> None:
    totals = found["totals"]
    print_fields({"from": found["from"], "to": found["to"], "zone": found.get("zone", "UTC"), **scalars(totals)})
    if with_days:
        print_items(DAY, found["days"], f"by {found['by']}")
    for title, parts in totals.items():
        if isinstance(parts, dict) and parts:
            _print_parts(title.replace("_", " "), parts)
    if comparison := found["comparison"]:
        print_heading(comparison["verdict"])
        for note in comparison["notes"]:
            say(note)


def _print_parts(title: str, parts: Mapping[str, Any]) -> None:
    """Figures by name (of a channel, an arm, a step, a rule): numbers, figures, or once more figures by name."""
    first = next(iter(parts.values()))
    if not isinstance(first, dict):
        print_rows(["", "count"], parts.items(), title)
    elif all(isinstance(inner, dict) for inner in first.values()):
        for name, inner in parts.items():
            if inner:
                _print_parts(f"{title}: {name}", inner)
    else:
        print_rows(["", *first], ([name, *(part[column] for column in first)] for name, part in parts.items()), title)


def _print_experiments(found: dict[str, Any]) -> None:
    if not found["items"]:
        say("this version has no experiment")
    for each in found["items"]:
        state = "final" if each["is_final"] else f"decision {each['epoch']}" if each["epoch"] else "nothing decided yet"
        columns = {
            "arm": "name",
            "share, %": "share",
            "probability of being best": "best",
            "customers": "customers",
            "converted": "converted",
        }
        print_items(columns, each["arms"], f"{each['step']}: {state}")


def _print_positions(found: dict[str, Any]) -> None:
    print_fields(scalars(found))
    rows = ([step["step"], step["customers"], _by_version(step["versions"]), step["since"]] for step in found["steps"])
    print_rows(["step", "customers", "by version", "since"], rows)


def _by_version(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} on {version}" for version, count in counts.items())
