"""The command line as somebody types it, against an API in the process."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestrator.cli import session
from orchestrator.cli.client import Client
from orchestrator.cli.commands import app
from orchestrator.cli.credentials import KEY, KEY_FILE, URL, Credentials
from orchestrator.cli.show import tell
from orchestrator.errors import OrchestratorError
from tests.api_by_contract import KEY as A_KEY
from tests.api_by_contract import ApiByContract


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it printed where."""

    code: int
    out: str
    err: str


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> ApiByContract:
    """An API by the contract, which every command of this test asks; nobody waits for a pause."""
    api = ApiByContract()

    def open_client(credentials: Credentials) -> Client:
        return Client(credentials, tell, transport=api.transport, sleep=lambda _: None)

    monkeypatch.setattr(session, "open_client", open_client)
    monkeypatch.setenv(KEY, A_KEY)
    monkeypatch.delenv(KEY_FILE, raising=False)
    monkeypatch.delenv(URL, raising=False)
    return api


@pytest.fixture
def type_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """Runs a command in an empty folder; ``answers``: what the person says when asked."""
    monkeypatch.chdir(tmp_path)
    # Another test may have set logging up in this process, on a stream that is closed by now.
    monkeypatch.setattr(logging.root, "handlers", [])

    def run(*arguments: str, answers: str = "") -> Said:
        result = CliRunner().invoke(app, list(arguments), input=answers)
        match result.exception:
            case OrchestratorError() as error:  # as `orchestrator.cli.app.main` tells it
                return Said(error.exit_code, result.stdout, f"{result.stderr}{error}\n")
            case None | SystemExit():
                return Said(result.exit_code, result.stdout, result.stderr)
            case error:
                raise error

    return run
