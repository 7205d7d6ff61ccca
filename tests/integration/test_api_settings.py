"""What holds for every journey of a workspace: checked, told in words, and on record."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from orchestrator.api.paths import ROOT
from orchestrator.api.workspace_sentences import NO_GUARDRAILS
from orchestrator.catalog import Catalog
from orchestrator.settings import Settings
from tests.api_session import ApiSession, serving

pytestmark = pytest.mark.integration

WORKSPACE = f"{ROOT}/workspace"
CAPPED = {"caps": [{"limit": 3, "per": "P7D"}]}
CAP_IN_WORDS = "At most 3 messages per customer in 7 days, over all journeys"


@pytest.fixture
async def api(settings: Settings, topics: Catalog) -> AsyncIterator[ApiSession]:
    async with serving(settings) as session:
        yield session


def told(document: dict[str, Any]) -> dict[str, str]:
    """The sentences of an answer, by the place of what they tell."""
    return {said["path"]: said["sentence"] for said in document["in_words"]}


async def test_settings_are_checked_without_being_kept_and_told_as_they_would_hold(api: ApiSession) -> None:
    client = await api.client()
    await client.patch(WORKSPACE, json={"holdout_percent": 2})
    before = (await client.get(WORKSPACE)).json()
    answer = (await client.post(f"{WORKSPACE}/check", json={"settings": {"guardrails": CAPPED}})).json()
    assert (answer["is_acceptable"], answer["problems"]) == (True, [])
    assert told(answer)["$.guardrails.caps[0]"] == CAP_IN_WORDS
    assert told(answer)["$.holdout_percent"].startswith("2 % of all customers")  # left out: it stays as it is
    assert (await client.get(WORKSPACE)).json() == before
    kept = (await client.patch(WORKSPACE, json={"guardrails": CAPPED})).json()
    assert told(kept) == told(answer)


async def test_every_problem_of_settings_is_told_at_once_with_its_place(api: ApiSession) -> None:
    client = await api.client()
    wrong = {
        "holdout_percent": 96,
        "costs": {"fax": 1, "sms": -1},
        "needs_approval": "yes",
        "guardrails": {"caps": [{"limit": 0, "per": "P7D"}], "fallback_zones": ["Mars/Olympus"], "colour": "red"},
    }
    answer = (await client.post(f"{WORKSPACE}/check", json={"settings": wrong})).json()
    assert (answer["is_acceptable"], answer["in_words"]) == (False, [])
    assert {problem["path"] for problem in answer["problems"]} == {
        "$.holdout_percent",
        "$.costs.fax",
        "$.costs.sms",
        "$.needs_approval",
        "$.guardrails.caps[0].limit",
        "$.guardrails.fallback_zones[0]",
        "$.guardrails.colour",
    }
    assert all(problem["detail"] for problem in answer["problems"])
    refused = await client.patch(WORKSPACE, json={"guardrails": wrong["guardrails"]})
    assert refused.status_code == 422
    paths = {problem["path"] for problem in answer["problems"]}
    assert {problem["path"] for problem in refused.json()["errors"]} == {path for path in paths if "guardrails" in path}


@pytest.mark.parametrize("guardrails", [[], None, "none"])
async def test_guardrails_that_are_no_object_are_a_problem_and_no_failure(api: ApiSession, guardrails: object) -> None:
    client = await api.client()
    answer = await client.post(f"{WORKSPACE}/check", json={"settings": {"guardrails": guardrails}})
    assert answer.status_code == 200
    assert [problem["path"] for problem in answer.json()["problems"]] == ["$.guardrails"]


async def test_empty_guardrails_are_none_however_they_are_written(api: ApiSession) -> None:
    client = await api.client()
    capped = (await client.patch(WORKSPACE, json={"guardrails": CAPPED})).json()
    assert capped["guardrails"]["consent"] == {"marketing": "required", "transactional": "none"}
    assert "$.guardrails.consent" in told(capped)
    freed = (await client.patch(WORKSPACE, json={"guardrails": {}})).json()
    assert freed["guardrails"] == {}
    assert told(freed)["$.guardrails"] == NO_GUARDRAILS
    replaced = await client.put(WORKSPACE, json={"is_sending": True, "guardrails": {}})
    assert replaced.json()["guardrails"] == {}


async def test_a_change_of_settings_is_on_record_in_words(api: ApiSession) -> None:
    client = await api.client()
    await client.patch(WORKSPACE, json={"guardrails": CAPPED, "is_sending": False})
    (entry,) = (await client.get(f"{ROOT}/audit", params={"subject_id": "workspace"})).json()["items"]
    assert [said["sentence"] for said in entry["before_in_words"]] == ["The workspace may send", NO_GUARDRAILS]
    after = {said["path"]: said["sentence"] for said in entry["after_in_words"]}
    assert after["$.is_sending"] == "All sending is stopped: nobody enters a journey and nothing is sent"
    assert after["$.guardrails.caps[0]"] == CAP_IN_WORDS
