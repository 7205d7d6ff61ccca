"""What a request makes of a journey: pure decisions about its status, its version and the records the workers get.

::

    DRAFT ──► ACTIVE ◄──► PAUSED
      │          │           │
      ├──────────┴───────────┴──► STOPPED ──► ARCHIVED
      │                                          ▲
      └──────────────────────────────────────────┘
"""

from collections.abc import Mapping, Set
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from orchestrator.api.documents import InFlight, JourneyPatch, NewJourney
from orchestrator.api.problems import InvalidPart, PreconditionFailed, StatusConflict
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.definitions.moment import ms_of
from orchestrator.definitions.parse import check_journey
from orchestrator.errors import DefinitionError, Problem
from orchestrator.messages.codec import encode_config
from orchestrator.messages.config import ConfigRecord, JourneyStanding, JourneyStatus, JourneyVersion, Migration
from orchestrator.store.journeys import Change, Journey

# Well below the largest record Kafka takes: one that Kafka refuses would hold up every change after it.
MAX_DEFINITION_BYTES = 512 * 1024

TRANSITIONS: Mapping[JourneyStatus, tuple[JourneyStatus, ...]] = {
    "DRAFT": ("ACTIVE", "STOPPED", "ARCHIVED"),
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
    definition = check_journey(document)
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


def patched(
    before: Journey,
    patch: JourneyPatch,
    definition: JourneyDefinition | None,
    now: datetime,
    known_steps: Set[str] = frozenset(),
) -> Change:
    """What ``patch`` makes of the journey; ``definition`` is its checked ``config``, None when it has none.

    ``known_steps``: those of all versions, where the patch maps steps.

    Raises:
        StatusConflict: the journey's status does not allow it.
        InvalidPart: ``in_flight`` names steps that do not exist.
    """
    given = patch.model_fields_set
    if before.status == "ARCHIVED":
        raise StatusConflict("an archived journey does not change any more", TRANSITIONS["ARCHIVED"])
    after = before
    if definition is not None:
        after = _with_config(after, written(definition), patch.in_flight, known_steps)
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
    after = replace(before, status="STOPPED", drain=False, paused_reason="")
    return Change(after, _records(before, after, now))


def braked(before: Journey, reason: str, now: datetime) -> Change:
    """The journey paused by itself, for ``reason``; one that does not run stays as it is."""
    if before.status != "ACTIVE":
        return Change(before, ())
    after = replace(before, status="PAUSED", paused_reason=reason)
    return Change(after, _records(before, after, now))


def etag(journey: Journey) -> str:
    """A strong entity tag: another one after every change."""
    return etag_of(journey.version, journey.updated_at)


def etag_of(version: int, updated_at: datetime) -> str:
    """The entity tag of a journey that was last changed then, to this version."""
    return f'"{version}-{updated_at.timestamp():.6f}"'


def check_precondition(if_match: str | None, tag: str) -> None:
    """Does nothing when there is no ``If-Match`` header, or one that has the ``tag`` of the thing as it is.

    Raises:
        PreconditionFailed: it has changed since the caller read it.
    """
    if if_match is None or if_match.strip() == "*":
        return
    if tag not in [each.strip() for each in if_match.split(",")]:
        raise PreconditionFailed(f"it is at {tag}, not at {if_match[:200]}: somebody has changed it; read it again")


def migration_of(in_flight: InFlight, version: int, known_steps: Set[str], config: Mapping[str, object]) -> Migration:
    """What ``in_flight`` says of the way to ``version``, whose definition is ``config``.

    ``known_steps`` are those of all versions there are, where a customer under way may stand.

    Raises:
        InvalidPart: it names steps that do not exist.
    """
    problems = [*_unknown_targets(in_flight.steps, steps_of(config)), *_unknown_origins(in_flight.steps, known_steps)]
    if problems:
        raise InvalidPart("$.in_flight", DefinitionError(problems))
    return Migration(
        version=version,
        policy=in_flight.policy,
        steps=dict(in_flight.steps),
        until_ms=None if in_flight.until is None else ms_of(in_flight.until),
    )


def steps_of(config: Mapping[str, object]) -> Mapping[str, object]:
    """The steps of a definition as it is stored."""
    return part_of(config, "steps")


def part_of(config: Mapping[str, object], name: str) -> Mapping[str, object]:
    """A part of a definition as it is stored, such as its ``entry``; empty where there is none."""
    part = config.get(name)
    return part if isinstance(part, dict) else {}


def _unknown_targets(mapping: Mapping[str, str], steps: Mapping[str, object]) -> list[Problem]:
    fix = f"use one of: {', '.join(steps)}"
    return [
        Problem(f"$.steps.{old}", "unknown_step", f"the new version has no step {new!r} to go on at", fix)
        for old, new in mapping.items()
        if new not in steps
    ]


def _unknown_origins(mapping: Mapping[str, str], known: Set[str]) -> list[Problem]:
    fix = f"use one of: {', '.join(sorted(known))}"
    return [
        Problem(f"$.steps.{old}", "unknown_step", f"no version has had a step {old!r} where anybody could stand", fix)
        for old in mapping
        if old not in known
    ]


def _with_config(journey: Journey, config: dict[str, object], in_flight: InFlight, known_steps: Set[str]) -> Journey:
    if config == journey.config:
        return journey
    if journey.status not in _CONFIGURABLE:
        allowed = TRANSITIONS[journey.status]
        raise StatusConflict(f"a {journey.status} journey keeps its definition; create a new journey from it", allowed)
    version = journey.version + 1
    migration = migration_of(in_flight, version, known_steps, config)
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
    return replace(journey, status=status, drain=drain if status == "STOPPED" else journey.drain, paused_reason="")


def _records(before: Journey | None, after: Journey, now: datetime) -> tuple[ConfigRecord, ...]:
    """What the workers are told: a definition before the standing that names it."""
    was_told = before is not None and before.status != "DRAFT"
    if after.status == "DRAFT" or (after.status == "ARCHIVED" and not was_told):
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
    if was_told and before is not None and before.version == after.version:
        return (standing,)
    version = JourneyVersion(
        workspace_id=after.workspace_id, journey_id=str(after.id), version=after.version, config=after.config
    )
    return (version, standing)
