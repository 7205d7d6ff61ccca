"""Commands that list what people look for across journeys: schedules and segments."""

from orchestrator.cli.credentials import USUAL_URL
from orchestrator.cli.options import Api, AsJson
from orchestrator.cli.session import calling

SCHEDULES = {
    "journey": "journey_id",
    "name": "journey_name",
    "status": "status",
    "for": "kind",
    "schedule": "schedule",
    "next": "next",
}
SEGMENTS = {
    "journey": "journey_id",
    "name": "journey_name",
    "status": "status",
    "segment": "name",
    "enters": "is_entry",
    "condition": "condition",
}


def schedules(api: Api = USUAL_URL, as_json: AsJson = False) -> None:
    """List when journeys look at every known customer, and the next moments of each."""
    with calling(api, as_json) as session:
        session.show_list("listSchedules", SCHEDULES, {}, {})


def segments(api: Api = USUAL_URL, as_json: AsJson = False) -> None:
    """List the conditions that journeys name, and who enters by matching."""
    with calling(api, as_json) as session:
        session.show_list("listSegments", SEGMENTS, {}, {})
