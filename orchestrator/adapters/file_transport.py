"""The transport that writes each message as a line of JSON: into a file a partition, or to standard output.

For trying out, for tests, and for providers that take files. A try without a known end is looked for in the file, so
the folder must be one that all processes of the channel see. Standard output cannot be looked into.
"""

import asyncio
import os
import sys
from collections.abc import Collection
from pathlib import Path

import msgspec

from orchestrator.adapters.message import Message
from orchestrator.adapters.result import Later, Refused, Result, Sent, Unknown
from orchestrator.adapters.templates import TemplateError, Templates
from orchestrator.errors import ConfigurationError
from orchestrator.messages.command import SendCommand
from orchestrator.messages.trace import TraceContext

_encode = msgspec.json.Encoder().encode


class _Id(msgspec.Struct):
    id: str


_decode_id = msgspec.json.Decoder(_Id).decode


class FileTransport:
    """Writes to ``folder/channel-partition.jsonl``; ``folder`` None: to standard output."""

    def __init__(self, channel: str, folder: Path | None, templates: Templates | None) -> None:
        self._channel = channel
        self._folder = folder
        self._templates = templates
        self._files: dict[int, int] = {}
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ConfigurationError(
                    f"making the folder {folder}: {error.strerror}; choose another ORCHESTRATOR_ADAPTER_FILE_DIR"
                ) from error

    @property
    def is_repeatable(self) -> bool:
        """In a folder, what is not found was not written; of standard output nobody knows."""
        return self._folder is not None

    async def found(self, partition: int, ids: Collection[str]) -> Collection[str]:
        """Looks for the lines in the partition's file."""
        return await asyncio.to_thread(self._look, partition, frozenset(ids)) if self._folder and ids else ()

    async def send(self, partition: int, command: SendCommand, trace: TraceContext | None = None) -> Result:
        """Writes the line, whole or not at all; the system's buffers are not flushed to the disk."""
        message: Message | None = None
        if self._templates is not None:
            try:
                message = self._templates.render(command.template, command.variables)
            except TemplateError as error:
                return Refused("failed", str(error))
        line = _line(command, message)
        if self._folder is None:
            return _printed(line)
        try:
            self._write(partition, line)
        except OSError as error:
            return Later(f"writing: {error.strerror}")
        return Sent()

    async def close(self) -> None:
        """Closes the files."""
        for number in self._files.values():
            os.close(number)
        self._files = {}

    def _path(self, partition: int) -> Path:
        return (self._folder or Path()) / f"{self._channel}-{partition}.jsonl"

    def _write(self, partition: int, line: bytes) -> None:
        path, file = self._path(partition), self._files.get(partition)
        if file is not None and not _is_at(file, path):  # it was moved away, or removed: the next line begins a new one
            os.close(self._files.pop(partition))
            file = None
        if file is None:
            file = self._files[partition] = _opened(path)
        before = os.lseek(file, 0, os.SEEK_END)
        if os.write(file, line) < len(line):  # the disk is full: what did fit must not stay
            os.ftruncate(file, before)
            raise OSError(28, "No space left on device")

    def _look(self, partition: int, ids: frozenset[str]) -> set[str]:
        path = self._path(partition)
        found: set[str] = set()
        if path.exists():
            with path.open("rb") as lines:
                for line in lines:
                    try:
                        id_ = _decode_id(line).id
                    except msgspec.MsgspecError:
                        continue  # a line that a machine without power has cut
                    if id_ in ids:
                        found.add(id_)
        return found


def _opened(path: Path) -> int:
    """Opens for appending; a line that was cut is ended first, so that the next one stands by itself."""
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        size = os.lseek(file, 0, os.SEEK_END)
        if size and os.pread(file, 1, size - 1) != b"\n":
            os.write(file, b"\n")
    except OSError:
        os.close(file)
        raise
    return file


def _is_at(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def _printed(line: bytes) -> Result:
    try:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
    except OSError as error:  # some of it may have gone through, and cannot be called back
        return Unknown(f"writing: {error.strerror}")
    return Sent()


def _line(command: SendCommand, message: Message | None) -> bytes:
    document: dict[str, object] = {
        "id": command.id,
        "workspace_id": command.workspace_id,
        "customer_id": command.customer_id,
        "channel": command.channel,
        "template": command.template,
        "category": command.category,
        "variables": command.variables,
    }
    if message is not None:
        document |= {"subject": message.subject, "text": message.text, "html": message.html}
    return _encode(document) + b"\n"
