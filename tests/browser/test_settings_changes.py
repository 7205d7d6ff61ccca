"""What a change of settings loosens and tightens: a function of two documents, called as the page calls it."""

from typing import Any

import pytest

from tests.browser.conftest import Site, Tab
from tests.browser.test_parts import call
from tests.settings_compared import BRAKE, CAP, LOOSER_OR_TIGHTER, OPPOSITE, guarded

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def changes(site: Site, tab: Tab, before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    return list(await call(site, tab, "settings-changes.js", "changesOfSettings", before, after))


@pytest.mark.parametrize(("rule", "before", "after", "kind"), LOOSER_OR_TIGHTER)
async def test_a_rule_is_looser_one_way_and_tighter_the_other(
    site: Site, tab: Tab, rule: str, before: Any, after: Any, kind: str
) -> None:
    was, now = guarded(**{rule: before}), guarded(**{rule: after})
    assert [change["kind"] for change in await changes(site, tab, was, now)] == [kind]
    assert [change["kind"] for change in await changes(site, tab, now, was)] == [OPPOSITE[kind]]
    assert await changes(site, tab, now, now) == []


async def test_rules_are_compared_with_those_that_look_at_the_same(site: Site, tab: Tab) -> None:
    sms = {"limit": 1, "per": "P1D", "channel": "sms"}
    push = {"limit": 4, "per": "P1D", "channel": "push"}
    found = await changes(site, tab, guarded(caps=[CAP, sms]), guarded(caps=[{**sms, "limit": 2}, push, CAP]))
    assert found == [
        {"kind": "loosened", "before": "$.guardrails.caps[1]", "after": "$.guardrails.caps[0]"},
        {"kind": "tightened", "before": None, "after": "$.guardrails.caps[1]"},
    ]


async def test_what_means_the_same_is_no_change(site: Site, tab: Tab) -> None:
    written = {"limit": 3, "per": "P1W", "channel": None, "category": None, "scope": "customer"}
    assert await changes(site, tab, guarded(caps=[CAP]), guarded(caps=[written])) == []
    assert await changes(site, tab, guarded(brakes=[BRAKE]), guarded(brakes=[{**BRAKE, "at_least": 500}])) == []
    named = {"marketing": "required", "transactional": "none", "news": "required"}
    assert await changes(site, tab, guarded(consent={}), guarded(consent=named)) == []


async def test_the_first_guardrail_asks_for_consent_too_and_the_last_takes_that_away(site: Site, tab: Tab) -> None:
    none: dict[str, Any] = {"guardrails": {}}
    found = await changes(site, tab, none, {"guardrails": {"caps": [CAP]}})
    assert {(each["kind"], each["after"]) for each in found} == {
        ("tightened", "$.guardrails.caps[0]"),
        ("tightened", "$.guardrails.consent"),
    }
    gone = await changes(site, tab, {"guardrails": {"caps": [CAP]}}, none)
    assert [each["kind"] for each in gone] == ["loosened", "loosened"]


async def test_what_is_loosened_comes_first_and_what_only_differs_last(site: Site, tab: Tab) -> None:
    before = {"holdout_percent": 2, "costs": {"sms": 0.07}, "needs_approval": True, "is_sending": False}
    after = {"guardrails": {"caps": [CAP]}, "costs": {"push": 1}, "is_sending": True}
    found = await changes(site, tab, before, after)
    assert [(each["kind"], each["before"] or each["after"]) for each in found] == [
        ("loosened", "$.is_sending"),
        ("loosened", "$.needs_approval"),
        ("tightened", "$.guardrails.caps[0]"),
        ("tightened", "$.guardrails.consent"),
        ("changed", "$.holdout_percent"),
        ("changed", "$.costs.sms"),
        ("changed", "$.costs.push"),
    ]


BASE: dict[str, Any] = {"holdout_percent": 2, "costs": {}, "needs_approval": False}
MET: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], list[str]]] = [
    # mine, theirs, what becomes of both, what both have changed
    ({"holdout_percent": 3}, {"costs": {"sms": 1}}, {**BASE, "holdout_percent": 3, "costs": {"sms": 1}}, []),
    ({"holdout_percent": 3}, {"holdout_percent": 3}, {**BASE, "holdout_percent": 3}, []),
    ({"holdout_percent": 3}, {"holdout_percent": 4}, {**BASE, "holdout_percent": 3}, ["holdout_percent"]),
    ({}, {"guardrails": {"caps": [CAP]}}, {**BASE, "guardrails": {"caps": [CAP]}}, []),
]


@pytest.mark.parametrize(("mine", "theirs", "both", "contested"), MET)
async def test_settings_of_two_people_go_together_where_they_can(
    site: Site, tab: Tab, mine: dict[str, Any], theirs: dict[str, Any], both: dict[str, Any], contested: list[str]
) -> None:
    answer = await call(site, tab, "settings-document.js", "met", BASE, {**BASE, **mine}, {**BASE, **theirs})
    assert answer == {"document": both, "contested": contested}


async def test_a_change_is_what_differs_and_what_is_left_out_is_its_default(site: Site, tab: Tab) -> None:
    before = {**BASE, "guardrails": {"caps": [CAP]}}
    assert await call(site, tab, "settings-document.js", "changeOf", before, before) == {}
    assert await call(site, tab, "settings-document.js", "changeOf", before, {"costs": {}}) == {
        "guardrails": {},
        "holdout_percent": 0,
    }
