"""Treatment against control: the numbers are the API's, and each says how far it can be trusted."""

from typing import Any

import pytest
from playwright.async_api import expect

from orchestrator.messages.activity import Activity
from orchestrator.messages.ids import derived_id
from tests.api_session import BASE, until
from tests.browser.conftest import Site, Tab
from tests.browser.pages import answer_of, metrics_of, money, open_journey, row_of, table_of, tile
from tests.browser.story import FIRST_MS, story
from tests.browser.test_parts import call
from tests.builders import HOUR, WORKSPACE, a_journey, steps
from tests.reading_reports import xlsx_sheets

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

GROUPS = {"treatment": "With messages", "holdout": "Without messages"}
MINUS = "\N{MINUS SIGN}"
SEND = {"kind": "send", "channel": "email", "template": "offer", "next": "done"}
TRIES = a_journey(
    name="Tries two ways",
    start="choice",
    steps=steps(
        choice={
            "kind": "experiment",
            "arms": [{"name": "short", "next": "brief"}, {"name": "long", "next": "wordy"}],
            "horizon": "P4D",
        },
        brief=SEND,
        wordy={**SEND, "template": "long"},
    ),
    goal={"event": "ordered", "window": "P2D"},
)


async def test_comparison_and_verdict_are_those_of_the_api(site: Site, tab: Tab) -> None:
    page = await open_journey(site, tab, at="compare")
    comparison = (await metrics_of(site))["comparison"]
    assert comparison["finding"] == "better"
    verdict = page.locator(".verdict")
    await expect(verdict).to_have_attribute("data-tone", "good")
    await expect(verdict).to_contain_text(comparison["verdict"])
    for arm, group in GROUPS.items():
        figures = comparison[arm]
        cells = row_of(page, group).get_by_role("cell")
        await expect(cells.nth(0)).to_have_text(f"{figures['customers']:,}")
        await expect(cells.nth(1)).to_have_text(f"{figures['conversions']:,}")
        await expect(cells.nth(2)).to_contain_text(f"{figures['conversion_rate']:.1%}")
    await expect(page.get_by_text("planned look").first).to_be_hidden()
    await page.get_by_text("Details for analysts").click()
    effect = comparison["conversion"]
    uplift, low, high = (effect[field] for field in ("relative", "relative_low", "relative_high"))
    label = f"Conversion rate, relative: {uplift:+.1%}, {low:+.1%} to {high:+.1%} (95%, one planned look)"
    await expect(page.get_by_role("img", name=label)).to_be_visible()


async def test_difference_with_the_past_taken_out_stands_below_the_plain_one(site: Site, tab: Tab) -> None:
    page = await open_journey(site, tab, at="compare")
    comparison = (await metrics_of(site))["comparison"]
    await page.get_by_text("Details for analysts").click()
    adjusted = comparison["adjusted"]
    cells = row_of(page, "The same, past taken out").get_by_role("cell")
    await expect(cells.nth(0)).to_have_text(f"{adjusted['absolute'] * 100:+.1f} pp")
    low, high = (f"{adjusted[end] * 100:+.1f} pp" for end in ("absolute_low", "absolute_high"))
    await expect(cells.nth(1)).to_contain_text(f"{low} to {high}")
    await expect(cells.nth(1)).to_contain_text("95%, one planned look")
    for note in comparison["notes"]:
        await expect(page.get_by_role("listitem").filter(has_text=note)).to_be_visible()


async def test_after_against_before_is_shown_as_what_it_is(site: Site, tab: Tab) -> None:
    page = await open_journey(site, tab, at="compare")
    comparison = (await metrics_of(site))["comparison"]
    for arm, name in (("treatment", "With"), ("holdout", "Without")):
        baseline = comparison[arm]["baseline"]
        assert baseline["customers"] == comparison[arm]["customers"]  # all windows of 1998 are over
        cells = row_of(page, f"{name} messages, after against before").get_by_role("cell")
        await expect(cells.nth(0)).to_have_text(f"{baseline['customers']:,}")
        await expect(cells.nth(1)).to_have_text(f"{baseline['rate_before']:.1%}")
        await expect(cells.nth(2)).to_have_text(f"{baseline['rate_after']:.1%}")
        change = f"{baseline['absolute'] * 100:+.1f} pp".replace("-", "\N{MINUS SIGN}")
        await expect(cells.nth(3)).to_have_text(change)
        await expect(cells.nth(4)).to_contain_text("weaker than a holdout")
    journey_id = await site.create("Without a past")
    bare = await open_journey(site, tab, journey_id, at="compare")
    await expect(bare.get_by_role("table", name="After against before entering")).to_have_count(0)


async def test_days_still_needed_are_told_with_the_customers(site: Site, tab: Tab) -> None:
    journey_id = await site.create("Just begun")
    await site.sink(story(journey_id)[:300])
    page = await open_journey(site, tab, journey_id, at="compare")
    comparison = (await site.client.get(f"{BASE}/{journey_id}/metrics")).json()["comparison"]
    customers, days = comparison["customers_still_needed"], comparison["days_still_needed"]
    assert days > 1
    remark = page.get_by_role("listitem").filter(has_text=f"About {customers:,} more customers are needed")
    await expect(remark).to_contain_text(f"from chance: {days:,} days at the pace so far.")
    await expect(row_of(page, "The same, past taken out")).to_have_count(0)


async def test_what_the_journey_brought_and_cost_is_told_with_ranges(site: Site, tab: Tab) -> None:
    page = await open_journey(site, tab, at="compare")
    gain = (await metrics_of(site))["comparison"]["incremental"]
    await expect(tile(page, "Extra conversions")).to_have_text(f"+{gain['conversions']:,.0f}")
    await expect(tile(page, "Extra revenue")).to_have_text(f"+{money(gain['revenue'])}")
    await expect(tile(page, "Cost")).to_have_text(money(gain["cost"]))
    await expect(tile(page, "Return")).to_have_text(money(gain["revenue"] / gain["cost"]))
    low, high = (gain[end] for end in ("revenue_low", "revenue_high"))
    of_revenue, of_return = (
        page.locator(".tile", has=tile(page, name)).locator(".note") for name in ("Extra revenue", "Return")
    )
    await expect(of_revenue).to_have_text(f"between {signed(low)} and {signed(high)}")
    low, high = (money(end / gain["cost"]).replace("-", MINUS) for end in (low, high))
    await expect(of_return).to_have_text(f"for each 1 spent: between {low} and {high}")


async def test_where_nothing_is_shown_yet_the_range_stands_quietly_instead_of_a_number(site: Site, tab: Tab) -> None:
    comparison = {
        "finding": "no_difference_yet",
        "incremental": {
            **{"conversions": 12.4, "conversions_low": -30.2, "conversions_high": 55.0, "cost": 4.0},
            **{"revenue": 4_781.42, "revenue_low": -200.0, "revenue_high": 9_000.0, "roi": 1_194.4},
        },
    }
    tiles = await call(site, tab, "gain.js", "gainTiles", comparison)
    told = {each["name"]: (each["value"], each["note"]) for each in tiles if each.get("isSure") is False}
    assert told == {
        "Extra conversions": (f"{MINUS}30 to +55", "nothing is shown yet"),
        "Extra revenue": (f"{MINUS}200.00 to +9,000.00", "nothing is shown yet"),
        "Return": (f"{MINUS}50.00 to 2,250.00", "for each 1 spent: nothing is shown yet"),
    }
    comparison["incremental"].update(revenue_low=None, revenue_high=None)
    assert (await call(site, tab, "gain.js", "gainTiles", comparison))[1]["value"] == "–"
    assert await call(site, tab, "gain.js", "gainTiles", {"finding": "no_holdout", "incremental": None}) == []


async def test_the_report_of_the_whole_life_is_handed_over_below_the_comparison(site: Site, tab: Tab) -> None:
    page = await open_journey(site, tab, at="compare")
    async with page.expect_download() as download:
        await page.get_by_role("group", name="Export the whole life").get_by_role("button", name="Excel").click()
    sheets = xlsx_sheets((await (await download.value).path()).read_bytes())
    comparison = (await metrics_of(site))["comparison"]
    assert next(iter(sheets)) == "Result"
    assert sheets["Result"].rows[1][1] == comparison["verdict"]
    assert sheets["Result"].rows[2][1] == comparison["treatment"]["customers"]


def signed(amount: float) -> str:
    """As the page writes a change of money."""
    return f"{'+' if amount > 0 else ''}{money(amount)}".replace("-", MINUS)


async def test_safety_tells_of_unsubscribes_and_complaints_by_channel(site: Site, tab: Tab) -> None:
    page = await open_journey(site, tab, at="compare")
    channels = (await metrics_of(site, whole_life="true", by="none"))["totals"]["channels"]
    table = table_of(page, "Safety")
    for channel, heading in {"email": "E-mail", "push": "Push"}.items():
        figures = channels[channel]
        assert figures["unsubscribed"] > 0
        cells = row_of(table, heading).get_by_role("cell")
        await expect(cells.nth(0)).to_have_text(f"{figures['delivered']:,}")
        rate = figures["unsubscribed"] / figures["delivered"]
        await expect(cells.nth(1)).to_have_text(f"{figures['unsubscribed']:,}{rate:.1%}")
        rate = figures["complained"] / figures["delivered"]
        await expect(cells.nth(2)).to_have_text(f"{figures['complained']:,}{rate:.1%}")
    total = sum(figures["unsubscribed"] for figures in channels.values())
    await expect(row_of(table, "All channels").get_by_role("cell").nth(1)).to_contain_text(f"{total:,}")


async def test_experiments_tell_shares_evidence_and_how_each_arm_did(site: Site, tab: Tab) -> None:
    answer = await site.client.post(BASE, json={"config": TRIES})
    journey_id = str(answer.json()["id"])
    arms = {"short": (40, 10), "long": (30, 3)}
    await site.sink(_tried(journey_id, arms))
    path = f"{BASE}/{journey_id}/experiments"

    async def is_decided() -> bool:  # as the steward does within seconds
        return bool((await answer_of(site, path))["items"][0]["epoch"])

    await until(is_decided)
    (experiment,) = (await answer_of(site, path))["items"]
    page = await open_journey(site, tab, journey_id, at="compare")
    table = table_of(page, "choice")
    variants = (await metrics_of(site, journey_id))["totals"]["variants"]["choice"]
    for arm in experiment["arms"]:
        customers, converted = arms[arm["name"]]
        figures = {"customers": customers, "customers_converted": converted}
        assert {name: variants[arm["name"]][name] for name in figures} == figures
        cells = row_of(table, arm["name"]).get_by_role("cell")
        await expect(cells.nth(0)).to_have_text(f"{arm['share'] / 100:.1%}")
        await expect(cells.nth(2)).to_contain_text(f"{arm['converted']:,} of {arm['customers']:,}")
        await expect(cells.nth(3)).to_have_text(f"{converted} of {customers}{converted / customers:.1%}")


def _tried(journey_id: str, arms: dict[str, tuple[int, int]]) -> list[Activity]:
    """Customers who were given an arm; the first of each arm convert."""
    activities = []
    for arm, (customers, converted) in arms.items():
        for number in range(customers):
            activities.append(_activity(journey_id, "journey_entered", f"{arm}{number}", 0, arm="treatment"))
            passed = {"kind": "experiment", "path": arm, "next": "brief"}
            activities.append(_activity(journey_id, "step_passed", f"{arm}{number}", 1_000, **passed))
            if number < converted:
                goal = {"event_type": "ordered", "value": 9.5}
                activities.append(_activity(journey_id, "goal_reached", f"{arm}{number}", HOUR, **goal))
    return activities


def _activity(journey_id: str, type_: Any, customer: str, after_ms: int, **details: Any) -> Activity:
    return Activity(
        id=derived_id("activity", journey_id, customer, type_),
        workspace_id=WORKSPACE,
        customer_id=customer,
        journey_id=journey_id,
        version=1,
        run_id=derived_id("run", journey_id, customer),
        type=type_,
        at_ms=FIRST_MS + after_ms,
        step="" if type_ == "journey_entered" else "choice",
        arm="treatment",
        details=details,
        cause="engagement.events.v1/0/1",
    )
