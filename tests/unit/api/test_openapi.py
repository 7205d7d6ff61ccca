"""The HTTP contract says all that a client needs to know."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.api.app import openapi_document
from orchestrator.api.documents import JourneyPatch, NewJourney
from orchestrator.api.paths import BASE, HOOKS, ROOT, SIGN_IN
from orchestrator.definitions.parse import parse_journey

OPERATIONS = {
    (BASE, "post"): "createJourney",
    (BASE, "get"): "listJourneys",
    (f"{BASE}/{{id}}", "get"): "getJourney",
    (f"{BASE}/{{id}}", "patch"): "changeJourney",
    (f"{BASE}/{{id}}", "delete"): "stopJourney",
    (f"{BASE}/{{id}}/metrics", "get"): "getJourneyMetrics",
    (f"{BASE}/{{id}}/positions", "get"): "getJourneyPositions",
    (f"{BASE}/{{id}}/guardrails", "get"): "getJourneyGuardrails",
    (f"{BASE}/{{id}}/activities", "get"): "listJourneyActivities",
    (f"{BASE}/{{id}}/activities/export", "get"): "exportActivities",
    (f"{BASE}/{{id}}/export", "get"): "exportJourney",
    (f"{ROOT}/overview", "get"): "getOverview",
    (f"{ROOT}/overview/export", "get"): "exportOverview",
    (f"{BASE}/{{id}}/customers/{{customer_id}}/explain", "get"): "explainCustomer",
    (f"{BASE}/{{id}}/experiments", "get"): "listExperiments",
    (f"{BASE}/{{id}}/entries", "post"): "requestEntry",
    (f"{BASE}/{{id}}/versions", "get"): "listVersions",
    (f"{BASE}/{{id}}/versions/preview", "post"): "previewVersion",
    (f"{BASE}/{{id}}/versions/{{version}}", "get"): "getVersion",
    (f"{ROOT}/workspace", "get"): "getWorkspace",
    (f"{ROOT}/workspace", "patch"): "changeWorkspace",
    (f"{ROOT}/workspace", "put"): "replaceWorkspace",
    (f"{ROOT}/workspace/check", "post"): "checkWorkspace",
    (f"{ROOT}/erasures/{{receipt}}", "get"): "getErasure",
    (f"{ROOT}/erasures", "post"): "eraseCustomer",
    **{
        (f"{BASE}/{{id}}/{action}", "post"): operation
        for action, operation in {
            "publish": "publishJourney",
            "pause": "pauseJourney",
            "resume": "resumeJourney",
            "stop": "endJourney",
            "archive": "archiveJourney",
        }.items()
    },
    (f"{ROOT}/definitions/check", "post"): "checkDefinition",
    (f"{ROOT}/backtests", "post"): "startBacktest",
    (f"{ROOT}/backtests", "get"): "listBacktests",
    (f"{ROOT}/backtests/{{id}}", "get"): "getBacktest",
    (f"{ROOT}/backtests/{{id}}", "delete"): "cancelBacktest",
    (f"{ROOT}/definitions/rehearse", "post"): "rehearseDefinition",
    (f"{ROOT}/proposals", "get"): "listProposals",
    (f"{ROOT}/proposals/{{id}}", "get"): "getProposal",
    (f"{ROOT}/proposals/{{id}}/approve", "post"): "approveProposal",
    (f"{ROOT}/proposals/{{id}}/reject", "post"): "rejectProposal",
    (f"{ROOT}/schedules", "get"): "listSchedules",
    (f"{ROOT}/segments", "get"): "listSegments",
    (f"{ROOT}/event-types", "get"): "listEventTypes",
    (f"{ROOT}/events", "post"): "publishEvents",
    (f"{ROOT}/keys", "get"): "listKeys",
    (f"{ROOT}/keys", "post"): "createKey",
    (f"{ROOT}/keys/{{id}}", "delete"): "revokeKey",
    (f"{ROOT}/audit", "get"): "listAudit",
    (HOOKS, "get"): "listHooks",
    (HOOKS, "post"): "createHook",
    (f"{HOOKS}/check", "post"): "checkHook",
    (f"{HOOKS}/{{id}}", "get"): "getHook",
    (f"{HOOKS}/{{id}}", "patch"): "changeHook",
    (f"{HOOKS}/{{id}}", "delete"): "deleteHook",
    (f"{HOOKS}/{{id}}/receive", "post"): "receiveHook",
    (f"{ROOT}/subscriptions", "get"): "listSubscriptions",
    (f"{ROOT}/subscriptions", "post"): "createSubscription",
    (f"{ROOT}/subscriptions/{{id}}", "delete"): "deleteSubscription",
    (f"{ROOT}/subscriptions/{{id}}/test", "post"): "testSubscription",
    (SIGN_IN, "get"): "getSignIn",
    (f"{SIGN_IN}/exchange", "post"): "exchangeCode",
    (f"{SIGN_IN}/renew", "post"): "renewSignIn",
    ("/livez", "get"): "getLiveness",
    ("/readyz", "get"): "getReadiness",
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi_document()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def test_operations_are_exactly_these(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert {(path, method): operation["operationId"] for path, method, operation in operations(document)} == OPERATIONS


def test_every_operation_needs_a_key_and_names_its_errors(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        if not path.startswith(ROOT) or path.startswith(SIGN_IN) or operation["operationId"] == "receiveHook":
            continue
        assert operation["security"] == [{"apiKey": []}]
        for status, response in operation["responses"].items():
            if status[0] != "2":
                assert list(response["content"]) == ["application/problem+json"], (path, method, status)
        assert {"401", "404", "422", "503"} <= set(operation["responses"])
        assert operation["summary"]


def test_signing_in_needs_no_key_and_names_its_errors(document: dict[str, Any]) -> None:
    signing_in = [operation for path, _, operation in operations(document) if path.startswith(SIGN_IN)]
    assert len(signing_in) == 3
    for operation in signing_in:
        assert operation["security"] == []
        assert {"400", "404", "422", "429", "503"} <= set(operation["responses"])
        assert not {"401", "403"} & set(operation["responses"])
        assert "Idempotency-Key" not in json.dumps(operation)


def test_a_webhook_needs_no_key_and_names_its_errors(document: dict[str, Any]) -> None:
    operation = document["paths"][f"{HOOKS}/{{id}}/receive"]["post"]
    assert operation["security"] == []
    assert {"200", "202", "400", "401", "413", "415", "422", "429", "503"} <= set(operation["responses"])
    assert not {"403", "404"} & set(operation["responses"])
    assert "Idempotency-Key" not in json.dumps(operation)


def test_no_answer_about_a_hook_has_a_secret(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert "secret" in schemas["NewHook"]["properties"]
    for name in ("HookItem", "HookDocument"):
        assert not {"secret", "old_secret"} & set(schemas[name]["properties"])


def test_every_reference_leads_somewhere_and_no_schema_is_left_over(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    schemas = document["components"]["schemas"]
    named = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert named == set(schemas)


def test_examples_are_requests_that_would_be_taken(document: dict[str, Any]) -> None:
    models = {"createJourney": NewJourney, "changeJourney": JourneyPatch}
    seen = 0
    for _, _, operation in operations(document):
        model = models.get(operation["operationId"])
        if model is None:
            continue
        for example in operation["requestBody"]["content"]["application/json"]["examples"].values():
            model.model_validate(example["value"])
            if "config" in example["value"]:
                parse_journey(example["value"]["config"])
            seen += 1
    assert seen >= 6


def test_document_is_the_same_every_time() -> None:
    assert json.dumps(openapi_document()) == json.dumps(openapi_document())
