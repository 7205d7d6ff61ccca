"""Commands about journeys: their definitions, in files and in the API, and the versions of them."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from orchestrator.cli.credentials import USUAL_URL
from orchestrator.cli.document import document_in, named_values
from orchestrator.cli.options import (
    Api,
    AsJson,
    Cursor,
    Every,
    IfMatch,
    JourneyFile,
    JourneyFiles,
    JourneyId,
    Limit,
    Yes,
    example,
)
from orchestrator.cli.session import calling, confirm
from orchestrator.cli.show import PROBLEMS, print_document, print_fields, print_items, say, scalars, tell

journeys = typer.Typer(help="Journeys: files of them, and those that the API has.", no_args_is_help=True)

JOURNEYS = {
    "id": "id",
    "name": "name",
    "status": "status",
    "version": "version",
    "campaign": "campaign_id",
    "changed": "updated_at",
}
VERSIONS = {"version": "version", "published": "created_at", "customers under way": "policy", "until": "until"}

Status = Literal["DRAFT", "ACTIVE", "PAUSED", "STOPPED", "ARCHIVED"]
Policy = Literal["pin", "follow", "map", "drain"]
InFlight = Annotated[
    Policy | None,
    typer.Option(
        "--in-flight",
        help="What becomes of customers under way: pin (they stay on their version), follow (they go on in the new "
        "one), map (as --map says), drain (they leave by --until).",
    ),
]
Mapped = Annotated[
    list[str] | None, typer.Option("--map", metavar="OLD=NEW", help="Where those at step OLD go on; may come again.")
]
DrainedBy = Annotated[str | None, typer.Option("--until", metavar="TIME", help="With drain: when the last ones leave.")]
OnlyDefinition = Annotated[bool, typer.Option("--definition", help="Print the definition alone, as JSON for a file.")]


@journeys.command("test", epilog=example("journeys test welcome.yaml", "journeys test welcome.yaml --online"))
def play_command(
    paths: JourneyFiles,
    online: Annotated[
        bool, typer.Option("--online", help="Let the API play, which may be of another version.")
    ] = False,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """Run the tests that journeys carry under `tests`; exit 1 if one fails, or a file has none.

    It needs nothing but the files, unless --online asks the API; --json goes with --online and one file.
    """
    _see_that_it_can_be_printed(paths, online, as_json)
    if not online:
        from orchestrator.backtest import commands as files

        files.test(paths)
    are_passed = True
    with calling(api, as_json) as session:
        for path in paths:
            answer = session.client.call("rehearseDefinition", body={"config": document_in(path)})
            session.show(answer, partial(_print_tests, path))
            tests = answer.document["tests"]
            are_passed = are_passed and bool(tests) and all(each["outcome"] == "passed" for each in tests)
    raise typer.Exit(0 if are_passed else 1)


@journeys.command("check", epilog=example("journeys check welcome.yaml", "journeys check welcome.yaml --online"))
def check(
    paths: JourneyFiles,
    online: Annotated[
        bool, typer.Option("--online", help="Let the API check, which may be of another version.")
    ] = False,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """Say everything that is wrong with journeys; exit 1 if anything is.

    The check needs nothing but the files, unless --online asks the API; --json goes with --online and one file.
    """
    _see_that_it_can_be_printed(paths, online, as_json)
    if not online:
        from orchestrator.backtest import commands as files

        files.check(paths)
    are_right = True
    with calling(api, as_json) as session:
        for path in paths:
            answer = session.client.call("checkDefinition", body={"config": document_in(path)})
            session.show(answer, partial(_print_check, path))
            are_right = are_right and answer.document["is_publishable"]
    raise typer.Exit(0 if are_right else 1)


def _see_that_it_can_be_printed(paths: list[Path], online: bool, as_json: bool) -> None:
    if as_json and not online:
        raise typer.BadParameter("--json prints what the API says: it goes with --online")
    if as_json and len(paths) > 1:
        raise typer.BadParameter("--json prints one document: name one file")


@journeys.command("list", epilog=example("journeys list", "journeys list --status ACTIVE --all --json"))
def list_command(
    status: Annotated[Status | None, typer.Option(help="Only of this status; archived ones only so.")] = None,
    campaign: Annotated[str | None, typer.Option(help="Only on this campaign.")] = None,
    name: Annotated[str | None, typer.Option(help="Only with this text in their name.")] = None,
    sort: Annotated[Literal["newest", "name"], typer.Option(help="In which order.")] = "newest",
    limit: Limit = None,
    cursor: Cursor = None,
    every: Every = False,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """List the workspace's journeys."""
    query = {"status": status, "campaign_id": campaign, "name": name, "sort": sort, "limit": limit, "cursor": cursor}
    with calling(api, as_json) as session:
        session.show_list("listJourneys", JOURNEYS, {}, query, every=every)


@journeys.command("show", epilog=example("journeys show JOURNEY", "journeys show JOURNEY --definition > welcome.json"))
def show(journey: JourneyId, definition: OnlyDefinition = False, api: Api = USUAL_URL, as_json: AsJson = False) -> None:
    """Show a journey; --definition prints what it does, to be changed in a file and given to "update"."""
    with calling(api, as_json) as session:
        answer = session.client.call("getJourney", {"id": journey})
        if definition:
            print_document(answer.document["config"])
            return
        session.show(answer, lambda found: print_fields({**scalars(found, "proposal_id"), "etag": answer.etag}))


@journeys.command("create", epilog=example("journeys create welcome.yaml", "journeys create welcome.yaml --publish"))
def create(
    file: JourneyFile,
    publish: Annotated[bool, typer.Option("--publish", help="Start it at once; else it is a draft.")] = False,
    name: Annotated[str | None, typer.Option(help="Its name, if not that in the file.")] = None,
    campaign: Annotated[str | None, typer.Option(help="The campaign it belongs to.")] = None,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """Create a journey from a file, as a draft unless --publish starts it."""
    body: dict[str, object] = {"config": document_in(file), "status": "ACTIVE" if publish else "DRAFT"}
    body |= {} if name is None else {"name": name}
    body |= {} if campaign is None else {"campaign_id": campaign}
    with calling(api, as_json) as session:
        session.show(session.client.call("createJourney", body=body), print_journey)


@journeys.command(
    "update",
    epilog=example(
        "journeys update JOURNEY welcome.yaml --in-flight follow", "journeys update JOURNEY --name 'Welcome back' --yes"
    ),
)
def update(
    journey: JourneyId,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="Its new definition.")
    ] = None,
    in_flight: InFlight = None,
    mapped: Mapped = None,
    until: DrainedBy = None,
    name: Annotated[str | None, typer.Option(help="Its new name.")] = None,
    campaign: Annotated[str | None, typer.Option(help="Its new campaign; '' for none.")] = None,
    if_match: IfMatch = None,
    yes: Yes = False,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """Change a journey's definition, name or campaign.

    Before a new definition is published you see what would become of customers under way, and are asked. If somebody
    else changes the journey meanwhile, nothing is done (exit 6).
    """
    migration = _migration(in_flight, mapped, until)
    if file is None and migration:
        raise typer.BadParameter("what becomes of customers under way goes with a new definition: name its FILE")
    body: dict[str, object] = {} if name is None else {"name": name}
    body |= {} if campaign is None else {"campaign_id": campaign or None}
    if file is None and not body:
        raise typer.BadParameter("say what is to change: a FILE, --name or --campaign")
    with calling(api, as_json) as session:
        etag = if_match or session.client.call("getJourney", {"id": journey}).etag
        if file is not None:
            version = {"config": document_in(file)} | migration
            foreseen = session.client.call("previewVersion", {"id": journey}, body=version).document
            print_preview(foreseen, tell)
            confirm(f"Make this version {foreseen['version']}?", yes)
            body |= version
        session.show(session.client.call("changeJourney", {"id": journey}, body=body, if_match=etag), print_journey)


@journeys.command("preview", epilog=example("journeys preview JOURNEY welcome.yaml --in-flight map --map remind=hello"))
def preview(
    journey: JourneyId,
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The definition.")],
    in_flight: InFlight = None,
    mapped: Mapped = None,
    until: DrainedBy = None,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """Say what a new definition would do to customers under way; nothing changes."""
    body = {"config": document_in(file)} | _migration(in_flight, mapped, until)
    with calling(api, as_json) as session:
        answer = session.client.call("previewVersion", {"id": journey}, body=body)
        session.show(answer, lambda found: print_preview(found, say))


@journeys.command("versions", epilog=example("journeys versions JOURNEY"))
def versions(journey: JourneyId, api: Api = USUAL_URL, as_json: AsJson = False) -> None:
    """List a journey's versions, newest first."""
    with calling(api, as_json) as session:
        session.show_list("listVersions", VERSIONS, {"id": journey}, {})


@journeys.command("version", epilog=example("journeys version JOURNEY 1 --definition > welcome-1.json"))
def version(
    journey: JourneyId,
    number: Annotated[int, typer.Argument(min=1, metavar="VERSION", help="Its number.")],
    definition: OnlyDefinition = False,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """Show a version; --definition prints the definition alone."""
    with calling(api, as_json) as session:
        answer = session.client.call("getVersion", {"id": journey, "version": number})
        if definition:
            print_document(answer.document["config"])
            return
        session.show(answer, lambda found: print_fields(scalars(found)))


@journeys.command("enter", epilog=example("journeys enter JOURNEY customer-17 --field cart=c9 --field amount=19.90"))
def enter(
    journey: JourneyId,
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's id.")],
    fields: Annotated[
        list[str] | None,
        typer.Option("--field", metavar="NAME=VALUE", help="A field of the entry; JSON, or else text; may come again."),
    ] = None,
    request_id: Annotated[
        str | None, typer.Option("--id", help="Names the request: with the same one nothing happens twice.")
    ] = None,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """Ask that a customer enter a journey whose entry is "api"."""
    body: dict[str, object] = {"customer_id": customer, "fields": named_values("--field", fields or [])}
    body |= {} if request_id is None else {"id": request_id}
    with calling(api, as_json) as session:
        session.show(session.client.call("requestEntry", {"id": journey}, body=body), print_fields)


def print_journey(found: dict[str, Any]) -> None:
    """What a change has made of a journey, in a line."""
    say(f"{found['name']}: {found['status']}, version {found['version']}, {found['id']}")


def print_preview(found: dict[str, Any], write: Callable[[str], None]) -> None:
    """What a version would change, and for how many customers at which step; counts as the reports know them."""
    for what in ("added", "removed", "changed"):
        if steps := found[f"{what}_steps"]:
            write(f"{what} steps: {', '.join(steps)}")
    for group in found["groups"]:
        write(group["sentence"])
    write(
        f"customers under way: {found['stay']:,} stay on their version, {found['go_on']:,} go on in version "
        f"{found['version']}, {found['leave']:,} leave, {found['drained']:,} leave by the time that is set"
    )


def _migration(policy: Policy | None, mapped: list[str] | None, until: str | None) -> dict[str, object]:
    """``in_flight`` of a request, or nothing: the API's own default holds."""
    if policy is None and not mapped and until is None:
        return {}
    in_flight: dict[str, object] = {"policy": policy or ("map" if mapped else "drain")}
    if mapped:
        in_flight["steps"] = {name: str(value) for name, value in named_values("--map", mapped).items()}
    if until is not None:
        in_flight["until"] = until
    return {"in_flight": in_flight}


def _print_check(path: Path, found: dict[str, Any]) -> None:
    if found["is_publishable"]:
        say(f"{path}: nothing wrong")
    else:
        print_items(PROBLEMS, found["problems"], str(path))
    for warning in found["warnings"]:
        say(f"{path}: warning: {warning['path']}: {warning['detail']}")


def _print_tests(path: Path, found: dict[str, Any]) -> None:
    if not found["tests"]:
        say(f"{path}: no tests; list stories under `tests`")
    for test in found["tests"]:
        is_passed = test["outcome"] == "passed"
        say(f"{path}: {test['name']} … {'passed' if is_passed else 'FAILED'}")
        for difference in test["differences"]:
            say(f"    {difference}")
        for note in () if is_passed else test["notes"]:
            say(f"    held back: {note}")
