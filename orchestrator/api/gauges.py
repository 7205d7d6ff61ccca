"""Where the guardrails of a journey stand, over HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from fastapi import APIRouter

from orchestrator.api import rule_sentences as say
from orchestrator.api.access import CallersTenant
from orchestrator.api.body import StrictRoute
from orchestrator.api.change import part_of
from orchestrator.api.decision_words import HOLDOUT
from orchestrator.api.gauge import (
    BEGINNING,
    capacity_limit,
    guardrails_of,
    in_force_since,
    keys_of,
    limits_with_sentences,
    of_brake,
    of_customers,
    of_holdout,
    of_limit,
    period_of,
    plain,
)
from orchestrator.api.gauge_documents import Gauge, GaugeOf, GuardrailState
from orchestrator.api.paths import BASE, JourneyId
from orchestrator.definitions.entry import Capacity
from orchestrator.definitions.guardrail import Brake, Guardrails
from orchestrator.guardrails.brakes import window_start
from orchestrator.guardrails.budget import Limit
from orchestrator.store import gauges as store
from orchestrator.store.journeys import Journey, find_journey, holdout_percents
from orchestrator.store.reports import arms
from orchestrator.store.tenant import Tenant
from orchestrator.store.workspaces import Workspace, find_workspace

_MINUTE_MS = 60_000
_LOOKED_BACK = timedelta(hours=24)

router = APIRouter(prefix=BASE, route_class=StrictRoute, tags=["reports"])


@router.get("/{id}/guardrails", operation_id="getJourneyGuardrails", summary="How far each guardrail is used")
async def read(tenant: CallersTenant, journey_id: JourneyId) -> GuardrailState:
    """Every rule that binds the journey, in words, with how far it is used and how much it has held back.

    The figures lag behind the workers, who alone keep the limits, by as long as it takes to write what they decided.
    """
    now = datetime.now(UTC)
    journey, workspace = await find_journey(tenant, journey_id), await find_workspace(tenant)
    held = await store.held_back_since(tenant, journey_id, now - _LOOKED_BACK)
    look = _Look(tenant, journey_id, now, held)
    items = [
        *await look.at_rules("journey", guardrails_of(journey.config.get("guardrails"))),
        *await look.at_capacity(_capacity(journey)),
        *await look.at_holdout(journey, workspace),
    ]
    if workspace.guardrails:
        items += await look.at_rules("workspace", guardrails_of(workspace.guardrails))
    if workspace.holdout_percent:
        percent = workspace.holdout_percent
        items.append(plain("holdout", "workspace", say.of_holdout(percent, "workspace"), held, limit=percent))
    is_sending = workspace.is_sending
    switch = say.of_kill_switch(is_sending=is_sending)
    items.append(plain("kill_switch", "workspace", switch, held, is_reached=not is_sending))
    return GuardrailState(generated_at=now, items=items)


@dataclass
class _Look:
    """Reads what the gauges of one journey show, each figure once."""

    tenant: Tenant
    journey_id: UUID
    now: datetime
    held: Mapping[str, int]
    counted: dict[tuple[GaugeOf, store.Period], store.Counted] = field(default_factory=dict)
    deliveries: dict[datetime, Mapping[str, int]] = field(default_factory=dict)

    async def at_rules(self, of: GaugeOf, guardrails: Guardrails) -> list[Gauge]:
        """The gauges of a whole set of rules."""
        found = list(of_customers(guardrails, of, self.held))
        limits = limits_with_sentences(guardrails, of)
        written = await self._written(of) if guardrails.budgets else []
        found += [await self._at_limit(limit, of, sentence, written) for limit, sentence in limits]
        if guardrails.brakes:
            resumed_at = await store.resumed_at(self.tenant, self.journey_id)
            found += [await self._at_brake(brake, of, resumed_at) for brake in guardrails.brakes]
        return found

    async def at_capacity(self, capacity: Capacity | None) -> list[Gauge]:
        """The gauge of how many may enter; none without such a rule."""
        if capacity is None:
            return []
        limit, written = capacity_limit(capacity), await self._written("journey")
        return [await self._at_limit(limit, "journey", say.of_capacity(capacity), written)]

    async def at_holdout(self, journey: Journey, workspace: Workspace) -> list[Gauge]:
        """The gauge of the journey's holdout: its share of the customers who have entered.

        Not known where the share was changed, or where the workspace holds out customers as well: the holdout is one.
        """
        document = journey.config.get("holdout")
        percent = float(document["percent"]) if isinstance(document, dict) else 0.0
        if not percent:
            return []
        treated = held_out = 0
        if not workspace.holdout_percent and len(await holdout_percents(self.tenant, self.journey_id)) == 1:
            customers = {arm.arm: arm.customers for arm in await arms(self.tenant, self.journey_id)}
            held_out = customers.get(HOLDOUT, 0)
            treated = sum(customers.values()) - held_out
        return [of_holdout(percent, treated, held_out, self.held)]

    async def _at_limit(
        self, limit: Limit, of: GaugeOf, sentence: str, written: Sequence[tuple[datetime, frozenset[str]]]
    ) -> Gauge:
        in_force: datetime | None = BEGINNING
        if limit.rule != "rate":
            in_force = in_force_since(limit.key, written)
            if of == "workspace" and in_force == BEGINNING:
                in_force = None  # it was there before changes were put on record
        counted: store.Counted | int | None = None
        if limit.period_ms == _MINUTE_MS and limit.channel is None:
            minute = self.now.replace(second=0, microsecond=0)
            counted = await store.count_in_minute(self.tenant, self._whose(of), minute)
        elif (period := period_of(limit, self.now, in_force)) is not None:
            counted = await self._count(of, period)
        return of_limit(limit, of, sentence, self.held, counted, self.now, in_force or BEGINNING)

    async def _at_brake(self, brake: Brake, of: GaugeOf, resumed_at: datetime) -> Gauge:
        since = window_start(brake, resumed_at, self.now)
        if since not in self.deliveries:
            self.deliveries[since] = await store.deliveries_since(self.tenant, self.journey_id, since)
        return of_brake(brake, of, self.deliveries[since], since, self.now)

    async def _count(self, of: GaugeOf, period: store.Period) -> store.Counted:
        if (of, period) not in self.counted:
            self.counted[of, period] = await store.count(self.tenant, self._whose(of), period)
        return self.counted[of, period]

    async def _written(self, of: GaugeOf) -> list[tuple[datetime, frozenset[str]]]:
        """What was limited from when on; see ``in_force_since``."""
        if of == "journey":
            return [(each.at, keys_of(each)) for each in await store.rules_of_versions(self.tenant, self.journey_id)]
        changes = await store.rules_of_workspace(self.tenant)
        if not changes:
            return []
        before = store.Rules(BEGINNING, changes[0][1])
        return [(each.at, keys_of(each)) for each in (before, *(after for after, _ in changes))]

    def _whose(self, of: GaugeOf) -> UUID | None:
        return self.journey_id if of == "journey" else None


def _capacity(journey: Journey) -> Capacity | None:
    document = part_of(journey.config, "entry").get("capacity")
    return None if document is None else Capacity.model_validate_json(msgspec.json.encode(document))
