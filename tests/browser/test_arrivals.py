"""Which events come in, on the page: names are offered, typing errors doubted, an empty journey says what it awaits."""

import re
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.async_api import Locator, Page, expect

from orchestrator.api.lookout import Lookout
from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_producer
from orchestrator.messages.codec import encode_event
from tests.browser.conftest import Site, Tab
from tests.browser.pages import answer_dialog, open_journey
from tests.browser.standing import created
from tests.browser.test_editor import control, open_editor, open_new, open_step, publish, state
from tests.browser.test_editor_words import write_text
from tests.browser.test_parts import call
from tests.builders import WORKSPACE, a_journey, an_event

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

AT = "2026-11-03T10:12:00Z"
NOTHING = "No events have come in yet for this workspace."


def seen(*types: str, **changes: Any) -> dict[str, Any]:
    """What the API says of events that came, with the time they came."""
    items = [{"type": type_, "events": 4, "first_at": AT, "last_at": AT, "fields": []} for type_ in types]
    whole = {"items": items, "events": 4 * len(items), "since": AT, "looked_at": AT, "is_all": True}
    return {**whole, "types_left_out": 0, **changes}


async def come_in(site: Site, *types: str, workspace_id: str = WORKSPACE, **data: Any) -> None:
    """Events of these types come in, and the API looks again."""
    settings = site.session.settings
    async with closing(await open_producer(settings, "test")) as producer:
        for type_ in types:
            record = encode_event(replace(an_event(type_, **data), workspace_id=workspace_id))
            await producer.send_and_wait(Catalog(settings).events, record.value, record.key, headers=record.headers)
    site.session.app.state.lookout = Lookout.at_events(settings)


async def offered(page: Page, field: Locator) -> list[str]:
    """What the browser offers to whoever comes to the field."""
    await field.focus()
    return list(await field.evaluate("one => [...one.list.options].map(option => option.value)"))


async def test_where_nothing_has_come_in_that_is_said_and_no_name_is_doubted(site: Site, tab: Tab) -> None:
    page = await open_new(site, tab, "abandoned-cart")
    await expect(page.locator(".checks")).to_contain_text(NOTHING)
    await expect(state(page)).to_have_text("It can be published.")
    await publish(page).click()
    await expect(page.get_by_role("dialog")).to_contain_text(NOTHING)
    await answer_dialog(page, "Cancel")
    journey = await created(site, a_journey(name="Nobody yet"))
    page = await open_journey(site, tab, journey)
    await expect(page.locator(".waiting")).to_have_text(f"Waiting for “customer.signed_up”. {NOTHING}")


async def test_types_and_fields_that_have_come_in_are_offered_where_they_are_typed(site: Site, tab: Tab) -> None:
    await come_in(site, "cart.left", "cart.left", cart={"id": "c1", "total": 12})
    await come_in(site, "order.placed", amount=5)
    await come_in(site, "secret.plan", workspace_id="globex", codename="x")
    page = await open_new(site, tab, "abandoned-cart")
    entry = control(page, "$.entry.type")
    await expect(page.locator(".checks li").first).to_be_visible()  # by then it is known what came in
    assert await offered(page, entry) == ["cart.left", "order.placed"]
    await entry.fill("cart.left")
    assert await offered(page, control(page, "$.entry.key")) == ["cart.id", "cart.total"]
    assert await offered(page, control(page, "$.goal.event")) == ["cart.left", "order.placed"]
    await control(page, "$.goal.event").fill("order.placed")
    assert await offered(page, control(page, "$.goal.value")) == ["amount"]
    where = page.locator('[data-path="$.entry.where"]')
    await where.get_by_role("button", name="Add a condition").click()
    name = control(page, "$.entry.where.name")
    assert await offered(page, name) == ["cart.id", "cart.total"]
    await name.fill("cart.to")
    await entry.fill("order.placed")
    assert await offered(page, name) == ["amount"]
    await expect(name).to_have_value("cart.to")


async def test_type_that_has_not_come_in_is_doubted_and_the_nearest_that_has_is_named_first(
    site: Site, tab: Tab
) -> None:
    await come_in(site, "order.placed", "zebra.seen", "cart.abandoned")
    page = await open_new(site, tab, "abandoned-cart")
    await control(page, "$.entry.type").fill("cart.abandonned")
    hint = page.locator(".checks li").filter(has_text="cart.abandonned")
    await expect(hint).to_contain_text("Who enters › Event")
    await expect(hint).to_contain_text(
        re.compile(
            r"No “cart\.abandonned” has come in among the newest \d+ events \(since .+\)\. Is it spelled so\? "
            r"Those that came: cart\.abandoned, "
        )
    )
    await expect(hint).not_to_contain_text("secret")
    await publish(page).click()  # it keeps nothing from being published
    await expect(page.get_by_role("dialog")).to_contain_text("No “cart.abandonned” has come in")
    await answer_dialog(page, "Cancel")
    await hint.get_by_role("button").click()
    await expect(control(page, "$.entry.type")).to_be_focused()
    await control(page, "$.entry.type").fill("cart.abandoned")
    await expect(hint).to_have_count(0)


async def test_new_version_asks_about_a_type_that_has_not_come_in_too(site: Site, tab: Tab) -> None:
    await come_in(site, "customer.signed_up")
    journey = await created(site, a_journey(name="To be changed"))
    page = await open_editor(site, tab, journey)
    document = a_journey(name="To be changed")
    document["steps"]["pause"] = {"kind": "wait_for", "event": "order.plced", "timeout": "P1D", "next": "done"} | {
        "on_timeout": "remind"
    }
    await write_text(page, document)
    await open_step(page, "pause")
    await expect(page.locator(".checks li").filter(has_text="order.plced")).to_contain_text("Step pause › Event")
    await publish(page).click()
    await expect(page.get_by_role("dialog")).to_contain_text("No “order.plced” has come in")
    await answer_dialog(page, "Cancel")


async def test_journey_that_nobody_has_entered_says_what_it_waits_for_and_whether_that_comes(
    site: Site, tab: Tab
) -> None:
    await come_in(site, "customer.signed_up", "order.placed")
    journey = await created(site, a_journey(name="Soon"))
    page = await open_journey(site, tab, journey)
    waiting = page.locator(".waiting")
    await expect(waiting).to_have_text(
        re.compile(r"^Waiting for “customer\.signed_up”\. The last one came (less than a minute|\d+ min) ago\.$")
    )
    entry = {"kind": "event", "type": "customer.signedup"}
    page = await open_journey(site, tab, await created(site, a_journey(name="Never", entry=entry)))
    await expect(waiting).to_contain_text("None has come in among the newest")
    await expect(waiting).to_contain_text("Those that came: customer.signed_up, ")
    page = await open_journey(site, tab)  # customers have entered this one
    await expect(waiting).to_be_hidden()


async def test_where_kafka_does_not_answer_the_page_says_nothing_of_it_and_goes_on(site: Site, tab: Tab) -> None:
    tab.foretell("Failed to load resource: the server responded with a status of 503")
    away = site.session.settings.model_copy(update={"kafka": "127.0.0.1:9"})
    site.session.app.state.lookout = Lookout.at_events(away)
    page = await open_new(site, tab, "abandoned-cart")
    async with page.expect_response(lambda answer: answer.url.endswith("/event-types")):
        pass
    await control(page, "$.entry.type").fill("cart.abandonned")
    await expect(state(page)).to_have_text("It can be published.")
    assert await offered(page, control(page, "$.entry.type")) == []
    site.session.app.state.lookout = Lookout.at_events(site.session.settings)


@pytest.mark.parametrize(
    ("one", "other", "letters"),
    [("", "", 0), ("cart", "", 4), ("cart.abandonned", "cart.abandoned", 1), ("kitten", "sitting", 3), ("ab", "ba", 2)],
)
async def test_how_far_names_are_from_one_another(site: Site, tab: Tab, one: str, other: str, letters: int) -> None:
    assert await call(site, tab, "arrivals.js", "distance", one, other) == letters
    assert await call(site, tab, "arrivals.js", "distance", other, one) == letters


async def test_every_type_that_a_journey_asks_about_is_looked_at_once(site: Site, tab: Tab) -> None:
    happened = {"kind": "happened", "event": "a.asked"}
    wait = {"kind": "wait_for", "event": "a.waited", "timeout": "P1D", "next": "done", "on_timeout": "done"}
    choice = {"kind": "branch", "paths": [{"when": {"kind": "not", "of": happened}, "next": "done"}]}
    told = {"kind": "emit", "event": "a.told", "next": "done"}
    document = {
        "entry": {"kind": "event", "type": "a.entered", "audience": {"kind": "all", "of": [happened]}},
        "steps": {"wait": wait, "choice": choice, "told": told, "after": {**wait, "event": "a.told"}},
        "goal": {"event": "a.goal"},
        "exit_on": [{"event": "came", "reason": "left"}, {"when": {"kind": "happened", "event": "a.left"}}],
        "segments": {"s": {"kind": "happened", "event": "a.segment"}},
        "tests": [{"given": [{"event": "a.made-up"}]}],
    }
    warnings = await call(site, tab, "editor-arrivals.js", "unseenTypes", document, seen("came", "other"))
    assert [warning["path"] for warning in warnings] == [
        "$.entry.type",
        "$.steps.wait.event",
        "$.goal.event",
        "$.entry.audience.of[0].event",
        "$.exit_on[1].when.event",
        "$.segments.s.event",
    ]
    for unknown in (None, seen(), seen("came", types_left_out=1)):
        assert await call(site, tab, "editor-arrivals.js", "unseenTypes", document, unknown) == []


async def test_a_field_that_no_event_of_its_type_has_is_doubted_once(site: Site, tab: Tab) -> None:
    def field(name: str) -> dict[str, Any]:
        return {"kind": "field", "name": name, "op": "eq", "value": 1}

    def with_fields(type_: str, *names: str) -> dict[str, Any]:
        fields = [{"name": name, "kinds": ["number"], "events": 4} for name in names]
        return {"type": type_, "events": 4, "first_at": AT, "last_at": AT, "fields": fields}

    wait = {"kind": "wait_for", "event": "paid", "where": field("amont"), "timeout": "P1D"}
    variables = {"name": {"kind": "entry", "name": "cart.titel"}, "other": {"kind": "attribute", "name": "titel"}}
    document = {
        "entry": {
            "kind": "event",
            "type": "left",
            "key": "cart.id",
            "where": {"kind": "not", "of": field("cart.totl")},
        },
        "steps": {"wait": wait, "hello": {"kind": "send", "variables": variables}},
        "goal": {"event": "paid", "value": "amont", "where": field("cart")},
        "exit_on": [{"event": "never.came", "where": field("x")}, {"when": field("cart"), "reason": "left"}],
    }
    known = {**seen(), "items": [with_fields("left", "cart.id", "cart.total"), with_fields("paid", "amount")]}
    known |= {"events": 8}
    warnings = await call(site, tab, "editor-arrivals.js", "unseenFields", document, known)
    assert [(warning["path"], warning["fix"]) for warning in warnings] == [
        ("$.goal.value", "Is it spelled so? Those it has: amount"),
        ("$.entry.where.of.name", "Is it spelled so? Those it has: cart.total, cart.id"),
        ("$.steps.hello.variables.name.name", "Is it spelled so? Those it has: cart.total, cart.id"),
        ("$.goal.where.name", "Is it spelled so? Those it has: amount"),
    ]
    assert "no “paid” among the newest 8 events" in warnings[0]["detail"]
    many = {**known, "items": [with_fields("paid", *(f"f{number}" for number in range(100)))]}
    for unknown in (None, many):
        assert await call(site, tab, "editor-arrivals.js", "unseenFields", document, unknown) == []


async def test_a_half_written_document_is_borne(site: Site, tab: Tab) -> None:
    for document in (None, [], 5, {"entry": None, "steps": {"a": None}, "goal": "x", "exit_on": [None]}):
        assert await call(site, tab, "editor-arrivals.js", "unseenTypes", document, seen("came")) == []
        assert await call(site, tab, "editor-arrivals.js", "unseenFields", document, seen("came")) == []
        assert await call(site, tab, "editor-arrivals.js", "unseenWords", document, seen()) == ""
