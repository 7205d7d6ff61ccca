"""What customers brought before they entered, from the engine through PostgreSQL to the report."""

import time
from collections.abc import AsyncIterator, Iterator
from random import Random
from typing import Any
from uuid import UUID

import numpy
import pytest
import statsmodels.api
from msgspec.structs import replace

from orchestrator.catalog import Catalog
from orchestrator.journeys.directory import Directory
from orchestrator.journeys.engine import advance
from orchestrator.journeys.state import EMPTY, RECENT_TIMES, TREATMENT
from orchestrator.messages.activity import Activity
from orchestrator.settings import Settings
from tests.api_session import BASE, ApiSession, serving
from tests.builders import DAY, MONDAY_NOON, a_journey, a_standing, a_version, an_event
from tests.sink_story import contents, sunk

pytestmark = pytest.mark.integration

NOON = MONDAY_NOON
GOAL = {"event": "order.placed", "window": "P7D"}
HOLDOUT = {"percent": 30}
EFFECT = 0.08
JOURNEY_ID = UUID("00000000-0000-4000-8000-000000000033")
EARLY, LATER = 150, 1_350  # customers who enter before and after the journey asks for their past


@pytest.fixture
async def api(settings: Settings, topics: Catalog) -> AsyncIterator[ApiSession]:
    async with serving(settings) as session:
        yield session


def lives(directory: Directory, customer: str, entered_ms: int, random: Random) -> Iterator[Activity]:
    """A customer of some habit, who enters and may order; the more, the more they did before."""
    habit = random.gammavariate(0.8, 2.5)
    ages = sorted((random.randrange(60 * DAY) for _ in range(int(2 * habit))), reverse=True)
    happening = [("order.placed", entered_ms - 1 - age) for age in ages] + [("customer.signed_up", entered_ms)]
    state = EMPTY
    for type_, at_ms in happening:
        advanced = advance(directory, state, replace(an_event(type_, at_ms), customer_id=customer), at_ms, "stream")
        state = advanced.state
        yield from (effect for effect in advanced.effects if isinstance(effect, Activity))
    (run,) = state.runs
    if random.random() < min(0.9, 0.05 + 0.12 * habit) + (EFFECT if run.arm == TREATMENT else 0.0):
        order = replace(an_event("order.placed", entered_ms + DAY), customer_id=customer)
        advanced = advance(directory, state, order, order.time_ms, "stream")
        yield from (effect for effect in advanced.effects if isinstance(effect, Activity))


async def a_history(api: ApiSession) -> tuple[str, list[Activity]]:
    """A journey whose second version asks for the past, and what its customers do under either."""
    client = await api.client()
    plain = a_journey(goal=GOAL, holdout=HOLDOUT)
    asking = a_journey(goal={**GOAL, "compare_before": "P30D"}, holdout=HOLDOUT)
    with pytest.MonkeyPatch.context() as patch:
        # Who is in which arm follows from the journey's id; an interval of 95 % would miss in one run of twenty.
        patch.setattr("orchestrator.api.repeats.uuid4", lambda: JOURNEY_ID)
        journey_id = str((await client.post(BASE, json={"config": plain})).json()["id"])
    answer = await client.patch(f"{BASE}/{journey_id}", json={"config": asking})
    assert answer.status_code == 200, answer.text
    random = Random(11)
    first = Directory.empty().with_record(a_version(plain, journey_id=journey_id))
    first = first.with_record(a_standing(journey_id=journey_id))
    second = first.with_record(a_version(asking, 2, journey_id)).with_record(
        a_standing(version=2, journey_id=journey_id)
    )
    activities = []
    for number in range(EARLY + LATER):
        directory, entered_ms = first if number < EARLY else second, NOON + number * DAY // 100
        activities += lives(directory, f"customer-{number}", entered_ms, random)
    return journey_id, activities


async def comparison(api: ApiSession, journey_id: str) -> dict[str, Any]:
    answer = await (await api.client()).get(f"{BASE}/{journey_id}/metrics")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["comparison"]
    return found


async def test_the_past_is_taken_out_of_the_comparison_as_by_an_analysis_of_covariance(api: ApiSession) -> None:
    journey_id, activities = await a_history(api)
    await sunk(api.settings, activities)
    told = await comparison(api, journey_id)
    adjusted, plain = told["adjusted"], told["conversion"]

    rows = await api.pool.fetch(
        'select arm, past, conversions from "033_omnichannel_journey_orchestrator_participants" where past is not null'
    )
    assert adjusted["customers"] == len(rows) == LATER
    assert told["treatment"]["customers"] + told["holdout"]["customers"] == EARLY + LATER
    assert max(row["past"] for row in rows) == RECENT_TIMES
    arm = [float(row["arm"] == TREATMENT) for row in rows]
    before = [float(row["past"]) for row in rows]
    converted = [float(row["conversions"] > 0) for row in rows]
    covariates = statsmodels.api.add_constant(numpy.column_stack([arm, before]))
    fitted = statsmodels.api.OLS(converted, covariates).fit(cov_type="HC2")
    assert (adjusted["absolute"], adjusted["theta"]) == pytest.approx(tuple(fitted.params[1:]), rel=1e-9)
    low, high = fitted.conf_int()[1]
    assert (adjusted["absolute_low"], adjusted["absolute_high"]) == pytest.approx((low, high), rel=0.03)
    assert adjusted["p_value"] == pytest.approx(fitted.pvalues[1], rel=0.2, abs=1e-6)

    assert adjusted["variance_left"] < 0.9
    assert high - low < plain["absolute_high"] - plain["absolute_low"]
    assert low < EFFECT < high
    assert any("1,350 customers" in note and "no anytime interval" in note for note in told["notes"])


async def test_after_is_compared_with_before_of_those_whose_window_is_over(api: ApiSession) -> None:
    journey_id, activities = await a_history(api)
    asking = a_journey(goal={**GOAL, "compare_before": "P30D"}, holdout=HOLDOUT)
    directory = Directory.empty().with_record(a_version(asking, 2, journey_id))
    directory = directory.with_record(a_standing(version=2, journey_id=journey_id))
    yesterday_ms = int(time.time() * 1_000) - DAY
    late = [each for number in range(50) for each in lives(directory, f"late-{number}", yesterday_ms, Random(number))]
    await sunk(api.settings, [*activities, *late])
    told = await comparison(api, journey_id)

    for arm in ("treatment", "holdout"):
        mine = [each for each in activities if each.arm == arm and each.type in ("journey_entered", "goal_reached")]
        were_active = {
            each.customer_id: each.details.get("was_active") for each in mine if each.type == "journey_entered"
        }
        known = [customer for customer, was_active in were_active.items() if was_active is not None]
        converted = {each.customer_id for each in mine if each.type == "goal_reached"}
        baseline = told[arm]["baseline"]
        assert baseline["customers"] == len(known) > 100
        assert baseline["rate_before"] == pytest.approx(sum(bool(were_active[each]) for each in known) / len(known))
        assert baseline["rate_after"] == pytest.approx(len(converted.intersection(known)) / len(known))
        assert baseline["absolute_low"] < baseline["absolute"] < baseline["absolute_high"]
    assert any("weaker than a holdout" in note for note in told["notes"])


async def test_reading_the_activities_again_or_in_other_parts_changes_no_past(api: ApiSession) -> None:
    journey_id, activities = await a_history(api)
    await sunk(api.settings, activities)
    before = await contents(api.pool), await comparison(api, journey_id)
    await sunk(api.settings, activities[:700])
    await sunk(api.settings, activities)
    assert (await contents(api.pool), await comparison(api, journey_id)) == before


async def test_a_journey_that_no_longer_asks_is_compared_without_its_past(api: ApiSession) -> None:
    journey_id, activities = await a_history(api)
    await sunk(api.settings, activities)
    told = await comparison(api, journey_id)
    answer = await (await api.client()).patch(
        f"{BASE}/{journey_id}", json={"config": a_journey(goal=GOAL, holdout=HOLDOUT)}
    )
    assert answer.status_code == 200, answer.text
    then = await comparison(api, journey_id)
    assert (then["adjusted"], then["conversion"]) == (None, told["conversion"])
