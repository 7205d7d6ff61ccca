"""A small replay without Kafka: every tenth real customer and some personas."""

import pytest

from orchestrator.demo.scenario import TRIAL_OFFER, WIN_BACK, WORKSPACE, end_ms, events
from orchestrator.journeys.directory import Directory
from orchestrator.journeys.replay import Replay, replay
from orchestrator.messages.config import ConfigRecord, JourneyStanding, JourneyVersion
from orchestrator.messages.event import EngagementEvent

PERSONAS = 400


@pytest.fixture(scope="session")
def happening() -> list[EngagementEvent]:
    """What happens by itself, in order of time."""
    return [
        event
        for event in events(PERSONAS)
        if event.customer_id.startswith("persona-") or event.customer_id.endswith("7")
    ]


@pytest.fixture(scope="session")
def configs() -> list[ConfigRecord]:
    """Both journeys, active, as the control plane tells the workers: their ids are "win-back" and "trial-offer"."""
    records: list[ConfigRecord] = []
    for journey_id, document in (("win-back", WIN_BACK), ("trial-offer", TRIAL_OFFER)):
        identity = {"workspace_id": WORKSPACE, "journey_id": journey_id, "version": 1}
        records += [JourneyVersion(**identity, config=document), JourneyStanding(**identity, status="ACTIVE")]
    return records


@pytest.fixture(scope="session")
def played(configs: list[ConfigRecord], happening: list[EngagementEvent]) -> Replay:
    """What the engine makes of it, without any answer to an offer."""
    directory = Directory.empty()
    for record in configs:
        directory = directory.with_record(record)
    return replay(directory, happening, end_ms(happening))
