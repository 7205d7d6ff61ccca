"""Customers wait while a worker starts, people while a command does: each loads what it needs, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

NOT_NEEDED = {"aiohttp", "asyncpg", "click", "fastapi", "rich", "ruamel", "typer", "uvicorn"}
# As `orchestrator worker`, but for Kafka.
WORKER = """
import asyncio
import sys

from orchestrator.cli.app import main

def build(serving):
    from orchestrator.catalog import Catalog
    from orchestrator.settings import load_settings
    from orchestrator.streams.faust_app import FaustApp

    serving.close()
    FaustApp(load_settings(), Catalog(load_settings()), None, print).app.finalize()

asyncio.run = build
sys.argv = ["orchestrator", "worker"]
main()
"""
FAUST_AFTER_AIOHTTP = """
import aiohttp
from orchestrator.streams.faust_light import load_faust

load_faust()
import faust.types.web
assert faust.types.web.HttpClientT is aiohttp.ClientSession
"""


def loaded(code: str, folder: Path) -> set[str]:
    """The top-level modules that a fresh process has after this."""
    environment = {**os.environ, "ORCHESTRATOR_DATA_DIR": str(folder)}
    said = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in said.stdout.split()}


def test_a_worker_loads_neither_the_command_line_nor_what_other_processes_need(tmp_path: Path) -> None:
    found = loaded(WORKER, tmp_path)
    assert {"faust", "aiokafka", "orchestrator"} <= found
    assert not found & NOT_NEEDED


def test_a_command_that_asks_the_api_loads_no_engine_and_nothing_of_kafka(tmp_path: Path) -> None:
    found = loaded("import orchestrator.cli.commands", tmp_path)
    assert {"typer", "orchestrator"} <= found
    assert not found & {"aiokafka", "asyncpg", "fastapi", "pydantic_settings", "uvloop"}


def test_what_was_left_out_of_faust_can_be_loaded_afterwards(tmp_path: Path) -> None:
    assert "aiohttp" in loaded(f"{WORKER}\nimport aiohttp.web\nassert aiohttp.ClientSession", tmp_path)


def test_faust_is_loaded_as_it_is_where_aiohttp_is_there_already(tmp_path: Path) -> None:
    assert "faust" in loaded(FAUST_AFTER_AIOHTTP, tmp_path)
