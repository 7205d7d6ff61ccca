"""A journey's versions over HTTP, and what publishing another one would do."""

from typing import Annotated

from fastapi import APIRouter, Path

from orchestrator.api.access import CallersTenant
from orchestrator.api.body import StrictRoute
from orchestrator.api.change import checked_definition, migration_of, steps_of, written
from orchestrator.api.documents import NewVersion, VersionDocument, VersionItem, VersionList, VersionPreview
from orchestrator.api.paths import BASE, JourneyId
from orchestrator.api.preview import preview
from orchestrator.store.journeys import (
    Version,
    count_under_way,
    find_journey,
    find_version,
    list_versions,
    step_names,
)

MAX_LISTED = 500

router = APIRouter(prefix=BASE, route_class=StrictRoute, tags=["versions"])


@router.get("/{id}/versions", operation_id="listVersions", summary="A journey's versions, newest first")
async def list_all(tenant: CallersTenant, journey_id: JourneyId) -> VersionList:
    """The newest 500 versions, without their definitions."""
    await find_journey(tenant, journey_id)
    versions = await list_versions(tenant, journey_id, MAX_LISTED)
    return VersionList(items=[VersionItem.model_validate(_fields(version)) for version in versions])


@router.get("/{id}/versions/{version}", operation_id="getVersion", summary="Read a version")
async def read(
    tenant: CallersTenant,
    journey_id: JourneyId,
    version: Annotated[int, Path(ge=1, le=2**31 - 1)],
) -> VersionDocument:
    """A published definition; it never changes."""
    found = await find_version(tenant, journey_id, version)
    return VersionDocument.model_validate({**_fields(found), "config": found.config})


@router.post(
    "/{id}/versions/preview", operation_id="previewVersion", summary="What publishing a version would do to customers"
)
async def look_ahead(tenant: CallersTenant, journey_id: JourneyId, body: NewVersion) -> VersionPreview:
    """Checks the definition, counts who is under way at each step, and says where they would go on. Changes nothing."""
    definition = checked_definition(body.config)
    journey = await find_journey(tenant, journey_id)
    config = written(definition)
    known = await step_names(tenant, journey_id)
    migration = migration_of(body.in_flight, journey.version + 1, known, config)
    under_way = await count_under_way(tenant, journey_id)
    return preview([*journey.migrations, migration], steps_of(journey.config), steps_of(config), under_way)


def _fields(version: Version) -> dict[str, object]:
    return {
        "version": version.version,
        "created_at": version.created_at,
        "policy": version.policy,
        "steps": version.steps,
        "until": version.drained_at,
    }
