"""The command that lists who changed what."""

from typing import Annotated

import typer

from orchestrator.cli.credentials import USUAL_URL
from orchestrator.cli.options import Api, AsJson, Cursor, Every, Limit, Since, Until
from orchestrator.cli.session import calling

CHANGES = {
    "at": "at",
    "by": "author",
    "what": "action",
    "about": "subject_id",
    "before": "before",
    "after": "after",
}


def audit(
    subject: Annotated[
        str | None, typer.Option(help="Only about this journey, key or receipt; workspace: its settings.")
    ] = None,
    author: Annotated[str | None, typer.Option(help="Only by the key or person of this id.")] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = None,
    cursor: Cursor = None,
    every: Every = False,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """List who changed what, newest first, with the fields that differ before and after."""
    query = {
        "subject_id": subject,
        "author_id": author,
        "from": since,
        "to": until,
        "limit": limit,
        "cursor": cursor,
    }
    with calling(api, as_json) as session:
        session.show_list("listAudit", CHANGES, {}, query, every=every)
