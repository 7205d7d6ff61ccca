"""Commands that start, pause, resume, stop and put away a journey."""

from typing import Annotated
from uuid import UUID

import typer

from orchestrator.cli.credentials import USUAL_URL
from orchestrator.cli.journeys import print_journey
from orchestrator.cli.options import Api, AsJson, IfMatch, JourneyId, Yes, example
from orchestrator.cli.session import calling, confirm, done

lifecycle = typer.Typer()

Drain = Annotated[bool, typer.Option("--drain", help="Customers under way finish; else they leave at once.")]


@lifecycle.command("publish", epilog=example("journeys publish JOURNEY"))
def publish(journey: JourneyId, if_match: IfMatch = None, api: Api = USUAL_URL, as_json: AsJson = False) -> None:
    """Start a draft: from now on customers enter."""
    _act("publishJourney", journey, if_match, api, as_json)


@lifecycle.command("pause", epilog=example("journeys pause JOURNEY"))
def pause(journey: JourneyId, if_match: IfMatch = None, api: Api = USUAL_URL, as_json: AsJson = False) -> None:
    """Pause a journey at once: nothing is sent, nothing is lost."""
    _act("pauseJourney", journey, if_match, api, as_json)


@lifecycle.command("resume", epilog=example("journeys resume JOURNEY"))
def resume(journey: JourneyId, if_match: IfMatch = None, api: Api = USUAL_URL, as_json: AsJson = False) -> None:
    """Let a paused journey go on; what fell due meanwhile is let go at a pace."""
    _act("resumeJourney", journey, if_match, api, as_json)


@lifecycle.command("stop", epilog=example("journeys stop JOURNEY --drain", "journeys stop JOURNEY --yes"))
def stop(
    journey: JourneyId,
    drain: Drain = False,
    if_match: IfMatch = None,
    yes: Yes = False,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """Stop a journey for good; asks first."""
    fate = "those under way finish" if drain else "those under way leave at once"
    confirm(f"Stop the journey {journey} for good? Nobody enters any more, and {fate}.", yes)
    _act("endJourney", journey, if_match, api, as_json, {"drain": drain})


@lifecycle.command("archive", epilog=example("journeys archive JOURNEY --yes"))
def archive(
    journey: JourneyId, if_match: IfMatch = None, yes: Yes = False, api: Api = USUAL_URL, as_json: AsJson = False
) -> None:
    """Put a stopped journey or a draft away; asks first."""
    confirm(f"Put the journey {journey} away? It cannot be brought back; its history is kept.", yes)
    _act("archiveJourney", journey, if_match, api, as_json)


@lifecycle.command("delete", epilog=example("journeys delete JOURNEY --yes"))
def delete(
    journey: JourneyId, if_match: IfMatch = None, yes: Yes = False, api: Api = USUAL_URL, as_json: AsJson = False
) -> None:
    """Deactivate a journey, whatever its status, and keep its history; asks first. A second time changes nothing."""
    confirm(f"Deactivate the journey {journey}? Customers under way leave at once; its history is kept.", yes)
    with calling(api, as_json) as session:
        answer = session.client.call("stopJourney", {"id": journey}, if_match=if_match)
        session.show(answer, done(f"{journey} is out of action"))


def _act(operation_id: str, journey: UUID, if_match: str | None, api: str, as_json: bool, body: object = None) -> None:
    with calling(api, as_json) as session:
        session.show(session.client.call(operation_id, {"id": journey}, body=body, if_match=if_match), print_journey)
