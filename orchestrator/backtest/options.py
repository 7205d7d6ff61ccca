"""What a backtest on the command line is asked for; in a module of its own, so that asking loads no engine."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class BacktestOptions:
    """The options of the command by their names; moments as they were written. ``journey_id`` None: a draft's own."""

    file: Path
    events: str
    since: str | None
    until: str | None
    workspace: str
    workspace_settings: Path | None
    against: Path | None
    against_activities: str | None
    journey_id: str | None
    memory_mib: int | None
    progress: bool
    as_json: bool
