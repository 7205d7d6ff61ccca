"""A backtest is a process of its own: what it is told, what is heard of it, and that it ends with whoever waits."""

import asyncio
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from orchestrator.api import backtest_process
from orchestrator.api.backtest_documents import BacktestProgress
from orchestrator.api.backtest_process import NotCarriedOut, Order, carry_out, environment_of
from orchestrator.errors import OutOfMemory
from orchestrator.settings import Settings, load_settings
from tests.builders import a_journey

RESULT: dict[str, Any] = {
    **dict.fromkeys(("read", "unusable", "erased", "signals", "before", "customers", "entered", "sent"), 1),
    **{name: {} for name in ("entry_refused", "suppressed", "deferred", "ended", "arms", "steps", "days")},
    **{"from": None, "to": None, "cost": 0.5, "note": "history is silent"},
}
ORDER = Order(
    workspace_id="-acme",
    journey_id=None,
    definition=a_journey(),
    settings={"costs": {"sms": 1.0}},
    since=datetime(2026, 1, 1, tzinfo=UTC),
    until=datetime(2026, 2, 1, tzinfo=UTC),
    published=a_journey(name="As published"),
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(
        kafka="kafka:9092",
        kafka_password="open sesame",
        postgres="postgresql://me:hidden@db/journeys",
        topic_prefix="mine.",
        backtest_memory_mib=300,
        data_dir=tmp_path,
    )


def standing_in(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """A program that is started instead of Python with the orchestrator in it."""
    program = folder / "program"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    monkeypatch.setattr(backtest_process.sys, "executable", str(program))


async def run(settings: Settings, heard: list[BacktestProgress] | None = None) -> Any:
    return await carry_out(ORDER, settings, ([] if heard is None else heard).append)


async def test_the_process_is_told_everything_and_no_secret_stands_in_its_arguments(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    script = f"""
        printf '%s\\n' "$@" > {seen}.arguments; env > {seen}.environment
        cp "$5" {seen}.journey
        echo '{{"phase": "reading", "done": 3, "of": 9}}' >&2
        echo 'a word beside' >&2
        echo '{json.dumps({**RESULT, "for_example": ["c1"]})}'
    """
    standing_in(monkeypatch, tmp_path, script)
    heard: list[BacktestProgress] = []
    result = await run(settings, heard)
    assert (result.cost, result.note) == (0.5, "history is silent")
    assert heard == [BacktestProgress(phase="reading", done=3, of=9)]
    arguments = await asyncio.to_thread(Path(f"{seen}.arguments").read_text)
    assert {"--workspace=-acme", "--from=2026-01-01T00:00:00+00:00", "--to=2026-02-01T00:00:00+00:00"} <= set(
        arguments.splitlines()
    )
    assert "--events=topic:mine.engagement.events.v1" in arguments
    assert "--memory-mib=300" in arguments
    assert "sesame" not in arguments
    environment = await asyncio.to_thread(Path(f"{seen}.environment").read_text)
    assert "ORCHESTRATOR_KAFKA_PASSWORD=open sesame" in environment
    assert "hidden" not in environment
    assert "ORCHESTRATOR_POSTGRES" not in environment


def test_settings_of_others_are_not_handed_on(settings: Settings) -> None:
    environment = environment_of(settings, {"PATH": "/bin", "ORCHESTRATOR_POSTGRES": "p", "ORCHESTRATOR_KAFKA": "old"})
    assert environment["PATH"] == "/bin"
    assert environment["ORCHESTRATOR_KAFKA"] == "kafka:9092"
    assert "ORCHESTRATOR_POSTGRES" not in environment
    assert "ORCHESTRATOR_REPLICAS" not in environment  # which is None: as the topic files say


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (f"exit {OutOfMemory.exit_code}", "more than the 300 MiB"),
        ("kill -ABRT $$", "more than the 300 MiB"),
        ("echo trouble >&2; exit 1", "the log of the API says which"),
        ("kill -9 $$", "the log of the API says which"),
        ("echo '{}'", "cannot be read"),
        (
            "exec yes '                                                                      '",
            "choose a shorter period",
        ),
    ],
)
async def test_why_there_is_no_result_is_said(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path, script: str, words: str
) -> None:
    standing_in(monkeypatch, tmp_path, script)
    monkeypatch.setattr(backtest_process, "MAX_RESULT_BYTES", 100_000)
    with pytest.raises(NotCarriedOut, match=words):
        await run(settings)


async def test_a_program_that_is_not_there_is_told(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
) -> None:
    monkeypatch.setattr(backtest_process.sys, "executable", str(tmp_path / "missing"))
    with pytest.raises(NotCarriedOut, match="could not be started"):
        await run(settings)


async def test_whoever_stops_waiting_ends_the_process_and_leaves_no_file(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
) -> None:
    monkeypatch.setattr(backtest_process, "TemporaryDirectory", _in(tmp_path))
    standing_in(
        monkeypatch, tmp_path, f"echo $$ > {tmp_path}/pid.new; mv {tmp_path}/pid.new {tmp_path}/pid; exec sleep 600"
    )
    task = asyncio.create_task(run(settings))
    pid = tmp_path / "pid"
    async with asyncio.timeout(30):
        while not pid.exists():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        process = psutil.Process(int(pid.read_text()))
        while process.nice() <= os.nice(0) <= 9:  # it gives way to everybody else, once it is there  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not psutil.pid_exists(process.pid)
    assert [name for name in os.listdir(tmp_path) if name.startswith("backtest-")] == []


def _in(folder: Path) -> Any:
    from tempfile import TemporaryDirectory

    return lambda prefix: TemporaryDirectory(prefix=prefix, dir=folder)
