"""A definition that somebody is writing, checked over HTTP as it would be before publication."""

from fastapi import APIRouter

from orchestrator.api.body import StrictRoute
from orchestrator.api.change import checked_definition
from orchestrator.api.control_documents import CheckedDefinition, DefinitionToCheck
from orchestrator.api.paths import ROOT
from orchestrator.api.problems import items_of
from orchestrator.definitions.warnings import find_warnings
from orchestrator.errors import DefinitionError

router = APIRouter(prefix=f"{ROOT}/definitions", route_class=StrictRoute, tags=["journeys"])


@router.post("/check", operation_id="checkDefinition", summary="Check a definition without keeping it")
async def check(body: DefinitionToCheck) -> CheckedDefinition:
    """Every problem at once, and what is odd though allowed. Paths lead into the definition."""
    try:
        definition = checked_definition(body.config)
    except DefinitionError as error:
        return CheckedDefinition(is_publishable=False, problems=items_of(error.problems), warnings=[])
    return CheckedDefinition(is_publishable=True, problems=[], warnings=items_of(find_warnings(definition)))
