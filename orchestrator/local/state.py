"""What the stack remembers of its servers between runs: ``stack.json``, for its owner only."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from orchestrator.errors import StackError
from orchestrator.local.kafka import KafkaServer
from orchestrator.local.postgres import PostgresServer
from orchestrator.local.process import ServerProcess

FILE = "stack.json"


@dataclass(frozen=True, slots=True)
class StackState:
    """The servers of the last run, running or not; None for one that was never started."""

    kafka: KafkaServer | None = None
    postgres: PostgresServer | None = None


def read_state(data_dir: Path) -> StackState:
    """The state in the folder; an empty one when there is none.

    Raises:
        StackError: when the file is not what ``write_state`` wrote.
    """
    file = data_dir / FILE
    if not file.exists():
        return StackState()
    try:
        content = json.loads(file.read_text())
        kafka, postgres = content["kafka"], content["postgres"]
        return StackState(
            kafka and KafkaServer(ServerProcess(**kafka.pop("process")), **kafka),
            postgres
            and PostgresServer(
                ServerProcess(**postgres.pop("process")), folder=Path(postgres.pop("folder")), **postgres
            ),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StackError(f"reading {file}: it is damaged ({error}); end the servers it names and remove it") from error


def write_state(data_dir: Path, state: StackState) -> None:
    """Replaces the file in one step, so that a reader never sees half of it."""
    partial = data_dir / f"{FILE}.partial"
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(state), file, indent=1, default=str)
    partial.rename(data_dir / FILE)
