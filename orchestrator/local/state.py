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
        return StackState(_kafka(content["kafka"]), _postgres(content["postgres"]))
    except (ValueError, TypeError, KeyError) as error:
        raise StackError(
            f"reading {file}: it is damaged ({error!r}); end the servers it names and remove it"
        ) from error


def write_state(data_dir: Path, state: StackState) -> None:
    """Replaces the file in one step, so that a reader never sees half of it."""
    partial = data_dir / f"{FILE}.partial"
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(state), file, indent=1, default=str)
    partial.rename(data_dir / FILE)


def _kafka(content: dict[str, object] | None) -> KafkaServer | None:
    if content is None:
        return None
    return KafkaServer(_process(content["process"]), _number(content["port"]), _number(content["controller_port"]))


def _postgres(content: dict[str, object] | None) -> PostgresServer | None:
    if content is None:
        return None
    return PostgresServer(_process(content["process"]), _number(content["port"]), Path(str(content["folder"])))


def _process(content: object) -> ServerProcess:
    if not isinstance(content, dict):
        raise TypeError(f"a process is an object, not {content!r}")
    return ServerProcess(_number(content["pid"]), float(content["started"]), str(content["mark"]))


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is not a whole number")
    return value
