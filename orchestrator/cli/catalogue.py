"""Commands that list what people look for across journeys: schedules, segments and the events that come in."""

from typing import TYPE_CHECKING

from orchestrator.cli.credentials import USUAL_URL
from orchestrator.cli.options import Api, AsJson
from orchestrator.cli.session import calling
from orchestrator.cli.show import print_rows, tell

if TYPE_CHECKING:  # loaded when a request is made
    from orchestrator.cli.client import Document

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


def event_types(api: Api = USUAL_URL, as_json: AsJson = False) -> None:
    """List the types of the events that came in lately, and the fields that conditions can ask about."""
    with calling(api, as_json) as session:
        session.show(session.client.call("listEventTypes"), _print_event_types)


def _print_event_types(document: "Document") -> None:
    rows = [
        [item["type"], item["events"], item["first_at"], item["last_at"], [each["name"] for each in item["fields"]]]
        for item in document["items"]
    ]
    print_rows(["type", "events", "first", "last", "fields"], rows)
    if document["is_all"]:
        tell(f"of {document['events']:,} events, all that Kafka has of this workspace")
    else:
        tell(f"of the newest {document['events']:,} events looked at; older ones were not")
