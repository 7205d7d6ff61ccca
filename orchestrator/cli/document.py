"""Documents that people write, as the API takes them: files in YAML or JSON, and values in an option."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import typer

from orchestrator.backtest.documents import read_document
from orchestrator.errors import DefinitionError, Problem


def document_in(path: Path) -> object:
    """What the file says, as JSON values.

    Raises:
        DefinitionError: it is neither YAML nor JSON, too large, or has a value that JSON has not.
    """
    document = read_document(path)
    try:
        json.dumps(document, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        message = f"the file {path} has a value that JSON has not: {error}"
        raise DefinitionError([Problem("$", "not_json", message, "write it as text, or as a number")]) from error
    return document


def named_values(option: str, texts: Iterable[str]) -> dict[str, object]:
    """What was given as NAME=VALUE: values are JSON, or else the text that they are.

    Raises:
        typer.BadParameter: one of them is written otherwise, or a name comes twice.
    """
    found: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise typer.BadParameter(f"{option} {text!r}: write it as NAME=VALUE")
        if name in found:
            raise typer.BadParameter(f"{option}: {name} comes twice")
        found[name] = _value(value)
    return found


def _value(text: str) -> object:
    try:
        return json.loads(text, parse_constant=_refuse)
    except ValueError:
        return text


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
