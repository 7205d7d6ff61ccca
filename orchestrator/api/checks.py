"""A definition that somebody is writing: checked over HTTP as it would be before publication, and its tests played."""

from collections.abc import Iterable

from fastapi import APIRouter

from orchestrator.api.access import CallersTenant
from orchestrator.api.body import StrictRoute
from orchestrator.api.change import checked_definition
from orchestrator.api.control_documents import CheckedDefinition, DefinitionToCheck
from orchestrator.api.paths import ROOT
from orchestrator.api.problems import items_of
from orchestrator.api.quota import TooManyRequests
from orchestrator.api.rehearsal_documents import RehearsedDefinition, RehearsedTest, not_played
from orchestrator.api.rehearsals import LONGEST_BESIDE_A_CHECK_S, Rehearsals, RehearsalsOfApp
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.definitions.warnings import find_warnings
from orchestrator.errors import DefinitionError, Problem

router = APIRouter(prefix=f"{ROOT}/definitions", route_class=StrictRoute, tags=["journeys"])


@router.post("/check", operation_id="checkDefinition", summary="Check a definition without keeping it")
async def check(body: DefinitionToCheck, tenant: CallersTenant, rehearsals: RehearsalsOfApp) -> CheckedDefinition:
    """Every problem at once, and what is odd though allowed, such as a test that fails. Paths lead into the
    definition."""
    try:
        definition = checked_definition(body.config)
    except DefinitionError as error:
        return CheckedDefinition(is_publishable=False, problems=items_of(error.problems), warnings=[])
    odd = [*find_warnings(definition), *_warnings(await _played(rehearsals, tenant.workspace_id, definition))]
    return CheckedDefinition(is_publishable=True, problems=[], warnings=items_of(odd))


@router.post("/rehearse", operation_id="rehearseDefinition", summary="Play a definition's tests without keeping it")
async def rehearse(body: DefinitionToCheck, tenant: CallersTenant, rehearsals: RehearsalsOfApp) -> RehearsedDefinition:
    """What each of its `tests` came to, and what happened in it: messages, ends of runs, what was held back.

    Nobody is sent anything. All tests together may take 5 seconds; what is not played by then says so.
    """
    definition = checked_definition(body.config)
    return RehearsedDefinition(tests=await rehearsals.play(tenant.workspace_id, definition))


async def _played(rehearsals: Rehearsals, workspace_id: str, definition: JourneyDefinition) -> list[RehearsedTest]:
    """The tests, where there is time for them now: nobody waits long for a check."""
    if not definition.tests:
        return []
    try:
        return await rehearsals.play(workspace_id, definition, LONGEST_BESIDE_A_CHECK_S)
    except TooManyRequests as error:
        return [not_played(test.name, str(error)) for test in definition.tests]


def _warnings(tests: Iterable[RehearsedTest]) -> Iterable[Problem]:
    for index, test in enumerate(tests):
        match test.outcome:
            case "failed":
                fix = "mend the journey, or what the test expects"
                message = f"the test {test.name!r} fails: {test.differences[0]}"
                yield Problem(f"$.tests[{index}]", "test_fails", message, fix)
            case "not_played":
                message = f"the test {test.name!r} could not be played to its end: {test.differences[0]}"
                yield Problem(f"$.tests[{index}]", "test_not_played", message)
            case "passed":
                continue
