"""Carries a change of the workspace's settings out: at once or, where it asks for it, when a second person agrees.

What needs a second person is what does not only tighten: a guardrail that is loosened, sending that is allowed again,
the second person that is no longer asked. To switch sending off never waits, whatever is asked for along with it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response, status

from orchestrator.api.access import Caller, CallersName, CallersTenant
from orchestrator.api.answers import PUBLISH_WAIT_S, PUBLISHED
from orchestrator.api.change import check_precondition
from orchestrator.api.documents import SettingInWords, WorkspaceDocument, WorkspacePatch
from orchestrator.api.paths import IfMatch
from orchestrator.api.problems import InvalidPart
from orchestrator.api.repeats import IdOfCreation
from orchestrator.api.services import Services, ServicesOfApp
from orchestrator.api.tightening import only_tightens
from orchestrator.api.workspace_sentences import in_words
from orchestrator.definitions.guardrail import Channel
from orchestrator.definitions.parse import parse_guardrails
from orchestrator.errors import Conflict, DefinitionError
from orchestrator.store.audit import Author
from orchestrator.store.keys import Holder
from orchestrator.store.pool import Connection
from orchestrator.store.proposals import Proposal, decide, propose
from orchestrator.store.tenant import Tenant
from orchestrator.store.workspaces import (
    Workspace,
    WorkspaceChange,
    changed,
    find_workspace,
    settings_of,
    write_workspace,
)


def needs_second_person(before: Workspace, after: Workspace) -> bool:
    """Whether somebody else has to agree before the settings become those of ``after``."""
    return before.needs_approval and not only_tightens(before, after)


@dataclass(frozen=True, slots=True)
class SettingsErrand:
    """Somebody wants the settings changed: who, and only while they have which ETag.

    ``proposal_id``: of the proposal that becomes of it, if it has to wait.
    """

    tenant: Tenant
    caller: Holder
    author: Author
    services: Services
    response: Response
    proposal_id: UUID
    if_match: str | None

    def check(self, before: Workspace) -> None:
        """Raises ``PreconditionFailed`` when the settings are not as the caller has read them."""
        check_precondition(self.if_match, etag_of_settings(before))

    async def write(self, change: WorkspaceChange) -> tuple[Workspace, bool]:
        """What now holds, and whether Kafka has it; a change that would have to wait is not written."""

        def check(before: Workspace) -> None:
            self.check(before)
            if needs_second_person(before, changed(before, change)):
                raise Conflict("the settings have changed just now, and this change needs a second person; ask again")

        workspace, outbox_id = await write_workspace(self.tenant, change, _now_ms(), self.author, check)
        return workspace, await self.services.relay.handed_over(outbox_id, PUBLISH_WAIT_S)


def _errand(
    caller: Caller,
    tenant: CallersTenant,
    author: CallersName,
    services: ServicesOfApp,
    response: Response,
    proposal_id: IdOfCreation,
    if_match: IfMatch = None,
) -> SettingsErrand:
    return SettingsErrand(tenant, caller, author, services, response, proposal_id, if_match)


SettingsErrandOfCaller = Annotated[SettingsErrand, Depends(_errand)]


async def change_or_propose_settings(errand: SettingsErrand, change: WorkspaceChange) -> WorkspaceDocument:
    """The settings as they hold now; with the id of the proposal where the change waits for a second person.

    Raises:
        Conflict, PreconditionFailed: it cannot be done.
    """
    before = await find_workspace(errand.tenant)
    errand.check(before)
    role, response = errand.caller.role, errand.response
    if not needs_second_person(before, changed(before, change)):
        return answer_with(*await errand.write(change), role, response)
    is_published, rest = before.is_published, change
    if before.is_sending and change.is_sending is False:
        before, is_published = await errand.write(WorkspaceChange(is_sending=False))
        rest = replace(change, is_sending=None)
    was, wanted = settings_of(before), settings_of(changed(before, rest))
    names = [name for name in was if was[name] != wanted[name]]
    patch = {name: wanted[name] for name in names}
    about = {name: was[name] for name in names}
    await propose(errand.tenant, errand.proposal_id, about, patch, etag_of_settings(before), errand.author)
    response.status_code = status.HTTP_202_ACCEPTED
    return answer_with(before, is_published, role, response, errand.proposal_id)


async def carry_out_settings(
    tenant: Tenant, services: Services, proposal: Proposal, reason: str, decider: Author
) -> tuple[Workspace, bool]:
    """Sets what was proposed, in one transaction with the word of who agreed; also returns whether Kafka has it.

    Raises:
        PreconditionFailed: the settings have changed since.
        Conflict: somebody else has decided meanwhile.
        InvalidPart: the guardrails are none by the rules of today.
    """
    change = change_of(WorkspacePatch.model_validate_json(json.dumps(proposal.patch)))

    def check(before: Workspace) -> None:
        check_precondition(proposal.etag, etag_of_settings(before))

    async def agree(connection: Connection) -> None:
        await decide(connection, tenant.workspace_id, proposal, "approved", reason, decider)

    workspace, outbox_id = await write_workspace(tenant, change, _now_ms(), proposal.author, check, agree)
    return workspace, await services.relay.handed_over(outbox_id, PUBLISH_WAIT_S)


def answer_with(
    workspace: Workspace, is_published: bool, role: str, response: Response, proposal_id: UUID | None = None
) -> WorkspaceDocument:
    """The settings as they hold; ``proposal_id``: of the change that waits."""
    response.headers[PUBLISHED] = "true" if is_published else "false"
    response.headers["ETag"] = etag_of_settings(workspace)
    return document_of_settings(workspace, role, is_published, proposal_id)


def etag_of_settings(workspace: Workspace) -> str:
    """A strong entity tag: another one after every change."""
    return etag_of_moment(workspace.updated_at)


def etag_of_moment(updated_at: datetime | None) -> str:
    """The entity tag of settings that were last changed then."""
    at = 0.0 if updated_at is None else updated_at.timestamp()
    return f'"{at:.6f}"'


def change_of(patch: WorkspacePatch) -> WorkspaceChange:
    """What a request wants to set; raises ``InvalidPart`` when its guardrails are none."""
    given = patch.model_fields_set
    return WorkspaceChange(
        is_sending=patch.is_sending if "is_sending" in given else None,
        holdout_percent=patch.holdout_percent if "holdout_percent" in given else None,
        guardrails=checked_guardrails(patch.guardrails) if "guardrails" in given else None,
        costs=costs_of(patch.costs) if "costs" in given else None,
        needs_approval=patch.needs_approval if "needs_approval" in given else None,
    )


def costs_of(costs: Mapping[Channel, float]) -> dict[str, float]:
    """The costs as they are stored."""
    return {str(channel): cost for channel, cost in costs.items()}


def checked_guardrails(document: Mapping[str, object]) -> dict[str, object]:
    """The guardrails as they are stored: with their defaults written out, or none at all."""
    if not document:
        return {}
    try:
        return parse_guardrails(document).model_dump(mode="json", by_alias=True)
    except DefinitionError as error:
        raise InvalidPart("$.guardrails", error) from error


def document_of_settings(
    workspace: Workspace, role: str, is_published: bool, proposal_id: UUID | None = None
) -> WorkspaceDocument:
    """The settings for somebody of that role; ``proposal_id``: of the change that waits."""
    return WorkspaceDocument.model_validate(
        {
            "workspace_id": workspace.workspace_id,
            "is_sending": workspace.is_sending,
            "holdout_percent": workspace.holdout_percent,
            "guardrails": workspace.guardrails,
            "costs": workspace.costs,
            "needs_approval": workspace.needs_approval,
            "in_words": words_of(workspace),
            "role": role,
            "updated_at": workspace.updated_at,
            "published": is_published,
            "proposal_id": proposal_id,
        }
    )


def words_of(workspace: Workspace) -> list[SettingInWords]:
    """All that holds but the kill switch, which is not a rule of sending but its end."""
    names = ("holdout_percent", "guardrails", "costs", "needs_approval")
    return in_words({name: getattr(workspace, name) for name in names})


def _now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1_000)
