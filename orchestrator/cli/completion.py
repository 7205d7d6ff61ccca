"""What the shell offers when Tab is pressed: journeys, asked of the API."""

import os

from orchestrator.cli.credentials import URL, USUAL_URL, read_credentials
from orchestrator.cli.show import plain
from orchestrator.errors import OrchestratorError

LOOKED_THROUGH = 200


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
    return [
        (item["id"], plain(f"{item['name']}, {item['status']}")) for item in items if item["id"].startswith(incomplete)
    ]


def _unsaid(_: str) -> None:
    """A shell that completes has no place for words."""
