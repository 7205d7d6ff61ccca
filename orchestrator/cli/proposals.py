"""Commands about changes that wait for a second person."""

from typing import Annotated, Any, Literal
from uuid import UUID

import typer

from orchestrator.cli.credentials import USUAL_URL
from orchestrator.cli.journeys import print_journey
from orchestrator.cli.options import Api, AsJson, Cursor, Every, Limit, example
from orchestrator.cli.session import calling
from orchestrator.cli.show import print_document, print_fields, print_heading, say, scalars
from orchestrator.cli.workspace import print_workspace

proposals = typer.Typer(help="Changes that wait for a second person.", no_args_is_help=True)

PROPOSALS = {
    "id": "id",
    "journey": "journey_name",
    "status": "status",
    "stale": "is_stale",
    "by": "author",
    "at": "created_at",
    "decided by": "decided_by",
}
LARGEST_PAGE = 100

ProposalId = Annotated[UUID, typer.Argument(metavar="PROPOSAL", help="The proposal's id.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept with the decision.")]


@proposals.command("list", epilog=example("proposals list --status open"))
def list_command(
    status: Annotated[Literal["open", "approved", "rejected"] | None, typer.Option(help="Only of this status.")] = None,
    journey: Annotated[UUID | None, typer.Option(help="Only about this journey.")] = None,
    limit: Limit = None,
    cursor: Cursor = None,
    every: Every = False,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """List proposed changes, newest first."""
    query = {"status": status, "journey_id": journey, "limit": limit, "cursor": cursor}
    with calling(api, as_json) as session:
        session.show_list("listProposals", PROPOSALS, {}, query, every=every, largest=LARGEST_PAGE)


@proposals.command("show", epilog=example("proposals show PROPOSAL"))
def show(proposal: ProposalId, api: Api = USUAL_URL, as_json: AsJson = False) -> None:
    """Show a proposed change: what, by whom, and whether it has been decided about."""
    with calling(api, as_json) as session:
        session.show(session.client.call("getProposal", {"id": proposal}), _print_proposal)


@proposals.command("approve", epilog=example("proposals approve PROPOSAL --reason 'texts are reviewed'"))
def approve(proposal: ProposalId, reason: Reason = "", api: Api = USUAL_URL, as_json: AsJson = False) -> None:
    """Agree, and carry the change out at once. It needs an approver who did not propose it."""
    with calling(api, as_json) as session:
        answer = session.client.call("approveProposal", {"id": proposal}, body={"reason": reason})
        is_of_journey = "config" in answer.document
        session.show(answer, print_journey if is_of_journey else lambda now: print_workspace(now, answer.etag))


@proposals.command("reject", epilog=example("proposals reject PROPOSAL --reason 'after the holidays'"))
def reject(proposal: ProposalId, reason: Reason = "", api: Api = USUAL_URL, as_json: AsJson = False) -> None:
    """Turn a change down. It needs an approver, or who proposed it."""
    with calling(api, as_json) as session:
        session.show(
            session.client.call("rejectProposal", {"id": proposal}, body={"reason": reason}),
            lambda found: say(f"{found['journey_name'] or 'settings'}: the change is {found['status']}"),
        )


def _print_proposal(found: dict[str, Any]) -> None:
    print_fields(scalars(found))
    print_heading("change")
    if found["change"] is not None:
        print_document(found["change"])
        return
    for which, name in (("until now", "before"), ("proposed", "after")):
        for said in found["settings"][f"{name}_in_words"]:
            say(f"{which}: {said['sentence']}")
