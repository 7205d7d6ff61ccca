"""Commands for a customer's right to be forgotten."""

import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from orchestrator.cli.credentials import USUAL_URL
from orchestrator.cli.options import Api, AsJson, Yes, example
from orchestrator.cli.refusals import NOT_FOUND, Refused
from orchestrator.cli.session import calling, confirm
from orchestrator.cli.show import err, print_fields, say, scalars

if TYPE_CHECKING:
    from orchestrator.cli.client import Answer, Client

erasures = typer.Typer(help="Forget customers, and show that it was done.", no_args_is_help=True)

ASKED_EVERY_S = 1.0


@erasures.command("request", epilog=example("erasures request customer-17 --yes"))
def request(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's id.")],
    yes: Yes = False,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """Forget everything about a customer; figures stay. Asks first; it needs an admin. Keep the receipt's number."""
    confirm(f"Forget everything about the customer {customer!r}? It cannot be brought back.", yes)
    with calling(api, as_json) as session:
        answer = session.client.call("eraseCustomer", body={"customer_id": customer})
        session.show(answer, lambda found: say(f"receipt {found['receipt']}"))


@erasures.command("show", epilog=example("erasures show RECEIPT --wait 60"))
def show(
    receipt: Annotated[UUID, typer.Argument(metavar="RECEIPT", help="The number of the receipt.")],
    wait_s: Annotated[
        float, typer.Option("--wait", min=0, metavar="SECONDS", help="Wait so long until it has been carried out.")
    ] = 0.0,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """Show the receipt of an erasure; exit 5 if it has not been carried out yet."""
    with calling(api, as_json) as session:
        with err.status("waiting for the receipt") if wait_s else nullcontext():
            answer = _receipt(session.client, receipt, time.monotonic() + wait_s)
        session.show(answer, _print_receipt)


def _receipt(client: "Client", receipt: UUID, until_s: float) -> "Answer":
    """The receipt, asked for until it is there or ``until_s`` has come.

    Raises:
        Refused: it is not there.
    """
    while True:
        try:
            return client.call("getErasure", {"receipt": receipt})
        except Refused as refused:
            if refused.exit_code != NOT_FOUND or time.monotonic() + ASKED_EVERY_S > until_s:
                raise
        time.sleep(ASKED_EVERY_S)


def _print_receipt(found: dict[str, Any]) -> None:
    print_fields(scalars(found))
    print_fields(found["rows"], "rows deleted")
