"""The points of the worker's protocol at which a test may let it die: see ``orchestrator.crash``."""

from collections.abc import Mapping

from orchestrator.crash import EXIT_CODE, VARIABLE, Crash, chosen_crash

AFTER_DECIDE = "after_decide"
AFTER_FORWARD = "after_forward"
AFTER_BEGIN = "after_begin"
AFTER_PRODUCE = "after_produce"
AFTER_COMMIT = "after_commit"
AFTER_STORE = "after_store"
AFTER_ACKNOWLEDGE = "after_acknowledge"
DURING_RECOVERY = "during_recovery"
POINTS = (
    AFTER_DECIDE,
    AFTER_FORWARD,
    AFTER_BEGIN,
    AFTER_PRODUCE,
    AFTER_COMMIT,
    AFTER_STORE,
    AFTER_ACKNOWLEDGE,
    DURING_RECOVERY,
)

__all__ = ["EXIT_CODE", "POINTS", "VARIABLE", "Crash", "crash_from"]


def crash_from(environment: Mapping[str, str]) -> Crash:
    """The crash the environment asks for.

    Raises:
        ConfigurationError: when the variable names no point of the protocol.
    """
    return chosen_crash(environment, POINTS)
