"""Documents that people write: YAML 1.2 or JSON, read as a person means them."""

import json
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import ScalarNode

from orchestrator.errors import DefinitionError, Problem

MAX_BYTES = 512 * 1024
MAX_VALUES = 100_000  # aliases make a short text long


class _Texts(SafeConstructor):
    """Dates stay the text that they are: a journey says which of them are dates."""


def _as_text(constructor: SafeConstructor, node: ScalarNode) -> str:
    return str(constructor.construct_scalar(node))


_Texts.add_constructor("tag:yaml.org,2002:timestamp", _as_text)


def read_document(path: Path) -> object:
    """What the file says, as JSON values.

    Raises:
        DefinitionError: it is neither YAML nor JSON, or too large.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DefinitionError([Problem("$", "unreadable", f"the file cannot be read: {error.strerror}")]) from error
    if len(raw) > MAX_BYTES:
        message = f"the file has {len(raw):,} bytes; at most {MAX_BYTES:,} are read"
        raise DefinitionError([Problem("$", "too_large", message, "split the journey")])
    try:
        text = raw.decode("utf-8-sig")
        document = json.loads(text) if path.suffix.lower() == ".json" else _yaml(text)
    except UnicodeDecodeError as error:
        raise DefinitionError([Problem("$", "not_text", f"the file is not UTF-8: {error}")]) from error
    except json.JSONDecodeError as error:
        message = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise DefinitionError([Problem("$", "not_json", message)]) from error
    except (YAMLError, RecursionError) as error:
        raise DefinitionError([Problem("$", "not_yaml", _place(error))]) from error
    if _count(document, MAX_VALUES) < 0:
        raise DefinitionError([Problem("$", "too_large", f"the document has more than {MAX_VALUES:,} values")])
    return document


def _yaml(text: str) -> Any:  # noqa: ANN401 - whatever a person wrote; the definition's models check it
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _Texts
    return yaml.load(text)


def _place(error: BaseException) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark is not None else str(problem)


def _count(value: object, left: int) -> int:
    """``left`` less the number of values in ``value``; below 0 as soon as there are more."""
    left -= 1
    parts: list[object] = []
    if isinstance(value, dict):
        parts = list(value.values())
    elif isinstance(value, list):
        parts = value
    for part in parts:
        if left < 0:
            break
        left = _count(part, left)
    return left
