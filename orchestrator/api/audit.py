"""Who changed what, over HTTP."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from orchestrator.api.access import CallersTenant
from orchestrator.api.body import StrictRoute
from orchestrator.api.control_documents import AuditItem, AuditList
from orchestrator.api.moments import From, To
from orchestrator.api.paths import ROOT
from orchestrator.api.workspace_sentences import words_or_none
from orchestrator.store.audit import Action, AuditEntry, audit_page
from orchestrator.store.journeys import journey_names
from orchestrator.store.reports import page_of

MAX_LISTED = 200
_ABOUT_JOURNEYS: frozenset[Action] = frozenset(
    {
        "journey_created",
        "journey_changed",
        "change_proposed",
        "change_approved",
        "change_rejected",
        "backtest_started",
        "backtest_cancelled",
    }
)

router = APIRouter(prefix=f"{ROOT}/audit", route_class=StrictRoute, tags=["workspace"])


@router.get("", operation_id="listAudit", summary="Who changed what, newest first")
async def read(
    tenant: CallersTenant,
    subject_id: Annotated[
        str | None, Query(max_length=100, description="Only about this journey or key; `workspace`: its settings.")
    ] = None,
    author_id: Annotated[str | None, Query(max_length=255, description="Only by this key or person.")] = None,
    since: From = None,
    until: To = None,
    cursor: Annotated[
        str | None, Query(pattern=r"^[0-9]{1,18}$", description="`next_cursor` of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 50,
) -> AuditList:
    """A page of changes. Give the same filters with the cursor as for the first page."""
    found = await audit_page(
        tenant,
        limit=limit + 1,
        before_id=None if cursor is None else int(cursor),
        subject_id=subject_id,
        author_id=author_id,
        since=since,
        until=until,
    )
    page, next_cursor = page_of(found, limit, lambda last: str(last.id))
    names = await journey_names(tenant, {id_ for entry in page if (id_ := _journey_of(entry)) is not None})
    return AuditList(items=[_item(entry, names) for entry in page], next_cursor=next_cursor)


def _journey_of(entry: AuditEntry) -> UUID | None:
    is_of_journey = entry.action in _ABOUT_JOURNEYS and entry.subject_id != "workspace"  # of whose settings it may be
    return UUID(entry.subject_id) if is_of_journey else None


def _item(entry: AuditEntry, names: Mapping[UUID, str]) -> AuditItem:
    journey_id = _journey_of(entry)
    is_of_settings = entry.action == "workspace_changed"
    return AuditItem(
        id=entry.id,
        at=entry.at,
        author_id=entry.author.id,
        author=entry.author.name,
        action=entry.action,
        subject_id=entry.subject_id,
        journey_name=None if journey_id is None else names.get(journey_id),
        before=entry.before,
        after=entry.after,
        before_in_words=words_or_none(entry.before) if is_of_settings else [],
        after_in_words=words_or_none(entry.after) if is_of_settings else [],
        request_id=entry.author.request_id,
    )
