"""The command that says whether the API is there and can do its work."""

from typing import Any

import typer

from orchestrator.cli.credentials import USUAL_URL
from orchestrator.cli.options import Api, AsJson
from orchestrator.cli.refusals import UNAVAILABLE
from orchestrator.cli.session import calling
from orchestrator.cli.show import say

NOT_READY = 503


def status(api: Api = USUAL_URL, as_json: AsJson = False) -> None:
    """Say whether the API answers and can do its work; exit 7 if not. It needs no key."""
    with calling(api, as_json, needs_key=False) as session:
        session.client.call("getLiveness")
        answer = session.client.call("getReadiness", takes=(NOT_READY,))
        session.show(answer, _print_readiness)
    raise typer.Exit(UNAVAILABLE if answer.status == NOT_READY else 0)


def _print_readiness(found: dict[str, Any]) -> None:
    say(str(found["status"]).replace("_", " "))
    for name, check in found["checks"].items():
        say(f"{name}: {'ok' if check['ok'] else check['detail']}")
