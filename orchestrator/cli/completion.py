"""What the shell offers when Tab is pressed: journeys, asked of the API."""

import os
import re

from orchestrator.cli.credentials import URL, USUAL_URL, read_credentials
from orchestrator.errors import OrchestratorError

LOOKED_THROUGH = 200

_ID = re.compile(r"[0-9a-f-]{36}")
# Shells run what completion hands them (zsh by `eval`), and a colleague may call a journey as they like.
_NOT_PLAIN = re.compile(r"[^\w .,-]")


def journeys_beginning_with(incomplete: str) -> list[tuple[str, str]]:
    """Ids of journeys that begin so, each with its name; the newest 200 are looked through.

    None when the API cannot be asked: a shell that completes has no place for a reason, the command itself will say it.
    """
    from orchestrator.cli.client import Client

    try:
        client = Client(read_credentials(os.environ.get(URL, USUAL_URL), os.environ), _unsaid, is_patient=False)
    except OrchestratorError:
        return []
    try:
        items = client.call("listJourneys", query={"limit": LOOKED_THROUGH}).document["items"]
    except OrchestratorError:
        return []
    finally:
        client.close()
    return [offer(item["id"], item["name"], item["status"]) for item in items if _fits(item["id"], incomplete)]


def offer(journey_id: str, name: str, status: str) -> tuple[str, str]:
    """What is offered, and the words beside it: letters and digits, nothing that a shell would act on."""
    return journey_id, _NOT_PLAIN.sub(" ", f"{name}, {status}")


def _fits(journey_id: str, incomplete: str) -> bool:
    return journey_id.startswith(incomplete) and _ID.fullmatch(journey_id) is not None


def _unsaid(_: str) -> None:
    """A shell that completes has no place for words."""
