"""What the API refuses, as an error with one clear line, what is wrong beneath it, and an exit code by kind."""

import json
from collections.abc import Mapping
from typing import Any

from orchestrator.errors import ConfigurationError, OrchestratorError, OutOfMemory, Unavailable

PROBLEM = "application/problem+json"
SHOWN_CHARS = 200  # of an answer that says nothing one could use

REFUSED, NOT_FOUND, CONFLICT, UNAVAILABLE, NOT_ALLOWED = 4, 5, 6, 7, 8
_CODES = {401: NOT_ALLOWED, 403: NOT_ALLOWED, 404: NOT_FOUND, 409: CONFLICT, 412: CONFLICT, 429: UNAVAILABLE}

# The command line's whole vocabulary of exit codes: docs/reference/command-line.md is written from it.
EXIT_CODES: Mapping[int, str] = {
    0: "done",
    1: "a file has something wrong, a test failed, you said no, or Kafka or PostgreSQL does not answer",
    2: "the command, a setting or the API's address or key cannot be used as it is",
    3: "a local Kafka or PostgreSQL did not start",
    REFUSED: "the API refuses the request: what was sent has problems, which are listed",
    NOT_FOUND: "there is no such thing in this workspace",
    CONFLICT: "the thing has changed meanwhile, or its state does not allow this",
    UNAVAILABLE: "the API cannot be reached, or cannot answer now",
    NOT_ALLOWED: "the key is not valid, or its role does not allow this",
    OutOfMemory.exit_code: "a backtest's history takes more memory than it may",
    70: "a worker stopped rather than go on with a doubt",
}


class Refused(OrchestratorError):
    """The API has answered with an error; ``document`` is the whole of it as text, where it is a problem document."""

    def __init__(self, message: str, status: int, document: str = "") -> None:
        self.exit_code = exit_code_of(status)
        self.status = status
        self.document = document
        super().__init__(message)


class Unreachable(Unavailable):
    """The API does not answer."""

    exit_code = UNAVAILABLE


def exit_code_of(status: int) -> int:
    """The exit code that stands for an HTTP status which is no success."""
    if status in _CODES:
        return _CODES[status]
    return UNAVAILABLE if status >= 500 else REFUSED


def refusal(status: int, content_type: str, text: str, address: str) -> OrchestratorError:
    """The error that an answer with this ``status`` stands for; ``address``: who answered."""
    if 300 <= status < 400:
        return ConfigurationError(
            f"{address} sends callers elsewhere (HTTP {status}), where the key is not sent; name the right address "
            "with --api or ORCHESTRATOR_API_URL"
        )
    document = _problem(content_type, text)
    if document is None:
        said = " ".join(text.split())[:SHOWN_CHARS]
        missing = "problem document" if status >= 400 else "JSON document"
        message = f"{address} answered with HTTP {status} and no {missing}; is it the orchestrator's API?"
        return Refused(f"{message} It said: {said}" if said else message, status)
    return Refused("\n".join([_first_line(document, status), *_items(document)]), status, text)


def _problem(content_type: str, text: str) -> Mapping[str, Any] | None:
    if content_type.partition(";")[0].strip().lower() != PROBLEM:
        return None
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _first_line(document: Mapping[str, Any], status: int) -> str:
    detail = document.get("detail") or document.get("title") or "no reason given"
    return f"{detail} (HTTP {status}, request {document.get('request_id', 'without an id')})"


def _items(document: Mapping[str, Any]) -> list[str]:
    """Each thing that is wrong, a line: where, what, and how to mend it."""
    found = document.get("errors")
    lines = []
    for item in found if isinstance(found, list) else []:
        fix = f" ({item['fix']})" if item.get("fix") else ""
        lines.append(f"  {item.get('path', '$')}: {item.get('detail', '')}{fix}")
    return lines
