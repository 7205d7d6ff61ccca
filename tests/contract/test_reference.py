"""The reference is what the code says, and it says all of it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from typer.main import get_command

from orchestrator.backtest.documents import read_document
from orchestrator.cli.commands import app
from orchestrator.cli.refusals import EXIT_CODES
from orchestrator.contracts import contracts
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.definitions.parse import check_journey
from orchestrator.guardrails.budget import LimitRule
from orchestrator.guardrails.verdict import Rule
from orchestrator.intake.conversion import Reason
from orchestrator.messages.activity import ActivityType
from orchestrator.messages.offered import Code
from orchestrator.reference.activities import ACTIVITIES, ENDS, HOLDS_BACK, REFUSES_ENTRY
from orchestrator.reference.http_api import DEMANDS, NOBODY, role_of
from orchestrator.reference.journeys import EXAMPLES, instances
from orchestrator.reference.pages import pages
from orchestrator.reference.problems import EVENTS, MAPPINGS, OF_JOURNEYS, OF_THE_API, WARNINGS, WEBHOOKS
from tests.documents import ROOT
from tests.replay.histories import FOLDER as HISTORIES
from tests.replay.histories import load

FOLDER = ROOT / "docs" / "reference"
PAGES = pages(get_command(app), EXIT_CODES)
SCHEMA = JourneyDefinition.model_json_schema(by_alias=True)
OPENAPI = contracts()["openapi.json"]
# Of these there is nothing to show but the kind itself.
WITHOUT_FIELDS = {name for name, each in SCHEMA["$defs"].items() if set(each["properties"]) == {"kind"}}


@pytest.mark.parametrize("file", PAGES)
def test_a_page_is_what_the_code_gives(file: str) -> None:
    assert (FOLDER / file).read_text("utf-8") == PAGES[file], "run `make schemas` and review the difference"


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_the_examples_pass_the_checks(file: Path) -> None:
    check_journey(read_document(file))


def test_every_part_of_the_language_has_an_example() -> None:
    shown = {name for file in EXAMPLES for name, _ in instances(SCHEMA, read_document(file), SCHEMA["$defs"])}
    assert SCHEMA["$defs"].keys() - shown - WITHOUT_FIELDS == set()


def test_every_field_of_the_language_has_a_meaning() -> None:
    fields = {
        f"{name}.{field}": each
        for name, definition in SCHEMA["$defs"].items()
        for field, each in definition["properties"].items()
        if field != "kind"
    }
    assert [place for place, each in fields.items() if not each.get("description")] == []


def sources(*folders: str) -> Iterator[ast.AST]:
    for folder in folders:
        for file in sorted((ROOT / "orchestrator" / folder).rglob("*.py")):
            yield from ast.walk(ast.parse(file.read_text("utf-8")))


def texts_given(calls: Iterator[ast.AST], name: str, place: int) -> set[str]:
    """The texts that stand at this place in calls of that name."""
    found = set()
    for call in calls:
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == name:
            given = call.args[place] if len(call.args) > place else None
            if isinstance(given, ast.Constant) and isinstance(given.value, str):
                found.add(given.value)
    return found


def test_every_rule_of_the_checks_is_explained_and_no_other() -> None:
    rooms_of_checks = sources("definitions", "intake", "backtest", "api")
    named = texts_given(rooms_of_checks, "Problem", 1) | set(get_args(Code)) | set(get_args(Reason))
    tables = (*OF_JOURNEYS.values(), WARNINGS, EVENTS, MAPPINGS, WEBHOOKS)
    explained = {name for rules in tables for name in rules if "…" not in name}
    assert WEBHOOKS.keys() == set(get_args(Reason))
    rooms = [file for file in sorted((ROOT / "orchestrator").rglob("*.py")) if "reference" not in file.parts]
    text = "".join(file.read_text("utf-8") for file in rooms)
    assert named - explained == set()
    assert [name for name in explained - named if f'"{name}"' not in text] == []


def test_every_kind_of_refusal_of_the_api_is_explained_and_no_other() -> None:
    text = (ROOT / "orchestrator" / "api" / "problems.py").read_text("utf-8")
    kinds = texts_given(sources("api"), "Answer", 1) | set(re.findall(r'\d{3}: "([a-z-]+)"', text)) | {"http"}
    assert kinds == OF_THE_API.keys()


def test_every_operation_has_the_role_that_its_handler_demands() -> None:
    demanded = {}
    for each in sources("api"):
        if isinstance(each, ast.AsyncFunctionDef):
            text = ast.unparse(each)
            named, role = re.search(r"operation_id='(\w+)'", text), re.search(r"demand\([\w.]+, '(\w+)'", text)
            if named and role:
                demanded[named[1]] = role[1]
    by_another_function = {"approveProposal", "rejectProposal"}
    assert demanded.keys() == DEMANDS.keys() - by_another_function
    assert {name: role for name, role in demanded.items() if not DEMANDS[name].startswith(role)} == {}


def test_who_needs_no_key_is_told_so() -> None:
    operations = {each["operationId"]: each for item in OPENAPI["paths"].values() for each in item.values()}
    open_to_all = {name for name, each in operations.items() if role_of("GET", "/", each) == NOBODY}
    assert open_to_all == {
        *("getSignIn", "exchangeCode", "renewSignIn", "getLiveness", "getReadiness"),
        "receiveHook",  # signed instead
    }


def test_every_type_of_activity_is_explained() -> None:
    assert list(ACTIVITIES) == list(get_args(ActivityType))


@pytest.mark.parametrize("file", sorted(HISTORIES.glob("*.json.gz")), ids=lambda file: file.name)
def test_every_detail_that_was_ever_recorded_is_explained(file: Path) -> None:
    for activity in load(file).activities:
        assert set(activity.details) <= ACTIVITIES[activity.type].details.keys(), activity


def test_every_rule_and_every_reason_is_explained() -> None:
    named = {
        pair.value
        for each in sources("journeys")
        if isinstance(each, ast.Dict)
        for key, pair in zip(each.keys, each.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == "rule" and isinstance(pair, ast.Constant)
    }
    assert named <= REFUSES_ENTRY.keys() | HOLDS_BACK.keys()
    assert {*get_args(Rule), *get_args(LimitRule)} <= REFUSES_ENTRY.keys() | HOLDS_BACK.keys()
    assert texts_given(sources("journeys"), "leave", 3) <= ENDS.keys()
