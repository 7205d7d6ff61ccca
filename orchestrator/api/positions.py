"""Where a journey's runs stand now, over HTTP."""

from collections.abc import Iterable
from datetime import UTC, datetime

from fastapi import APIRouter

from orchestrator.api.access import CallersTenant
from orchestrator.api.body import StrictRoute
from orchestrator.api.decision_words import HOLDOUT
from orchestrator.api.paths import BASE, JourneyId
from orchestrator.api.position_documents import PositionsDocument, StandingDocument
from orchestrator.store.journeys import find_journey
from orchestrator.store.reports import Standing, standings

router = APIRouter(prefix=BASE, route_class=StrictRoute, tags=["reports"])


@router.get("/{id}/positions", operation_id="getJourneyPositions", summary="Where runs stand now")
async def read(tenant: CallersTenant, journey_id: JourneyId) -> PositionsDocument:
    """How many are under way at each step, of which versions, and since when. A step where nobody is, is left out."""
    now = datetime.now(UTC)
    journey = await find_journey(tenant, journey_id)
    found = await standings(tenant, journey_id)
    treated = [each for each in found if each.arm != HOLDOUT]
    return PositionsDocument(
        journey_id=journey_id,
        version=journey.version,
        generated_at=now,
        under_way=sum(each.runs for each in treated),
        held_out=sum(each.runs for each in found if each.arm == HOLDOUT),
        steps=by_step(treated),
    )


def by_step(found: Iterable[Standing]) -> list[StandingDocument]:
    """One entry for each step, by name."""
    by_name: dict[str, list[Standing]] = {}
    for each in found:
        if each.step:
            by_name.setdefault(each.step, []).append(each)
    return [
        StandingDocument(
            step=step,
            customers=sum(each.runs for each in there),
            versions={
                str(version): sum(each.runs for each in there if each.version == version)
                for version in sorted({each.version for each in there})
            },
            since=min(each.since for each in there),
        )
        for step, there in sorted(by_name.items())
    ]
