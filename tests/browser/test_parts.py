"""Parts of the page that compute: called in the browser as the page calls them."""

from typing import Any

import pytest

from tests.browser.conftest import Site, Tab

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def call(site: Site, tab: Tab, module: str, function: str, *arguments: Any) -> Any:
    """What a function of one of the page's modules makes of these values."""
    if not tab.page.url.startswith(site.address):
        await tab.page.goto(site.address)
    script = "([module, name, values]) => import(`/dashboard/${module}`).then((parts) => parts[name](...values))"
    return await tab.page.evaluate(script, [module, function, list(arguments)])


@pytest.mark.parametrize(
    ("day", "zone", "moment"),
    [
        ("2026-07-01", "UTC", "2026-07-01T00:00:00.000Z"),
        ("2026-03-29", "Europe/Berlin", "2026-03-28T23:00:00.000Z"),  # the clocks change in its night
        ("2026-03-30", "Europe/Berlin", "2026-03-29T22:00:00.000Z"),
        ("2026-11-02", "America/New_York", "2026-11-02T05:00:00.000Z"),
        ("2026-07-01", "Asia/Kolkata", "2026-06-30T18:30:00.000Z"),
    ],
)
async def test_a_day_begins_when_its_zones_clock_says_so(
    site: Site, tab: Tab, day: str, zone: str, moment: str
) -> None:
    began = await call(site, tab, "zone.js", "startOfDay", day, zone)
    assert began.strftime("%Y-%m-%dT%H:%M:%S.000Z") == moment


async def test_an_address_is_read_as_it_was_written(site: Site, tab: Tab) -> None:
    said = {"page": "journey", "journey": "a b&c=#", "tab": "activities", "customer": "<b>/é", "zone": "Europe/Berlin"}
    written = await call(site, tab, "address.js", "writeAddress", said)
    read = await call(site, tab, "address.js", "readAddress", written)
    assert {name: value for name, value in read.items() if value is not None} == said
    assert await call(site, tab, "address.js", "writeAddress", {"page": "audit"}) == "#audit"
    assert (await call(site, tab, "address.js", "readAddress", "#audit&zone=UTC"))["page"] == "audit"
    assert (await call(site, tab, "address.js", "readAddress", ""))["page"] == "journeys"


@pytest.mark.parametrize(
    ("before", "after"),
    [("", "a"), ("abc", "abc"), ("abcd", "axcde"), ("abcabc", "cab"), ("ab", ""), ("aab", "aba")],
)
async def test_a_difference_leads_from_one_text_to_the_other(site: Site, tab: Tab, before: str, after: str) -> None:
    lines = await call(site, tab, "difference.js", "differenceOf", list(before), list(after))
    assert "".join(line["text"] for line in lines if line["kind"] != "added") == before
    assert "".join(line["text"] for line in lines if line["kind"] != "removed") == after
    kept = sum(line["kind"] == "same" for line in lines)
    assert kept == _longest_common(before, after)


async def test_steps_stand_in_the_order_in_which_customers_come_to_them(site: Site, tab: Tab) -> None:
    steps = {
        "a": {"kind": "exit"},
        "b": {"kind": "branch", "paths": [{"when": {"kind": "attribute", "name": "vip"}, "next": "d"}], "default": "c"},
        "c": {"kind": "wait", "duration": "P1D", "next": "a"},
        "d": {"kind": "send", "next": "b"},
        "left over": {"kind": "exit"},
    }
    order = await call(site, tab, "step-table.js", "stepsInOrder", {"start": "b", "steps": steps})
    assert order == ["b", "d", "c", "a", "left over"]


@pytest.mark.parametrize(
    ("name", "days"),
    [("7", 7), ("nonsense", 30), ("1998-06-10..1998-06-01", 30), ("1998-06-01..1999-12-31", 30), (None, 30)],
)
async def test_a_period_that_is_none_is_the_usual_one(site: Site, tab: Tab, name: str | None, days: int) -> None:
    assert (await call(site, tab, "period.js", "periodNamed", name))["days"] == days


def _longest_common(one: str, other: str) -> int:
    """The length of the longest common subsequence, by trying everything."""
    if not one or not other:
        return 0
    if one[0] == other[0]:
        return 1 + _longest_common(one[1:], other[1:])
    return max(_longest_common(one[1:], other), _longest_common(one, other[1:]))
