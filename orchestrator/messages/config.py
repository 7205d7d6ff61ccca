"""What the control plane tells every worker, on one compacted topic.

Key on the topic: :func:`config_key`. A published version never changes; the journey's standing (which version is
entered, and whether it runs) is a record of its own that replaces its predecessor.
"""

from typing import Literal

import msgspec

JourneyStatus = Literal["DRAFT", "ACTIVE", "PAUSED", "STOPPED", "ARCHIVED"]
MigrationPolicy = Literal["pin", "follow", "map", "drain"]


class Migration(msgspec.Struct, frozen=True, kw_only=True):
    """How customers who were under way when ``version`` was published go on.

    ``pin``: to the end of the version they are on. ``follow``: at the step of the same name in ``version``. ``map``:
    at the step that ``steps`` names for theirs, else at the one of the same name. ``drain``: on the version they are
    on, but whoever is still under way at ``until_ms`` leaves. A customer who follows or is mapped, and whose step
    exists no more, leaves. Waits are counted anew from the arrival at the step.
    """

    version: int
    policy: MigrationPolicy
    steps: dict[str, str] = {}
    until_ms: int | None = None


class JourneyVersion(msgspec.Struct, frozen=True, kw_only=True, tag="journey_version"):
    """A published, immutable definition: ``config`` is a valid ``JourneyDefinition`` document."""

    workspace_id: str
    journey_id: str
    version: int
    config: dict[str, object]


class JourneyStanding(msgspec.Struct, frozen=True, kw_only=True, tag="journey_standing"):
    """Which version new customers enter, and whether the journey runs.

    ``drain``: when STOPPED, customers under way finish (True) or leave at once (False). ``migrations``:
    one for each version but the first, by version; one that is missing means ``pin``.
    """

    workspace_id: str
    journey_id: str
    campaign_id: str | None = None
    version: int
    status: JourneyStatus
    drain: bool = False
    changed_at_ms: int = 0
    migrations: tuple[Migration, ...] = ()


class WorkspaceSettings(msgspec.Struct, frozen=True, kw_only=True, tag="workspace_settings"):
    """What holds for every journey of a workspace. ``is_sending`` False is the kill switch: no command leaves.

    ``holdout_percent``: of all customers, who get nothing from any journey. ``guardrails``: a ``Guardrails`` document
    that binds beside each journey's own. ``costs``: of one send by channel, where a step names none.
    """

    workspace_id: str
    is_sending: bool = True
    changed_at_ms: int = 0
    holdout_percent: float = 0.0
    guardrails: dict[str, object] = {}
    costs: dict[str, float] = {}


class ExperimentShares(msgspec.Struct, frozen=True, kw_only=True, tag="experiment_shares"):
    """How customers who arrive at an experiment step from now on are shared out among its arms, in percent.

    ``epoch`` counts the decisions, from 1; before the first the arms share equally. ``is_final``: the horizon is
    reached, and the shares change no more. ``evidence``: what the decision rests on, for people.
    """

    workspace_id: str
    journey_id: str
    step: str
    epoch: int
    shares: dict[str, float]
    is_final: bool = False
    decided_at_ms: int = 0
    evidence: dict[str, object] = {}


ConfigRecord = JourneyVersion | JourneyStanding | WorkspaceSettings | ExperimentShares


def config_key(record: ConfigRecord) -> str:
    """The key under which the compacted topic keeps the latest record of its kind."""
    match record:
        case JourneyVersion():
            return f"{record.workspace_id}:journey_version:{record.journey_id}:{record.version}"
        case JourneyStanding():
            return f"{record.workspace_id}:journey_standing:{record.journey_id}"
        case WorkspaceSettings():
            return f"{record.workspace_id}:workspace_settings"
        case ExperimentShares():
            return f"{record.workspace_id}:experiment_shares:{record.journey_id}:{record.step}"
