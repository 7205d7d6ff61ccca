"""Sends events from a file to the API, some hundred at a time, and tells the line of what is refused."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec
import typer

from orchestrator.cli.refusals import Refused
from orchestrator.cli.session import calling
from orchestrator.cli.show import err, print_document, say, tell
from orchestrator.errors import ConfigurationError, OrchestratorError
from orchestrator.journeys.state import SEEN_EVENTS
from orchestrator.messages.offered import MAX_EVENT_BYTES

if TYPE_CHECKING:
    from orchestrator.cli.client import Client

STANDARD_INPUT = Path("-")
EVENTS_AT_ONCE = 500
BYTES_AT_ONCE = 900_000  # of a body; the API takes a mebibyte
NONE_ACCEPTED = 422  # that is an answer too, with what was refused
MOST_TOLD = 20  # refusals of a batch; the others are counted
_BOM = b"\xef\xbb\xbf"

_array_in = msgspec.json.Decoder(list[msgspec.Raw]).decode
_check_json = msgspec.json.Decoder(msgspec.Raw).decode


@dataclass(frozen=True, slots=True)
class Line:
    """An event as it stands in the file. ``number``: its line, or in an array its place, from 1."""

    number: int
    raw: bytes


@dataclass(slots=True)
class Sent:
    """What became of the events so far; of each that was refused what the API says, and its line.

    ``line``: the last one whose event was accepted or refused.
    """

    accepted: int = 0
    line: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)


def send_events(file: Path, skip_refused: Path | None, address: str, as_json: bool) -> None:
    """Sends what is in the file, and prints how many events were accepted.

    Raises:
        typer.BadParameter: the file for what is refused is there already.
        typer.Exit: 1 if an event was refused and is not to be skipped.
        OrchestratorError: the API does not answer, the key does not count, or the file cannot be read.
    """
    if skip_refused is not None and skip_refused.exists():
        raise typer.BadParameter(f"--skip-refused: {skip_refused} is there already; name another file")
    sent = Sent()
    with ExitStack() as stack:
        session = stack.enter_context(calling(address, as_json))
        source = stack.enter_context(_opened(file))
        progress = stack.enter_context(_progress())
        try:
            for batch in batches(lines_in(source)):
                refused = send_batch(session.client, batch, sent)
                progress(sent.accepted)
                if refused and skip_refused is None:
                    break
                if refused and skip_refused is not None:
                    _set_aside(skip_refused, refused)
        except (OrchestratorError, KeyboardInterrupt):
            tell(f"stopped, with {_events(sent.accepted)} published; {_how_to_go_on(sent)}")
            raise
    _print(file, sent, skip_refused, as_json)
    if sent.refused and skip_refused is None:
        raise typer.Exit(1)


def lines_in(source: Iterable[bytes]) -> Iterator[Line]:
    """The events in JSON lines or in one JSON array; empty lines are passed over.

    Raises:
        ConfigurationError: it begins as an array, and is none.
    """
    lines = enumerate(source, 1)
    for number, line in lines:
        raw = line.removeprefix(_BOM).strip() if number == 1 else line.strip()
        if not raw:
            continue
        yield from _of_array(b"".join([raw, *(rest for _, rest in lines)])) if raw[:1] == b"[" else [Line(number, raw)]
        break
    yield from (Line(number, raw) for number, line in lines if (raw := line.strip()))


def _of_array(text: bytes) -> Iterator[Line]:
    try:
        found = _array_in(text)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ConfigurationError(f"the events begin as a JSON array, and are none: {error}") from error
    yield from (Line(number, bytes(raw)) for number, raw in enumerate(found, 1))


def batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """The lines in parts that fit into a request."""
    batch: list[Line] = []
    size = 0
    for line in lines:
        if len(batch) == EVENTS_AT_ONCE or (batch and size + len(line.raw) + 1 > BYTES_AT_ONCE):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line.raw) + 1
    if batch:
        yield batch


def send_batch(client: "Client", batch: list[Line], sent: Sent) -> list[Line]:
    """Publishes a part, counts it in ``sent``, and returns the lines that were refused.

    Raises:
        Refused, Unreachable, ConfigurationError: see :meth:`orchestrator.cli.client.Client.call`.
    """
    refused: dict[int, dict[str, Any]] = {}
    good: list[Line] = []
    for line in batch:
        problem = _problem(line)
        if problem is None:
            good.append(line)
        else:
            refused[line.number] = problem
    if good:
        body = b'{"events":[' + b",".join(line.raw for line in good) + b"]}"
        answer = client.call("publishEvents", content=body, takes=(NONE_ACCEPTED,))
        if answer.status == NONE_ACCEPTED and "refused" not in answer.document:
            raise Refused(str(answer.document.get("detail")), answer.status, answer.text)
        sent.accepted += answer.document.get("accepted", 0)
        for each in answer.document["refused"]:
            line = good[each["index"]]
            path = str(each["path"]).removeprefix(f"$.events[{each['index']}]")
            refused[line.number] = {**each, "path": f"${path}"}
    sent.line = batch[-1].number
    for number in sorted(refused):
        sent.refused.append(
            {"line": number, **{name: value for name, value in refused[number].items() if name != "index"}}
        )
    return [line for line in batch if line.number in refused]


def _problem(line: Line) -> dict[str, Any] | None:
    """Why the line cannot even be sent: it would spoil the request for all others."""
    fix = "write one JSON object"
    try:
        _check_json(line.raw)
    except (msgspec.MsgspecError, RecursionError) as error:
        return {"id": None, "code": "malformed", "path": "$", "detail": f"this is not JSON: {error}", "fix": fix}
    if len(line.raw) > MAX_EVENT_BYTES:
        detail = f"the event has {len(line.raw)} bytes; at most {MAX_EVENT_BYTES} are taken"
        return {"id": None, "code": "oversized", "path": "$", "detail": detail, "fix": "leave out of it what is large"}
    return None


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    if file == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    try:
        with file.open("rb") as source:
            yield source
    except OSError as error:
        raise ConfigurationError(f"reading {file}: {error.strerror or error}") from error


def _set_aside(file: Path, refused: list[Line]) -> None:
    try:
        with file.open("ab") as aside:
            for line in refused:
                aside.write(line.raw.replace(b"\n", b" ") + b"\n")
    except OSError as error:
        raise ConfigurationError(f"writing {file}: {error.strerror or error}; name another file") from error


def _print(file: Path, sent: Sent, skip_refused: Path | None, as_json: bool) -> None:
    name = "standard input" if file == STANDARD_INPUT else str(file)
    for each in sent.refused[:MOST_TOLD]:
        where = "" if each["path"] == "$" else f" at {each['path']}"
        tell(f"{name}, line {each['line']}: {each['code']}{where}: {each['detail']} ({each['fix']})")
    if len(sent.refused) > MOST_TOLD:
        tell(f"and {len(sent.refused) - MOST_TOLD:,} more are refused")
    if sent.refused and skip_refused is None:
        tell(
            f"stopped behind line {sent.line:,}, with {_events(sent.accepted)} published: mend what is refused, and "
            f"{_how_to_go_on(sent)}; or set what is refused aside with --skip-refused FILE"
        )
    if as_json:
        print_document({"accepted": sent.accepted, "refused": sent.refused})
        return
    aside = f"; {len(sent.refused):,} refused, in {skip_refused}" if sent.refused and skip_refused else ""
    say(f"published {_events(sent.accepted)}{aside}")


def _events(count: int) -> str:
    return "1 event" if count == 1 else f"{count:,} events"


def _how_to_go_on(sent: Sent) -> str:
    """Only the newest events of a customer are remembered: what comes again behind more of them counts anew."""
    again = "send the same again: what is published is known by its ids, and stays one"
    if not sent.line:
        return again
    return f"{again}, up to {SEEN_EVENTS} events of a customer; of more, send what is behind line {sent.line:,}"


@contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    """Tells people at a terminal how many events there have been."""
    if not err.is_terminal:
        yield lambda _: None
        return
    with err.status("sending") as status:
        yield lambda accepted: status.update(f"sending: {accepted:,} events so far")
