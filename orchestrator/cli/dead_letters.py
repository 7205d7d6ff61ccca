"""Commands for records that could not be used: see what they are, and send them again."""

from typing import Annotated

import typer

from orchestrator.cli.options import AsOneDocument, example

dead_letters = typer.Typer(
    help="Records that could not be used: journeys.dead-letters.v1.",
    no_args_is_help=True,
)

Topic = Annotated[str | None, typer.Option(help="Only of this topic.")]
Reason = Annotated[str | None, typer.Option(help="Only with this reason, such as malformed or engine_error.")]
Stage = Annotated[str | None, typer.Option(help="Only of this stage: decode or decide.")]
Since = Annotated[str | None, typer.Option(help="Set aside since: a time (2026-11-26T08:00:00Z), or PT2H ago.")]
Key = Annotated[str | None, typer.Option(help="Only with this key, workspace:customer.")]
Customer = Annotated[str | None, typer.Option(help="Only of this customer id.")]


@dead_letters.command("list", epilog=example("dead-letters list --reason malformed --since PT2H"))
def list_command(
    topic: Topic = None,
    reason: Reason = None,
    stage: Stage = None,
    since: Since = None,
    key: Key = None,
    customer: Customer = None,
    limit: Annotated[int, typer.Option(min=1, help="Most letters to show; all are counted.")] = 50,
    by_place: Annotated[bool, typer.Option("--by-place", help="By partition and offset; else newest first.")] = False,
    as_json: AsOneDocument = False,
) -> None:
    """List what was set aside, newest first, and count it by topic, stage and reason."""
    from orchestrator.cli.letters import Filters, list_letters

    list_letters(Filters(topic, reason, stage, since, key, customer), limit, by_place, as_json)


@dead_letters.command("show", epilog=example("dead-letters show 2/117"))
def show_command(
    place: Annotated[list[str], typer.Argument(help="PARTITION/OFFSET or PARTITION OFFSET, as in the list.")],
    as_json: AsOneDocument = False,
) -> None:
    """Show all of a letter: where the record stood, why it was set aside, its key, headers and value."""
    from orchestrator.cli.letters import show_letter

    show_letter("/".join(place), as_json)


@dead_letters.command("redrive", epilog=example("dead-letters redrive --stage decide --dry-run"))
def redrive_command(
    places: Annotated[
        list[str] | None, typer.Argument(help="PARTITION/OFFSET, as in the list; none: the filters.")
    ] = None,
    topic: Topic = None,
    reason: Reason = None,
    stage: Stage = None,
    since: Since = None,
    key: Key = None,
    customer: Customer = None,
    all_letters: Annotated[bool, typer.Option("--all", help="Everything; else name places or a filter.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be sent.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Send records that were set aside to their topics again; exit 1 if one could not be.

    What was applied meanwhile is recognised by source and id and changes nothing. The letters stay until the retention
    of their topic ends; filters leave those out whose record has come back as a newer letter.
    """
    from orchestrator.cli.letters import Filters, redrive_letters

    filters = Filters(topic, reason, stage, since, key, customer)
    if bool(places) + any(filters) + all_letters != 1:
        raise typer.BadParameter("say what to redrive: places, or filters, or --all")
    redrive_letters(places or (), filters, dry_run, yes)
