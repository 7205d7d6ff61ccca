"""What the API takes and gives about itself: keys, the audit, proposals, checks, erasures, schedules and segments."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from orchestrator.api.documents import JourneyPatch, RequestDocument, SettingInWords, ShortText
from orchestrator.api.moments import Moment
from orchestrator.api.problems import ErrorItem
from orchestrator.messages.config import JourneyStatus
from orchestrator.messages.key import MAX_CUSTOMER_ID_CHARS
from orchestrator.store.audit import Action
from orchestrator.store.keys import Role
from orchestrator.store.proposals import ProposalStatus


class NewApiKey(RequestDocument):
    """A key to be made. Without ``expires_at`` it holds until it is revoked."""

    name: ShortText = Field(description="Whose it is, or what for: as it is named in the audit.")
    role: Role = "viewer"
    expires_at: Moment | None = None


class KeyDocument(BaseModel):
    """An API key on record. Its secret is not."""

    id: UUID
    name: str
    role: Role
    is_in_force: bool
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class CreatedKey(KeyDocument):
    """A key just made. ``secret`` is shown this once: it cannot be read back."""

    secret: str


class KeyList(BaseModel):
    """Every key of the workspace, also those no longer in force, newest first."""

    items: list[KeyDocument]


class AuditItem(BaseModel):
    """One change: who, what, and the fields that differ, before and after.

    ``subject_id``: the journey, key or receipt it was about; ``workspace`` for the workspace's settings. Of a
    definition its version is told: read it under ``/versions``. Of settings, what they say is also told in words.
    ``journey_name``: what the journey it was about is called by now; null: it was about none.
    """

    id: int
    at: datetime
    author_id: str
    author: str
    action: Action
    subject_id: str
    journey_name: str | None
    before: dict[str, Any]
    after: dict[str, Any]
    before_in_words: list[SettingInWords]
    after_in_words: list[SettingInWords]
    request_id: str


class AuditList(BaseModel):
    """A page of changes, newest first; ``next_cursor`` null: the last page."""

    items: list[AuditItem]
    next_cursor: str | None


class ProposedSettings(BaseModel):
    """The settings that are to change: what each was when it was proposed, and what it is to be; both also in words."""

    before: dict[str, Any]
    after: dict[str, Any]
    before_in_words: list[SettingInWords]
    after_in_words: list[SettingInWords]


class ProposalDocument(BaseModel):
    """A change that waits for a second person, or has been decided about: to a journey, or to the workspace's settings.

    Of a journey ``settings`` is null; of settings ``journey_id``, ``journey_name`` and ``change`` are.
    ``is_stale``: it has changed since, so this cannot be approved any more: reject it and propose anew.
    """

    id: UUID
    journey_id: UUID | None
    journey_name: str | None
    change: JourneyPatch | None
    settings: ProposedSettings | None
    author: str
    created_at: datetime
    status: ProposalStatus
    reason: str
    decided_by: str | None
    decided_at: datetime | None
    is_stale: bool


class ProposalList(BaseModel):
    """A page of proposals, newest first; ``next_cursor`` null: the last page."""

    items: list[ProposalDocument]
    next_cursor: str | None


class Decision(RequestDocument):
    """Why a proposal is approved or rejected."""

    reason: Annotated[str, StringConstraints(max_length=2_000, strip_whitespace=True)] = ""


class StopRequest(RequestDocument):
    """How to stop: customers under way finish (``drain`` true) or leave at once (false)."""

    drain: bool = False


class DefinitionToCheck(RequestDocument):
    """A definition that somebody is writing."""

    config: dict[str, Any]


class CheckedDefinition(BaseModel):
    """What is wrong with a definition (it cannot be published while anything is), and what is odd about it."""

    is_publishable: bool
    problems: list[ErrorItem]
    warnings: list[ErrorItem]


class SettingsToCheck(RequestDocument):
    """Settings of the workspace that somebody is writing: those of ``WorkspacePatch``."""

    settings: dict[str, Any]


class CheckedSettings(BaseModel):
    """What is wrong with settings, and what would hold with them; nothing is told while something is wrong.

    ``waits``: to set them needs a second person.
    """

    is_acceptable: bool
    problems: list[ErrorItem]
    in_words: list[SettingInWords]
    waits: bool


class NewErasure(RequestDocument):
    """A customer of whom nothing may be left."""

    customer_id: Annotated[str, StringConstraints(min_length=1, max_length=MAX_CUSTOMER_ID_CHARS)]


class ErasureAccepted(BaseModel):
    """The request is safe. ``receipt`` can be read under ``/erasures`` as soon as it has been carried out."""

    receipt: UUID
    published: bool


class ScheduleItem(BaseModel):
    """When a journey looks at every known customer. ``next``: its next moments."""

    journey_id: UUID
    journey_name: str
    status: JourneyStatus
    kind: str = Field(description="`entry`: everybody in the audience enters; `recheck`: a segment is looked at anew.")
    schedule: dict[str, Any]
    next: list[datetime]


class ScheduleList(BaseModel):
    """Schedules of journeys that are active or paused."""

    items: list[ScheduleItem]


class SegmentItem(BaseModel):
    """A condition with a name, and the journey that defines it. ``is_entry``: who enters the journey."""

    journey_id: UUID
    journey_name: str
    status: JourneyStatus
    name: str
    is_entry: bool
    condition: dict[str, Any]


class SegmentList(BaseModel):
    """Segments of journeys that are active or paused."""

    items: list[SegmentItem]
