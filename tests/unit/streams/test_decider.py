import pytest

from orchestrator.errors import DecodeError
from orchestrator.messages.codec import encode_config
from orchestrator.messages.config import JourneyStanding, JourneyVersion
from orchestrator.streams.decider import JourneyDecider
from tests.builders import JOURNEY, WORKSPACE, a_journey

DECIDER = JourneyDecider()


def test_a_published_journey_may_send_until_it_is_paused() -> None:
    directory = DECIDER.empty_directory()
    version = JourneyVersion(workspace_id=WORKSPACE, journey_id=JOURNEY, version=1, config=a_journey())
    active = JourneyStanding(workspace_id=WORKSPACE, journey_id=JOURNEY, version=1, status="ACTIVE")
    paused = JourneyStanding(workspace_id=WORKSPACE, journey_id=JOURNEY, version=1, status="PAUSED")
    answers = []
    for record in (version, active, paused):
        encoded = encode_config(record)
        directory = DECIDER.with_config(directory, encoded.key, encoded.value)
        answers.append(DECIDER.may_send(directory, WORKSPACE, JOURNEY))
    assert answers == [False, True, False]


def test_a_tombstone_removes_what_its_key_names() -> None:
    standing = encode_config(JourneyStanding(workspace_id=WORKSPACE, journey_id=JOURNEY, version=1, status="ACTIVE"))
    directory = DECIDER.with_config(DECIDER.empty_directory(), standing.key, standing.value)
    assert DECIDER.with_config(directory, standing.key, None) == DECIDER.empty_directory()


@pytest.mark.parametrize(
    "value",
    [
        b"{",
        encode_config(JourneyVersion(workspace_id=WORKSPACE, journey_id=JOURNEY, version=1, config={})).value,
    ],
)
def test_a_config_that_cannot_be_used_is_a_decode_error(value: bytes) -> None:
    with pytest.raises(DecodeError):
        DECIDER.with_config(DECIDER.empty_directory(), b"key", value)
