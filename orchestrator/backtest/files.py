"""Journey files."""

from pathlib import Path

from orchestrator.backtest.documents import read_document
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.definitions.parse import check_journey


def read_journey(path: Path) -> JourneyDefinition:
    """The journey in the file.

    Raises:
        DefinitionError: with every problem at once; ``$`` is the file.
    """
    return check_journey(read_document(path))
