"""What a process answers to those who watch it."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from orchestrator.errors import ConfigurationError
from orchestrator.local.ports import LOOPBACK
from orchestrator.telemetry.metrics import SINK_LAST_COMMIT
from orchestrator.telemetry.probes import Check, Probes, serve_telemetry
from orchestrator.telemetry.small_server import SmallServer

GOOD, BAD = Check(True, "as it should be"), Check(False, "not read yet")


@contextmanager
def serving(probes: Probes | None) -> Iterator[SmallServer]:
    server = serve_telemetry(0, probes)
    try:
        yield server
    finally:
        server.stop()


def ask(server: SmallServer, path: str) -> httpx.Response:
    return httpx.get(f"http://{LOOPBACK}:{server.port}{path}")


def test_a_process_that_is_well_is_alive_and_ready_and_shows_its_metrics() -> None:
    SINK_LAST_COMMIT.set(1_000)
    with serving(Probes(live=lambda: {"loop": GOOD}, ready=lambda: {"loop": GOOD, "configs": GOOD})) as server:
        assert (ask(server, "/livez").status_code, ask(server, "/livez").json()["status"]) == (200, "alive")
        assert (ask(server, "/readyz").status_code, ask(server, "/readyz").json()["status"]) == (200, "ready")
        assert "orchestrator_sink_last_commit_timestamp_seconds 1000.0" in ask(server, "/metrics").text
        assert ask(server, "/").status_code == 404


def test_what_is_missing_is_said_with_status_503() -> None:
    with serving(Probes(live=lambda: {"loop": BAD}, ready=lambda: {"loop": GOOD, "configs": BAD})) as server:
        live, ready = ask(server, "/livez"), ask(server, "/readyz")
        assert (live.status_code, live.json()["status"]) == (503, "not_alive")
        assert ready.status_code == 503
        assert ready.json() == {
            "status": "not_ready",
            "checks": {
                "loop": {"ok": True, "detail": "as it should be"},
                "configs": {"ok": False, "detail": "not read yet"},
            },
        }


def test_a_process_with_probes_elsewhere_has_none_here() -> None:
    with serving(None) as server:
        assert ask(server, "/metrics").status_code == 200
        assert ask(server, "/livez").status_code == ask(server, "/readyz").status_code == 404


async def test_it_answers_while_the_event_loop_is_kept() -> None:
    with serving(Probes(live=lambda: {"loop": BAD}, ready=lambda: {})) as server:
        assert ask(server, "/livez").status_code == 503  # asked, and answered, without a turn of this loop


def test_a_port_that_is_taken_is_said_in_words() -> None:
    with serving(None) as server, pytest.raises(ConfigurationError, match="ORCHESTRATOR_METRICS_PORT"):
        serve_telemetry(server.port)
