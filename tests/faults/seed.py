"""The seed of all chance in the fault tests: fixed, so that a red run can be repeated, and another one on demand.

``ORCHESTRATOR_FAULT_SEED=7 make test-faults``, or ``make test-faults SEED=7``. It stands in the head of the report and
beside every failure.
"""

import os
import random

VARIABLE = "ORCHESTRATOR_FAULT_SEED"
DEFAULT = 20_261_125
SEED = int(os.environ.get(VARIABLE) or DEFAULT)


def chance(of: str) -> random.Random:
    """The chance of one test: the same for the same seed, whichever other tests run."""
    return random.Random(f"{SEED}/{of}")
