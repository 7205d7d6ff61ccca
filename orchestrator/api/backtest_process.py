"""One backtest, carried out by a process of its own: the command line's ``backtest``, which prints one JSON document.

So it takes neither time nor memory from requests: it has less of the processor than they, a bound to its memory, and
ends with whoever waits for it.
"""

import asyncio
import json
import logging
import os
import signal
import sys
from asyncio import StreamReader
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast
from uuid import UUID

from pydantic import SecretStr, ValidationError

from orchestrator.api.backtest_documents import BacktestProgress, BacktestResult
from orchestrator.catalog import Catalog
from orchestrator.errors import OrchestratorError, OutOfMemory
from orchestrator.settings import Settings

log = logging.getLogger(__name__)

MAX_RESULT_BYTES = 8 * 1024 * 1024  # ten years of days are 1.5 MiB
_CHUNK_BYTES = 64 * 1024
_LAST_LINES = 20  # of what it says on standard error
_NICENESS = 10
# As it says itself, or as the interpreter aborts where there is no memory left to say anything.
_OUT_OF_MEMORY = (OutOfMemory.exit_code, -signal.SIGABRT)
# What reading a topic needs. Of PostgreSQL the process knows nothing.
_NEEDED = (
    "kafka",
    "kafka_security",
    "kafka_sasl_mechanism",
    "kafka_username",
    "kafka_password",
    "kafka_ca_file",
    "kafka_cert_file",
    "kafka_key_file",
    "kafka_key_password",
    "group",
    "topics_dir",
    "topic_prefix",
    "replicas",
    "partitions",
)

Heard = Callable[[BacktestProgress], None]


class NotCarriedOut(OrchestratorError):
    """The backtest has no result; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be run over the events of ``workspace_id`` from ``since`` to ``until``.

    ``settings``: what binds every journey of the workspace. ``published``: a definition to compare with.
    """

    workspace_id: str
    journey_id: UUID | None
    definition: Mapping[str, object]
    settings: Mapping[str, object]
    since: datetime
    until: datetime
    published: Mapping[str, object] | None = None


async def carry_out(order: Order, settings: Settings, heard: Heard) -> BacktestResult:
    """The result; meanwhile ``heard`` is told how far it is. Cancelled, it ends the process.

    Raises:
        NotCarriedOut: there is none.
    """
    with TemporaryDirectory(prefix="backtest-") as name:
        folder = Path(name)
        arguments = await asyncio.to_thread(_written, folder, order)
        topic = Catalog(settings).events
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "orchestrator", "backtest", *arguments),
                *(f"--events=topic:{topic}", f"--memory-mib={settings.backtest_memory_mib}", "--progress", "--json"),
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=PIPE,
                env=environment_of(settings, os.environ),
                limit=MAX_RESULT_BYTES,
            )
        except OSError as error:
            raise NotCarriedOut(f"a process for it could not be started: {error.strerror}; try again later") from error
        try:
            return await _attended(process, settings, heard)
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()  # or its pipes would stay open


def environment_of(settings: Settings, inherited: Mapping[str, str]) -> dict[str, str]:
    """The environment of the process: what is inherited but for our own settings, and of those the ones it needs."""
    ours = {f"ORCHESTRATOR_{name.upper()}": getattr(settings, name) for name in _NEEDED}
    return {
        **{name: value for name, value in inherited.items() if not name.startswith("ORCHESTRATOR_")},
        **{name: _text(value) for name, value in ours.items() if value is not None},
    }


def _text(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _written(folder: Path, order: Order) -> list[str]:
    """Writes the documents into the folder, and gives the arguments that name them."""

    def write(name: str, document: Mapping[str, object]) -> Path:
        path = folder / name
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    arguments = [
        str(write("journey.json", order.definition)),
        f"--workspace={order.workspace_id}",
        f"--workspace-settings={write('workspace.json', order.settings)}",
        f"--from={order.since.isoformat()}",
        f"--to={order.until.isoformat()}",
    ]
    if order.journey_id is not None:
        arguments.append(f"--journey-id={order.journey_id}")
    if order.published is not None:
        arguments.append(f"--against={write('published.json', order.published)}")
    return arguments


async def _attended(process: Process, settings: Settings, heard: Heard) -> BacktestResult:
    with suppress(ProcessLookupError):  # it has ended already
        os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
    async with asyncio.TaskGroup() as group:
        printed = group.create_task(_read(process))
        said = group.create_task(_listen(cast(StreamReader, process.stderr), heard))
        group.create_task(process.wait())
    text = printed.result()
    if len(text) > MAX_RESULT_BYTES:
        raise NotCarriedOut(f"its result has more than {MAX_RESULT_BYTES:,} bytes; choose a shorter period")
    if process.returncode == 0:
        try:
            return BacktestResult.model_validate_json(text)
        except ValidationError as error:
            raise NotCarriedOut("its result cannot be read; the log of the API says more") from error
    log.warning(
        "A backtest ended with code %s: %s",
        process.returncode,
        " / ".join(said.result()) or "nothing was said",
        extra={"action": "backtest_failed", "exit_code": process.returncode},
    )
    if process.returncode in _OUT_OF_MEMORY:
        raise NotCarriedOut(
            f"the history takes more than the {settings.backtest_memory_mib:,} MiB of memory that a backtest may take; "
            "choose an earlier end, or let whoever runs the orchestrator raise ORCHESTRATOR_BACKTEST_MEMORY_MIB"
        )
    raise NotCarriedOut("it ended with an error; the log of the API says which. Try again later")


async def _read(process: Process) -> bytes:
    """What the process prints, up to a bit too much; one that prints too much is ended."""
    stream = cast(StreamReader, process.stdout)
    printed = bytearray()
    while part := await stream.read(_CHUNK_BYTES):
        if len(printed) <= MAX_RESULT_BYTES:
            printed += part
        elif process.returncode is None:
            process.kill()
    return bytes(printed)


async def _listen(stream: StreamReader, heard: Heard) -> list[str]:
    """Hears how far it is; the last lines that say something else."""
    said: deque[str] = deque(maxlen=_LAST_LINES)
    async for line in stream:
        try:
            heard(BacktestProgress.model_validate_json(line))
        except ValidationError:
            said.append(line.decode(errors="replace").strip())
    return list(said)
