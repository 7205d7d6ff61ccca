"""The message of a day: the overview's figures, with what each journey's comparison says."""

from datetime import date, datetime

from orchestrator.api.compared import comparisons
from orchestrator.api.experiment_documents import ComparisonDocument
from orchestrator.api.metrics import Span
from orchestrator.api.overview import Asked, added_up, whole_overview
from orchestrator.api.overview_documents import OverviewFigures, OverviewItem
from orchestrator.api.subscription_documents import DailyFigures, DailyFiguresMessage, JourneyOfDay, ResultOfLife
from orchestrator.api.under_way import UnderWay
from orchestrator.store.journeys import Sought
from orchestrator.store.overview import JourneyCounts
from orchestrator.store.subscriptions import Subscription
from orchestrator.store.tenant import Tenant


async def message_of(
    tenant: Tenant, standing: UnderWay, subscription: Subscription, day: date, now: datetime, *, is_sample: bool
) -> DailyFiguresMessage:
    """What ``subscription`` is sent about ``day`` of its zone.

    Raises:
        Unavailable: the database does not answer.
    """
    span = Span(day, day, subscription.zone, whole_life=False)
    overview = await whole_overview(tenant, standing, Asked(Sought(), span))
    wanted = None if subscription.journeys is None else set(subscription.journeys)
    items = [item for item in overview.items if wanted is None or item.journey.id in wanted]
    compared = await comparisons(tenant, [item.journey.id for item in items], now)
    total = added_up(JourneyCounts(**item.figures.model_dump()) for item in items)
    return DailyFiguresMessage(
        timestamp=now,
        data=DailyFigures(
            subscription_id=subscription.id,
            workspace_id=tenant.workspace_id,
            day=day,
            zone=subscription.zone,
            is_sample=is_sample,
            notes=overview.notes,
            totals=OverviewFigures.model_validate(total),
            journeys=[_journey(item, compared[item.journey.id]) for item in items],
        ),
    )


def _journey(item: OverviewItem, comparison: ComparisonDocument | None) -> JourneyOfDay:
    return JourneyOfDay(
        journey_id=item.journey.id,
        name=item.journey.name,
        campaign_id=item.journey.campaign_id,
        status=item.journey.status,
        figures=item.figures,
        under_way=item.under_way,
        result=None if comparison is None else result_of(comparison),
    )


def result_of(comparison: ComparisonDocument) -> ResultOfLife:
    """What a message tells of a comparison."""
    effect, holdout = comparison.conversion, comparison.holdout
    return ResultOfLife(
        finding=comparison.finding,
        verdict=comparison.verdict,
        first_day=comparison.first_day,
        last_day=comparison.last_day,
        with_messages=comparison.treatment.customers,
        with_messages_converted=comparison.treatment.conversions,
        without_messages=None if holdout is None else holdout.customers,
        without_messages_converted=None if holdout is None else holdout.conversions,
        uplift=None if effect is None else effect.relative,
        uplift_low=None if effect is None else effect.relative_anytime_low,
        uplift_high=None if effect is None else effect.relative_anytime_high,
    )
