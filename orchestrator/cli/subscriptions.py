"""Commands about subscriptions: who is sent the figures of each day."""

from typing import Annotated, Any
from uuid import UUID

import typer

from orchestrator.cli.credentials import USUAL_URL
from orchestrator.cli.options import Api, AsJson, Yes, example
from orchestrator.cli.session import calling, confirm, done
from orchestrator.cli.show import print_fields, say, tell

subscriptions = typer.Typer(help="Figures of each day, sent to another system.", no_args_is_help=True)

SUBSCRIPTIONS = {
    "id": "id",
    "url": "url",
    "at": "at",
    "zone": "zone",
    "next": "next_at",
    "last sent": "last_sent_at",
    "last day": "last_day",
    "last error": "last_error",
    "given up": "failed_day",
}

SubscriptionId = Annotated[
    UUID, typer.Argument(metavar="SUBSCRIPTION", help='The subscription\'s id, as in "subscriptions list".')
]


@subscriptions.command(
    "create",
    epilog=example(
        "subscriptions create https://hooks.example.com/figures",
        "subscriptions create https://hooks.example.com/figures --at 06:30 --zone Europe/Berlin --journey JOURNEY",
    ),
)
def create(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where to: by HTTPS, at a host that is allowed.")],
    at: Annotated[str, typer.Option(metavar="TIME", help="When, on the clock of the zone.")] = "07:00",
    zone: Annotated[str, typer.Option(metavar="NAME", help="Whose clock and whose days, as Europe/Berlin.")] = "UTC",
    journey: Annotated[
        list[UUID] | None, typer.Option(metavar="JOURNEY", help="Of which journey; may be given several times.")
    ] = None,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """Have the figures of each day sent to an address, and print the secret they are signed with, once.

    It needs an admin, and a host that the installation allows (ORCHESTRATOR_OUTGOING_HOSTS).
    """
    body = {"url": url, "at": at, "zone": zone, "journeys": [str(each) for each in journey] if journey else None}
    with calling(api, as_json) as session:
        session.show(session.client.call("createSubscription", body=body), _print_secret)


@subscriptions.command("list", epilog=example("subscriptions list"))
def list_command(api: Api = USUAL_URL, as_json: AsJson = False) -> None:
    """List who is sent figures, and how the last message went. It needs an admin."""
    with calling(api, as_json) as session:
        session.show_list("listSubscriptions", SUBSCRIPTIONS, {}, {})


@subscriptions.command("test", epilog=example("subscriptions test SUBSCRIPTION"))
def send_sample(subscription: SubscriptionId, api: Api = USUAL_URL, as_json: AsJson = False) -> None:
    """Send a sample now: yesterday's figures, marked as a sample. It needs an admin."""
    with calling(api, as_json) as session:
        session.show(session.client.call("testSubscription", {"id": subscription}), print_fields)


@subscriptions.command("delete", epilog=example("subscriptions delete SUBSCRIPTION --yes"))
def delete(subscription: SubscriptionId, yes: Yes = False, api: Api = USUAL_URL, as_json: AsJson = False) -> None:
    """End a subscription. Asks first; it needs an admin."""
    confirm(f"End the subscription {subscription}? Nothing is sent any more.", yes)
    with calling(api, as_json) as session:
        session.show(session.client.call("deleteSubscription", {"id": subscription}), done(f"{subscription} is ended"))


def _print_secret(found: dict[str, Any]) -> None:
    tell(f"subscription {found['id']}, first sent {found['next_at']}; its secret is shown this once:")
    say(found["secret"])
