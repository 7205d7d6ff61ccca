"""What a request makes of a journey: pure decisions about its status, its version and the records the workers get.

::

    DRAFT ──► ACTIVE ◄──► PAUSED
      │          │           │
      └──────────┴───────────┴──► STOPPED ──► ARCHIVED
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from orchestrator.api.documents import InFlight, JourneyPatch, NewJourney
from orchestrator.api.problems import BadRequest, PreconditionFailed, StatusConflict
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.definitions.parse import parse_journey
from orchestrator.errors import DefinitionError, Problem
from orchestrator.messages.codec import encode_config
from orchestrator.messages.config import ConfigRecord, JourneyStanding, JourneyStatus, JourneyVersion, Migration
from orchestrator.store.journeys import Change, Journey

# Well below the largest record Kafka takes: one that Kafka refuses would hold up every change after it.
MAX_DEFINITION_BYTES = 512 * 1024

TRANSITIONS: Mapping[JourneyStatus, tuple[JourneyStatus, ...]] = {
    "DRAFT": ("ACTIVE", "STOPPED"),
    "ACTIVE": ("PAUSED", "STOPPED"),
    "PAUSED": ("ACTIVE", "STOPPED"),
    "STOPPED": ("ARCHIVED",),
    "ARCHIVED": (),
}
_CONFIGURABLE: frozenset[JourneyStatus] = frozenset({"DRAFT", "ACTIVE", "PAUSED"})


def checked_definition(document: object) -> JourneyDefinition:
    """The definition in a request.

    Raises:
        DefinitionError: with every problem at once.
    """
    definition = parse_journey(document)
    record = JourneyVersion(workspace_id="", journey_id="", version=1, config=written(definition))
    size = len(encode_config(record).value)
    if size > MAX_DEFINITION_BYTES:
        message = f"the definition takes {size} bytes; at most {MAX_DEFINITION_BYTES} are taken"
        raise DefinitionError([Problem("$", "too_large", message, "shorten texts, or split it into two journeys")])
    return definition


def written(definition: JourneyDefinition) -> dict[str, object]:
    """The definition as it is stored and published: JSON values, defaults written out."""
    return definition.model_dump(mode="json", by_alias=True)


def new_journey(
    journey_id: UUID, workspace_id: str, body: NewJourney, definition: JourneyDefinition, now: datetime
) -> Change:
    """A journey in its first version, and what the workers are told: nothing of a draft."""
    journey = Journey(
        id=journey_id,
        workspace_id=workspace_id,
        name=body.name or definition.name,
        campaign_id=body.campaign_id,
        config=written(definition),
        status=body.status,
        drain=False,
        version=1,
        created_at=now,
        updated_at=now,
    )
    return Change(journey, _records(None, journey, now))


def patched(before: Journey, patch: JourneyPatch, definition: JourneyDefinition | None, now: datetime) -> Change:
    """What ``patch`` makes of the journey; ``definition`` is its checked ``config``, None when it has none.

    Raises:
        StatusConflict: the journey's status does not allow it.
    """
    given = patch.model_fields_set
    if before.status == "ARCHIVED":
        raise StatusConflict("an archived journey does not change any more", TRANSITIONS["ARCHIVED"])
    after = before
    if definition is not None:
        after = _with_config(after, written(definition), patch.in_flight)
    if "name" in given:
        after = replace(after, name=patch.name)
    if "campaign_id" in given:
        after = replace(after, campaign_id=patch.campaign_id)
    if "status" in given:
        after = _with_status(after, patch.status, patch.drain)
    return Change(after, () if after == before else _records(before, after, now))


def stopped(before: Journey, now: datetime) -> Change:
    """The journey out of action, customers under way leaving; one that is so already stays as it is."""
    if before.status == "ARCHIVED" or (before.status == "STOPPED" and not before.drain):
        return Change(before, ())
    after = replace(before, status="STOPPED", drain=False)
    return Change(after, _records(before, after, now))


def etag(journey: Journey) -> str:
    """A strong entity tag: another one after every change."""
    return f'"{journey.version}-{journey.updated_at.timestamp():.6f}"'


def check_precondition(if_match: str | None, journey: Journey) -> None:
    """Does nothing when there is no ``If-Match`` header, or one that has the journey's tag.

    Raises:
        PreconditionFailed: the journey has changed since the caller read it.
    """
    if if_match is None or if_match.strip() == "*":
        return
    if etag(journey) not in [tag.strip() for tag in if_match.split(",")]:
        raise PreconditionFailed(
            f"the journey is at {etag(journey)}, not at {if_match[:200]}: somebody has changed it; read it again"
        )


def migration_of(in_flight: InFlight, version: int, before: Journey, config: dict[str, object]) -> Migration:
    """What ``in_flight`` says of the way to ``version``, whose definition is ``config``.

    Raises:
        BadRequest: it names steps that do not exist.
    """
    new_steps = config.get("steps")
    for old, new in in_flight.steps.items():
        if not isinstance(new_steps, dict) or new not in new_steps:
            raise BadRequest(f"in_flight.steps: the new version has no step {new!r}")
        known = before.config.get("steps")
        # Of versions before the present one the definition is not at hand here; a name unknown to all maps nobody.
        if before.version == 1 and (not isinstance(known, dict) or old not in known):
            raise BadRequest(f"in_flight.steps: the published version has no step {old!r}")
    return Migration(
        version=version,
        policy=in_flight.policy,
        steps=dict(in_flight.steps),
        until_ms=None if in_flight.until is None else int(in_flight.until.timestamp() * 1_000),
    )


def _with_config(journey: Journey, config: dict[str, object], in_flight: InFlight) -> Journey:
    if config == journey.config:
        return journey
    if journey.status not in _CONFIGURABLE:
        allowed = TRANSITIONS[journey.status]
        raise StatusConflict(f"a {journey.status} journey keeps its definition; create a new journey from it", allowed)
    version = journey.version + 1
    migration = migration_of(in_flight, version, journey, config)
    migrations = journey.migrations if migration.policy == "pin" else (*journey.migrations, migration)
    return replace(journey, config=config, version=version, migrations=migrations)


def _with_status(journey: Journey, status: JourneyStatus, drain: bool) -> Journey:
    allowed = TRANSITIONS[journey.status]
    if status == journey.status:
        if status == "STOPPED" and drain and not journey.drain:
            raise StatusConflict("the journey was stopped without draining: its customers have left", allowed)
        return replace(journey, drain=drain) if status == "STOPPED" else journey
    if status not in allowed:
        ways = f"it may become {' or '.join(allowed)}" if allowed else "that is final"
        raise StatusConflict(f"the journey is {journey.status} and cannot become {status}; {ways}", allowed)
    return replace(journey, status=status, drain=drain if status == "STOPPED" else journey.drain)


def _records(before: Journey | None, after: Journey, now: datetime) -> tuple[ConfigRecord, ...]:
    """What the workers are told: a definition before the standing that names it."""
    if after.status == "DRAFT":
        return ()
    standing = JourneyStanding(
        workspace_id=after.workspace_id,
        journey_id=str(after.id),
        campaign_id=after.campaign_id,
        version=after.version,
        status=after.status,
        drain=after.drain,
        changed_at_ms=int(now.timestamp() * 1_000),
        migrations=after.migrations,
    )
    is_known = before is not None and before.status != "DRAFT" and before.version == after.version
    if is_known:
        return (standing,)
    version = JourneyVersion(
        workspace_id=after.workspace_id, journey_id=str(after.id), version=after.version, config=after.config
    )
    return (version, standing)
