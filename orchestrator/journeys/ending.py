"""How a run ends."""

from msgspec.structs import replace

from orchestrator.journeys.plan import Plan
from orchestrator.journeys.state import Run
from orchestrator.journeys.turn import Turn


def leave(turn: Turn, plan: Plan, run: Run, reason: str) -> Run:
    """Ends the run early."""
    turn.record("run_exited", plan, run, run.step, {"reason": reason})
    return _ended(run)


def complete(turn: Turn, plan: Plan, run: Run, step_id: str, reason: str) -> Run:
    """Ends the run at an exit step."""
    turn.record("run_completed", plan, run, step_id, {"reason": reason})
    return _ended(run)


def _ended(run: Run) -> Run:
    """Without what only a run under way needs: it may be kept for months, until its goal can be reached no more."""
    return replace(run, step="", due_ms=None, sent_ms=None, entry_fields={}, outcomes={}, visits={}, loops={})
