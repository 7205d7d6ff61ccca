"""One command's conversation with the API, and how its answer is printed."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any

import typer

from orchestrator.cli.credentials import Credentials, checked_address, read_credentials
from orchestrator.cli.show import counted, print_items, print_json, say, tell
from orchestrator.errors import OrchestratorError

if TYPE_CHECKING:  # loaded when a request is made: most commands make none
    from orchestrator.cli.client import Answer, Client, Document, Parts, Query

UNPUBLISHED = "written; Kafka does not have it yet, so the workers do not act on it so far"


class Session:
    """Asks the API and prints; ``as_json``: the API's documents instead of tables."""

    def __init__(self, client: "Client", as_json: bool) -> None:
        self.client = client
        self.as_json = as_json

    def show(self, answer: "Answer", in_words: Callable[["Document"], None]) -> None:
        """Prints an answer, ``in_words`` unless JSON was asked for, and says what still has to happen."""
        if not self.as_json:
            in_words(answer.document)
        elif answer.text:
            print_json(answer.text)
        if answer.document.get("proposal_id"):
            tell(
                f"this waits for a second person, who decides with "
                f"'orchestrator proposals approve {answer.document['proposal_id']}'"
            )
        elif answer.document.get("published") is False and answer.document.get("status") != "DRAFT":
            tell(UNPUBLISHED)

    def show_list(
        self,
        operation_id: str,
        columns: Mapping[str, str],
        path: "Parts",
        query: "Query",
        *,
        every: bool = False,
        largest: int = 200,
        after: Callable[["Document"], None] | None = None,
    ) -> None:
        """Prints a page, or with ``every`` all of them, asked for ``largest`` items at a time.

        ``after``: prints what belongs to a list beside its items; it is told the first page.
        """
        if every:
            document = self._every_page(operation_id, path, {**query, "limit": query.get("limit") or largest})
            text = json.dumps(document, ensure_ascii=False)
        else:
            answer = self.client.call(operation_id, path, query=query)
            document, text = answer.document, answer.text
        if self.as_json:
            print_json(text)
        else:
            print_items(columns, document["items"])
            if after is not None:
                after(document)
        if document.get("next_cursor"):
            tell(f"there is more: --all, or --cursor {document['next_cursor']}")

    def _every_page(self, operation_id: str, path: "Parts", query: "Query") -> "Document":
        """The first page with the items of all."""
        pages = self.client.pages(operation_id, path, query)
        first = next(pages)
        items = list(counted(item for page in chain([first], pages) for item in page.document["items"]))
        return {**first.document, "items": items, "next_cursor": None}


@contextmanager
def calling(address: str, as_json: bool = False, *, needs_key: bool = True) -> Iterator[Session]:
    """A session while the block lasts. With ``as_json`` a problem document of the API is printed too.

    Raises:
        ConfigurationError: there is no key, or it or the address cannot be used.
    """
    credentials = read_credentials(address, os.environ) if needs_key else Credentials(checked_address(address), "")
    client = open_client(credentials)
    try:
        yield Session(client, as_json)
    except OrchestratorError as error:
        if as_json and (document := getattr(error, "document", "")):
            print_json(document)
        raise
    finally:
        client.close()


def open_client(credentials: Credentials) -> "Client":
    """A client that tells of its troubles on standard error."""
    from orchestrator.cli.client import Client

    return Client(credentials, tell)


def confirm(question: str, yes: bool) -> None:
    """Goes on when ``yes`` or the person agrees.

    Raises:
        typer.Abort: the person does not, or there is nobody to ask.
    """
    if not yes:
        typer.confirm(question, abort=True, err=True)


def done(line: str) -> Callable[[Any], None]:
    """Says ``line`` whatever the answer holds."""
    return lambda _: say(line)
