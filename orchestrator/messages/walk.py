"""The orchestrator's own message to a partition: look at every customer you know."""

import msgspec


class WalkDue(msgspec.Struct, frozen=True, kw_only=True):
    """A moment of a journey's schedule has come: every known customer of the workspace is to be looked at.

    It is carried out in parts, in order of customer key: ``after`` is the last key that a part before has done.
    """

    workspace_id: str
    journey_id: str
    at_ms: int
    after: str = ""
