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


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[]", "The document begins with {"),
        ("null", "The document begins with {"),
        ("\ufeff{}", "A character that one does not see stands here (U+FEFF): remove it"),
        ("{\u00a0}", "A character that one does not see stands here (U+00A0): remove it"),
        ("{“name”: 1}", 'This is a typographic quote: write the straight one, "'),
        ("{'name': 1}", "Text and names stand in double quotes"),
        ('{"name": 1} // mine', "JSON has no comments: remove this one"),
        ("{", "A name in double quotes is expected here"),
        ("", "The document ends too early"),
    ],
)
async def test_text_that_only_looks_like_a_document_is_told_by_what_is_wrong_with_it(
    site: Site, tab: Tab, text: str, told: str
) -> None:
    problem = (await call(site, tab, "editor-text.js", "readText", text))["problem"]
    assert problem["message"] == told


@pytest.mark.parametrize("word", ["constructor", "toString", "__proto__"])
async def test_a_word_that_javascript_knows_is_a_word_like_any_other(site: Site, tab: Tab, word: str) -> None:
    assert isinstance(await call(site, tab, "channels.js", "channelName", word), str)
    assert isinstance(await call(site, tab, "reasons.js", "reasonName", word), str)
    step = {"kind": "send", "channel": word, "template": "a", "fallback": {"when": [word], "to": [{"channel": word}]}}
    for function in ("stepWords", "stepDetails", "entryWords", "reEntryWords"):
        assert "native code" not in str(await call(site, tab, "picture-words.js", function, step))
    assert "native code" not in await call(site, tab, "picture-words.js", "reEntryWords", {"kind": word})


async def test_a_picture_of_nothing_but_long_ways_shows_every_step(site: Site, tab: Tab) -> None:
    nodes = [{"key": str(number), "width": 240, "height": 74} for number in range(60)]
    edges = [
        {"from": str(one), "to": str(other), "isBack": False, "labelWidth": 90}
        for one in range(60)
        for other in range(one + 1, 60, 7)
    ]
    drawn = await call(site, tab, "picture-layout.js", "layoutOf", nodes, edges)
    assert len(drawn["edges"]) == len(edges)
    assert drawn["width"] > 240
    assert drawn["height"] > 60 * 74


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
    [("7", 7), ("nonsense", 30), ("1998-06-10..1998-06-01", 30), ("1998-02-31..1998-03-05", 30), (None, 30)],
)
async def test_a_period_that_is_none_is_the_usual_one(site: Site, tab: Tab, name: str | None, days: int) -> None:
    assert (await call(site, tab, "period.js", "periodNamed", name))["days"] == days


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("'a' was sent at PT0S with {}", "'a' was sent at the start with {}"),
        ("expected 'a' at P3D, but nothing", "expected 'a' after 3 days, but nothing"),
        ("at P1DT2H anna: a was put off", "after 1 day 2 hours anna: a was put off"),
        ("expected 'at PAGE' at P", "expected 'at PAGE' at P"),
    ],
)
async def test_lengths_of_time_in_a_sentence_of_the_api_are_said_in_words(
    site: Site, tab: Tab, sentence: str, said: str
) -> None:
    assert await call(site, tab, "editor-test-result.js", "inWords", sentence) == said


async def test_what_happened_is_expected_of_whom_only_where_there_are_several(site: Site, tab: Tab) -> None:
    sent = {"template": "welcome", "channel": "email", "after": "PT1H", "customer_id": "anna", "variables": {}}
    expected = {"template": "welcome", "channel": "email", "at": "PT1H"}
    one = await call(site, tab, "editor-test-result.js", "expectedOf", {"messages": [sent, sent]})
    assert one == [expected, expected]
    several = await call(
        site, tab, "editor-test-result.js", "expectedOf", {"messages": [sent, {**sent, "customer_id": "ben"}]}
    )
    assert several == [{**expected, "customer": "anna"}, {**expected, "customer": "ben"}]


async def test_reasons_are_taken_as_expected_only_where_some_were_expected(site: Site, tab: Tab) -> None:
    result = {"messages": [], "ends": [{"reason": "completed"}]}
    for ends, after in ((None, {"given": [], "ends": None}), ([], {"given": [], "ends": ["completed"]})):
        test = {"given": [], "ends": ends, "sends": [{"template": "old"}]}
        document = {"tests": [test]}
        taken = await call(site, tab, "editor-test-result.js", "withExpected", document, ["tests", 0], test, result)
        assert taken == {"tests": [after]}


async def test_a_new_test_lets_somebody_in_who_agrees_to_messages(site: Site, tab: Tab) -> None:
    entries = {
        "customer.signed_up": {"kind": "event", "type": "customer.signed_up"},
        "orchestrator.entry.requested": {"kind": "api"},
        "customer.updated": {"kind": "segment", "audience": {}},
    }
    for event, entry in entries.items():
        document = {"entry": entry, "tests": [{"name": "Test 2"}]}
        blank = await call(site, tab, "editor-test-fields.js", "blankTest", document)
        assert blank["name"] == "Test 3"
        assert [given["event"] for given in blank["given"]] == ["consent.granted", event]


async def test_events_that_a_definition_speaks_of_are_found_wherever_they_stand(site: Site, tab: Tab) -> None:
    happened = {"kind": "all", "of": [{"kind": "happened", "event": "seen"}]}
    document = {
        "entry": {"kind": "event", "type": "entered", "audience": happened},
        "steps": {"wait": {"kind": "wait_for", "event": "bought"}},
        "tests": [{"given": [{"event": "of a test"}]}],
    }
    assert await call(site, tab, "editor-test-fields.js", "eventsOf", document) == ["bought", "entered", "seen"]


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        (["passed"], "The test passes."),
        (["not_played"], "The test does not pass."),
        (["passed", "passed"], "All 2 tests pass."),
        (["passed", "failed", "failed"], "2 of 3 tests do not pass: “1”, “2”."),
    ],
)
async def test_tests_are_summed_up_in_a_sentence(site: Site, tab: Tab, outcomes: list[str], said: str) -> None:
    tests = [{"name": str(number), "outcome": outcome} for number, outcome in enumerate(outcomes)]
    assert (await call(site, tab, "editor-tests.js", "summary", tests))[0] == said


async def test_tests_that_fail_are_named_before_publishing(site: Site, tab: Tab) -> None:
    definition = {"tests": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}
    fails = [{"rule": "test_fails", "path": f"$.tests[{number}]"} for number in (0, 2)]
    unplayed = {"rule": "test_not_played", "path": "$.tests[1]"}
    said = await call(site, tab, "editor-publish.js", "testsWords", definition, [*fails, unplayed])
    assert said == "2 of its tests fail: “a”, “c”. 1 test of it could not be played."
    assert (
        await call(site, tab, "editor-publish.js", "testsWords", definition, [{"rule": "long_wait", "path": "$"}]) == ""
    )


def _longest_common(one: str, other: str) -> int:
    """The length of the longest common subsequence, by trying everything."""
    if not one or not other:
        return 0
    if one[0] == other[0]:
        return 1 + _longest_common(one[1:], other[1:])
    return max(_longest_common(one[1:], other), _longest_common(one, other[1:]))
