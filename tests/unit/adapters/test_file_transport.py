"""The file adapter's lines: whole, found again, and not read as something else after a cut."""

import io
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from orchestrator.adapters.file_transport import FileTransport
from orchestrator.adapters.result import Later, Refused, Sent, Unknown
from orchestrator.adapters.templates import Templates
from orchestrator.errors import ConfigurationError
from tests.adapter_process import a_command, times_written, written


async def test_a_message_is_a_line_and_is_found_by_its_id(tmp_path: Path) -> None:
    transport = FileTransport("push", tmp_path, None)
    assert await transport.send(2, a_command(1, variables={"id": "command-7"})) == Sent()
    assert await transport.send(2, a_command(2)) == Sent()
    assert await transport.found(2, ["command-1", "command-2", "command-3", "command-7"]) == {"command-1", "command-2"}
    assert await transport.found(1, ["command-1"]) == set()
    await transport.close()
    assert [line["id"] for line in written(tmp_path)] == ["command-1", "command-2"]


async def test_a_line_that_was_cut_is_not_found_and_hides_no_other(tmp_path: Path) -> None:
    (tmp_path / "push-0.jsonl").write_bytes(b'{"id":"command-1","template":"wel')
    transport = FileTransport("push", tmp_path, None)
    assert await transport.found(0, ["command-1"]) == set()
    await transport.send(0, a_command(2))
    assert await transport.found(0, ["command-1", "command-2"]) == {"command-2"}
    await transport.close()


async def test_a_full_disk_leaves_no_half_line_and_is_tried_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = FileTransport("push", tmp_path, None)
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, line: write(file, line[:5]))
    assert await transport.send(0, a_command(1)) == Later("writing: No space left on device")
    monkeypatch.setattr(os, "write", write)
    assert await transport.send(0, a_command(1)) == Sent()
    await transport.close()
    assert times_written(tmp_path) == {"command-1": 1}


async def test_a_file_that_was_moved_away_or_removed_is_begun_anew_and_no_line_is_lost(tmp_path: Path) -> None:
    transport = FileTransport("push", tmp_path, None)
    file = tmp_path / "push-0.jsonl"
    assert await transport.send(0, a_command(1)) == Sent()
    file.rename(tmp_path / "push-0.old.jsonl")
    assert await transport.send(0, a_command(2)) == Sent()
    file.unlink()
    assert await transport.send(0, a_command(3)) == Sent()
    shutil.move(tmp_path, tmp_path.with_name("away"))
    assert await transport.send(0, a_command(4)) == Later("writing: No such file or directory")
    shutil.move(tmp_path.with_name("away"), tmp_path)
    assert await transport.send(0, a_command(4)) == Sent()
    await transport.close()
    assert times_written(tmp_path) == {"command-1": 1, "command-3": 1, "command-4": 1}


async def test_a_disk_that_stays_full_takes_no_more_and_more_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: int, line: bytes) -> int:
        raise OSError(28, "No space left on device")

    (tmp_path / "push-0.jsonl").write_bytes(b"cut")
    transport = FileTransport("push", tmp_path, None)
    monkeypatch.setattr(os, "write", full)
    opened = len(os.listdir("/proc/self/fd"))
    for number in range(10):
        assert await transport.send(0, a_command(number)) == Later("writing: No space left on device")
    assert len(os.listdir("/proc/self/fd")) == opened
    await transport.close()


async def test_messages_are_rendered_where_there_are_templates(tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "welcome.txt.liquid").write_text("Hi {{ number }}")
    transport = FileTransport("push", tmp_path, Templates(folder))
    assert await transport.send(0, a_command(1)) == Sent()
    assert isinstance(await transport.send(0, a_command(2, template="../welcome")), Refused)
    await transport.close()
    assert [line["text"] for line in written(tmp_path)] == ["Hi 1"]


async def test_standard_output_has_the_lines_and_cannot_be_looked_into(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    transport = FileTransport("push", None, None)
    assert not transport.is_repeatable
    await transport.send(0, a_command(1))
    assert json.loads(capfdbinary.readouterr().out)["id"] == "command-1"
    assert list(await transport.found(0, ["command-1"])) == []


async def test_of_a_pipe_that_breaks_nobody_knows_what_went_through(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with io.FileIO(writing, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(pipe, write_through=True))
        assert await FileTransport("push", None, None).send(0, a_command(1)) == Unknown("writing: Broken pipe")


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="ORCHESTRATOR_ADAPTER_FILE_DIR"):
        FileTransport("push", tmp_path / "file" / "folder", None)
