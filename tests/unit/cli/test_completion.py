"""Tab completes commands, options and journeys, and what it offers does nothing but stand there."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from orchestrator.cli.completion import offer
from tests.api_by_contract import ID, KEY, a_document

TYPED = "import sys; from orchestrator.cli.app import main; sys.argv[0] = 'orchestrator'; main()"


class Listing(BaseHTTPRequestHandler):
    """An API with one journey."""

    def do_GET(self) -> None:
        journey = a_document("JourneyItem", id=ID, name="Welcome $(touch here)", status="ACTIVE")
        body = json.dumps({"items": [journey], "next_cursor": None}).encode()
        self.send_response(200 if self.headers["Authorization"] == f"Bearer {KEY}" else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Listing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def completed(line: str, **environment: str) -> list[str]:
    """What bash is offered for the last word of the line."""
    told = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" ")), "_ORCHESTRATOR_COMPLETE": "complete_bash"}
    done = subprocess.run(
        [sys.executable, "-c", TYPED],
        env={**os.environ, **told, "ORCHESTRATOR_API_KEY": KEY, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_commands_and_options_and_their_values_are_completed() -> None:
    assert {"preview", "publish", "pause", "positions"} == set(completed("orchestrator journeys p"))
    assert completed("orchestrator journeys list --sta") == ["--status"]
    assert completed("orchestrator journeys list --status A") == ["ACTIVE", "ARCHIVED"]


def test_journeys_are_completed_from_the_api(address: str) -> None:
    assert completed("orchestrator journeys pause 6a", ORCHESTRATOR_API_URL=address) == [ID]
    assert completed("orchestrator journeys pause 7", ORCHESTRATOR_API_URL=address) == []


def test_where_there_is_no_api_or_no_key_nothing_is_offered_and_nothing_said(address: str) -> None:
    assert completed("orchestrator journeys pause ", ORCHESTRATOR_API_URL="http://127.0.0.1:1") == []
    assert completed("orchestrator journeys pause ", ORCHESTRATOR_API_URL="nowhere") == []
    assert completed("orchestrator journeys pause ", ORCHESTRATOR_API_URL=address, ORCHESTRATOR_API_KEY="jo_no") == []


@pytest.mark.parametrize("name", ["$(rm x)", "\\$(rm x)", "`rm x`", "';rm x;'", '";rm x;"', "a\nb", "\x1b[2J", "${x}"])
def test_a_journeys_name_is_nothing_that_a_shell_would_act_on(name: str) -> None:
    _, words = offer(ID, f"Frühling {name}", "ACTIVE")
    assert words.startswith("Frühling ")
    assert not set(words) & set("$`'\"\\;(){}|&<>\n\x1b[]:")
