"""A report that comes over HTTP, into a file or to standard output, with the progress of it.

A file appears when it is whole: what comes is written beside it and put in its place at the end. One that is there is
never written over unless that was asked for. What is no file (a device, a pipe with a name) is written to as it is:
nothing may ever take its place.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import typer

from orchestrator.cli.show import err, tell
from orchestrator.errors import ConfigurationError

if TYPE_CHECKING:
    from orchestrator.cli.client import Client, Parts, Query

STANDARD_OUTPUT = Path("-")
UNFINISHED = ".part"


def check_destination(output: Path, force: bool, *, is_text: bool) -> None:
    """Refuses, before anything is asked for, what would be refused at the end.

    Raises:
        typer.BadParameter: there is such a file already, or a terminal would get what is no text.
    """
    if output == STANDARD_OUTPUT:
        if force:
            raise typer.BadParameter("--force goes with --output FILE")
        if not is_text and sys.stdout.isatty():
            raise typer.BadParameter("this format is no text: name a file with --output, or send it into a pipe")
    elif output.is_dir():
        raise typer.BadParameter(f"{output} is a folder: name a file in it")
    elif output.is_file() and not force:
        raise typer.BadParameter(f"{output} is there already: name another file, or write over it with --force")


def save(client: "Client", operation_id: str, path: "Parts", query: "Query", output: Path, force: bool) -> None:
    """Asks for the report and writes it.

    Raises:
        Refused, Unreachable, ConfigurationError: there is no report, or not the whole of it; no file is left then.
    """
    with client.download(operation_id, path, query) as response, _progress(str(output)) as advance:
        if output == STANDARD_OUTPUT:
            size = _write(response.iter_bytes(), sys.stdout.buffer, advance)
            sys.stdout.buffer.flush()
        else:
            with _file(output, force) as file:
                size = _write(response.iter_bytes(), file, advance)
    if output != STANDARD_OUTPUT:
        tell(f"wrote {size:,} bytes to {output}")


def _write(chunks: Iterator[bytes], file: BinaryIO, advance: Callable[[int], None]) -> int:
    size = 0
    for chunk in chunks:
        file.write(chunk)
        size += len(chunk)
        advance(size)
    return size


def _file(output: Path, force: bool) -> AbstractContextManager[BinaryIO]:
    if output.exists() and not output.is_file():
        return output.open("wb")
    return _new_file(output.resolve() if force else output, force)


@contextmanager
def _new_file(output: Path, force: bool) -> Iterator[BinaryIO]:
    """A file that is in its place when the block ends well, and nowhere else.

    Raises:
        ConfigurationError: it cannot be written there, or somebody else has made it meanwhile.
    """
    unfinished = output.with_name(output.name + UNFINISHED)
    is_ours = False
    try:
        if not force:
            output.open("xb").close()  # nobody else takes the name meanwhile
            is_ours = True
        with unfinished.open("wb") as file:
            yield file
        unfinished.replace(output)
        is_ours = False
    except OSError as error:
        raise ConfigurationError(f"writing {output}: {error.strerror or error}; name another file") from error
    finally:
        unfinished.unlink(missing_ok=True)
        if is_ours:
            output.unlink(missing_ok=True)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int], None]]:
    """Tells people at a terminal how much has come. How much will come, nobody knows: it is made as it is sent."""
    if not err.is_terminal or (what == str(STANDARD_OUTPUT) and sys.stdout.isatty()):
        yield lambda _: None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeElapsedColumn(), console=err, transient=True) as progress:
        task = progress.add_task(what.replace("[", "\\["), total=None)
        yield lambda size: progress.update(task, completed=size)
