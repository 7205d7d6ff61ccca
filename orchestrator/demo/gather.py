"""Reads what the run left in PostgreSQL and Kafka, and runs the reference over the same inputs."""

import asyncio

from orchestrator.catalog import Catalog
from orchestrator.demo.outcome import Journeys, Outcome, Run, outcome_of
from orchestrator.demo.publication import Edition
from orchestrator.demo.reference import run_reference, understand
from orchestrator.demo.replay import Played
from orchestrator.demo.scenario import WORKSPACE
from orchestrator.demo.tally import from_figures
from orchestrator.kafka.tail import Tail, TailRecord
from orchestrator.settings import Settings
from orchestrator.store.pool import Pool
from orchestrator.store.reports import refusals, totals
from orchestrator.store.tally import activity_ids
from orchestrator.store.tenant import Tenant


async def gather(
    settings: Settings, pool: Pool, journeys: Journeys, edition: Edition, played: Played, until_ms: int
) -> Outcome:
    """The comparison. ``until_ms``: the time that history has reached, milliseconds since 1970 UTC.

    Raises:
        Unavailable: the broker or the database does not answer.
    """
    catalog, tenant = Catalog(settings), Tenant(pool, WORKSPACE)
    both = (journeys.win_back, journeys.trial_offer)
    run = Run(
        published=edition.events + edition.duplicates + played.answers + played.reports,
        duplicates=edition.duplicates,
        dead_letters=len(await _read(settings, catalog, (catalog.dead_letters,))),
        figures={each: from_figures(await totals(tenant, each)) for each in both},
        activity_ids=frozenset(await activity_ids(tenant)),
        refused=sum([sum((await refusals(tenant, each)).values()) for each in both]),
        command_ids=played.command_ids,
        repeated_commands=played.repeated_commands,
    )
    records = await _read(settings, catalog, (catalog.configs, catalog.events, catalog.deliveries))
    inputs = await asyncio.to_thread(understand, catalog, records)
    reference = await asyncio.to_thread(run_reference, inputs, until_ms)
    return await asyncio.to_thread(outcome_of, run, inputs, reference, journeys)


async def _read(settings: Settings, catalog: Catalog, topics: tuple[str, ...]) -> list[TailRecord]:
    places = [(topic, catalog.spec(topic).partitions) for topic in topics]
    async with await Tail.open(settings, "demo-reference", places) as tail:
        return await tail.read_to_end()
