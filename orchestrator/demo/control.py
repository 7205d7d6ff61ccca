"""The demo's calls to its own processes over HTTP: the control plane, and the Prometheus endpoints."""

import http.client
import json
from collections import defaultdict
from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from orchestrator.errors import Unavailable
from orchestrator.local.ports import LOOPBACK

BASE = "/api/v1/033-omnichannel-journey-orchestrator"
TIMEOUT_S = 10.0


def is_ready(port: int) -> bool:
    """Whether the control plane says that it can do its work."""
    try:
        return _ask(port, "GET", "/readyz")[0] == 200
    except Unavailable:
        return False


def create_journey(port: int, api_key: str, document: Mapping[str, object]) -> str:
    """Publishes an active journey; its id.

    Raises:
        Unavailable: the control plane does not answer, or refuses; with its words.
    """
    body = json.dumps({"config": document, "campaign_id": "demo", "status": "ACTIVE"})
    headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
    status, answer = _ask(port, "POST", BASE, body, headers)
    if status != 201:
        raise Unavailable(f"creating the journey {document['name']!r}: HTTP {status}: {answer[:500]}")
    return str(json.loads(answer)["id"])


def metrics(port: int) -> dict[str, float]:
    """What a process tells Prometheus, each metric added up over its labels; empty while it does not answer."""
    try:
        status, text = _ask(port, "GET", "/metrics")
    except Unavailable:
        return {}
    totals: dict[str, float] = defaultdict(float)
    if status == 200:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                totals[sample.name] += sample.value
    return dict(totals)


def _ask(
    port: int, method: str, path: str, body: str | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, str]:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=TIMEOUT_S)
    try:
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        return response.status, response.read().decode()
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"asking http://{LOOPBACK}:{port}{path}: {error!r}") from error
    finally:
        connection.close()
