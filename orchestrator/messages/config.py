"""What the control plane tells every worker, on one compacted topic.

Key on the topic: :func:`config_key`. A published version never changes; the journey's standing (which version is
entered, and whether it runs) is a record of its own that replaces its predecessor.
"""

from typing import Literal

import msgspec

JourneyStatus = Literal["DRAFT", "ACTIVE", "PAUSED", "STOPPED", "ARCHIVED"]


class JourneyVersion(msgspec.Struct, frozen=True, kw_only=True, tag="journey_version"):
    """A published, immutable definition: ``config`` is a valid ``JourneyDefinition`` document."""

    workspace_id: str
    journey_id: str
    version: int
    config: dict[str, object]


class JourneyStanding(msgspec.Struct, frozen=True, kw_only=True, tag="journey_standing"):
    """Which version new customers enter, and whether the journey runs.

    ``drain``: when STOPPED, customers under way finish (True) or leave at their next signal (False).
    """

    workspace_id: str
    journey_id: str
    campaign_id: str | None = None
    version: int
    status: JourneyStatus
    drain: bool = False
    changed_at_ms: int = 0


class WorkspaceSettings(msgspec.Struct, frozen=True, kw_only=True, tag="workspace_settings"):
    """What holds for every journey of a workspace. ``is_sending`` False is the kill switch: no command leaves."""

    workspace_id: str
    is_sending: bool = True
    changed_at_ms: int = 0


ConfigRecord = JourneyVersion | JourneyStanding | WorkspaceSettings


def config_key(record: ConfigRecord) -> str:
    """The key under which the compacted topic keeps the latest record of its kind."""
    match record:
        case JourneyVersion():
            return f"{record.workspace_id}:journey_version:{record.journey_id}:{record.version}"
        case JourneyStanding():
            return f"{record.workspace_id}:journey_standing:{record.journey_id}"
        case WorkspaceSettings():
            return f"{record.workspace_id}:workspace_settings"
