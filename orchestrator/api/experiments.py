"""What a journey's experiments have learnt, over HTTP."""

from collections.abc import Mapping

from fastapi import APIRouter

from orchestrator.api.access import CallersTenant
from orchestrator.api.body import StrictRoute
from orchestrator.api.change import steps_of
from orchestrator.api.experiment_documents import ExperimentArmDocument, ExperimentDocument, ExperimentList
from orchestrator.api.paths import BASE, JourneyId
from orchestrator.store.journeys import find_journey
from orchestrator.store.steward import Decided, find_shares

router = APIRouter(prefix=BASE, route_class=StrictRoute, tags=["reports"])


@router.get("/{id}/experiments", operation_id="listExperiments", summary="What the experiments have learnt")
async def read(tenant: CallersTenant, journey_id: JourneyId) -> ExperimentList:
    """Each experiment step with its arms: shares, and the evidence of the last decision."""
    journey = await find_journey(tenant, journey_id)
    decided = await find_shares(tenant, journey_id)
    return ExperimentList(
        items=[
            _document(step, [str(arm["name"]) for arm in document["arms"]], decided.get(step))
            for step, document in steps_of(journey.config).items()
            if isinstance(document, dict) and document.get("kind") == "experiment"
        ]
    )


def _document(step: str, names: list[str], decided: Decided | None) -> ExperimentDocument:
    if decided is None or decided.shares.keys() != set(names):
        decided = Decided(0, dict.fromkeys(names, 100 / len(names)), is_final=False)
    evidence = decided.evidence.get("arms")
    of_arm: Mapping[str, Mapping[str, float]] = evidence if isinstance(evidence, dict) else {}
    return ExperimentDocument(
        step=step,
        epoch=decided.epoch,
        is_final=decided.is_final,
        decided_at=decided.decided_at,
        arms=[
            ExperimentArmDocument(
                name=name,
                share=decided.shares[name],
                best=of_arm.get(name, {}).get("best"),
                customers=int(of_arm.get(name, {}).get("customers", 0)),
                converted=int(of_arm.get(name, {}).get("converted", 0)),
            )
            for name in names
        ],
    )
