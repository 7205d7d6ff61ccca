"""Carries a change of a journey out: at once or, where the workspace asks for it, when a second person agrees.

What needs a second person is what reaches customers anew: to start a draft, and to publish another definition. To
pause, stop or resume never waits.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response, status

from orchestrator.api.access import CallersName, CallersTenant
from orchestrator.api.answers import answer, document_of
from orchestrator.api.change import TRANSITIONS, check_precondition, checked_definition, etag, patched
from orchestrator.api.documents import JourneyDocument, JourneyPatch
from orchestrator.api.paths import IfMatch, JourneyId
from orchestrator.api.problems import StatusConflict
from orchestrator.api.services import Services, ServicesOfApp
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.errors import Conflict
from orchestrator.messages.config import JourneyStatus
from orchestrator.store.audit import Author
from orchestrator.store.journeys import Change, Journey, Written, change_journey, find_journey, step_names
from orchestrator.store.pool import Connection
from orchestrator.store.proposals import Proposal, decide, propose
from orchestrator.store.tenant import Tenant
from orchestrator.store.workspaces import find_workspace

QUIETING = frozenset({"PAUSED", "STOPPED", "ARCHIVED"})  # what never waits


def needs_second_person(before: Journey, after: Journey) -> bool:
    """Whether ``after`` reaches customers in a way that ``before`` did not."""
    starts = before.status == "DRAFT" and after.status == "ACTIVE"
    return starts or (before.status != "DRAFT" and after.version != before.version)


@dataclass(frozen=True, slots=True)
class Errand:
    """Somebody wants a journey changed: who, which one, and only while it has which ETag."""

    tenant: Tenant
    author: Author
    services: Services
    journey_id: UUID
    response: Response
    if_match: str | None

    def check(self, before: Journey) -> None:
        """Raises ``PreconditionFailed`` when the journey is not as the caller has read it."""
        check_precondition(self.if_match, etag(before))


def _errand(
    tenant: CallersTenant,
    author: CallersName,
    services: ServicesOfApp,
    journey_id: JourneyId,
    response: Response,
    if_match: IfMatch = None,
) -> Errand:
    return Errand(tenant, author, services, journey_id, response, if_match)


ErrandOfCaller = Annotated[Errand, Depends(_errand)]


async def change_or_propose(
    errand: Errand, patch: JourneyPatch, proposal_id: UUID, only_from: JourneyStatus | None = None
) -> JourneyDocument:
    """What ``patch`` makes of the journey; or the journey as it is, with the id of the proposal that now waits.

    ``only_from``: the status it must have, if not that of the patch already.

    Raises:
        NotFound, Conflict, PreconditionFailed, DefinitionError, InvalidPart: it cannot be done. A conflict as well
            where it would pause or stop, and change what waits for a second person: the pause must not wait with it.
    """
    tenant, journey_id = errand.tenant, errand.journey_id
    definition, known = await _read(tenant, journey_id, patch)
    waits = (await find_workspace(tenant)).needs_approval

    def decide_now(before: Journey) -> Change:
        errand.check(before)
        if only_from is not None and before.status not in (only_from, patch.status):
            reason = f"the journey is {before.status}; this is for one that is {only_from}"
            raise StatusConflict(reason, TRANSITIONS[before.status])
        return patched(before, patch, definition, datetime.now(UTC), known)

    def decide_alone(before: Journey) -> Change:
        change = decide_now(before)
        if waits and needs_second_person(before, change.journey):
            raise Conflict("the journey has changed just now, and this change of it needs a second person; ask again")
        return change

    if waits:
        before = await find_journey(tenant, journey_id)
        if needs_second_person(before, decide_now(before).journey):
            if patch.status in QUIETING and patch.status != before.status:
                raise Conflict(
                    f"to {patch.status} at once and the rest of this change when a second person agrees are two "
                    "changes: send the status by itself first"
                )
            return await propose_change(tenant, errand.author, before, patch, errand.response, proposal_id)
    written = await change_journey(tenant, journey_id, decide_alone, errand.author)
    return await answer(errand.services, written, errand.response)


async def propose_change(
    tenant: Tenant, author: Author, journey: Journey, patch: JourneyPatch, response: Response, proposal_id: UUID
) -> JourneyDocument:
    """Keeps the change for a second person to decide about."""
    document = patch.model_dump(mode="json", include=patch.model_fields_set)
    await propose(tenant, proposal_id, journey.id, document, etag(journey), author)
    response.status_code = status.HTTP_202_ACCEPTED
    response.headers["ETag"] = etag(journey)
    return document_of(journey, proposal_id=proposal_id)


async def carry_out(tenant: Tenant, proposal: Proposal, journey_id: UUID, reason: str, decider: Author) -> Written:
    """Does what was proposed, in one transaction with the word of who agreed.

    Raises:
        PreconditionFailed: the journey has changed since.
        Conflict: somebody else has decided meanwhile.
        StatusConflict, DefinitionError, InvalidPart: it cannot be done any more.
    """
    patch = JourneyPatch.model_validate_json(json.dumps(proposal.patch))
    definition, known = await _read(tenant, journey_id, patch)

    def decide_now(before: Journey) -> Change:
        check_precondition(proposal.etag, etag(before))
        return patched(before, patch, definition, datetime.now(UTC), known)

    async def agree(connection: Connection) -> None:
        await decide(connection, tenant.workspace_id, proposal, "approved", reason, decider)

    return await change_journey(tenant, journey_id, decide_now, proposal.author, agree)


async def _read(
    tenant: Tenant, journey_id: UUID, patch: JourneyPatch
) -> tuple[JourneyDefinition | None, frozenset[str]]:
    """The definition in the patch, checked, and the steps that customers may stand at, where it maps them."""
    definition = checked_definition(patch.config) if "config" in patch.model_fields_set else None
    known = await step_names(tenant, journey_id) if patch.in_flight.steps else frozenset[str]()
    return definition, known
