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
    except YAMLError as error:
        raise DefinitionError([Problem("$", "not_yaml", _place(error))]) from error
    except RecursionError as error:
        raise DefinitionError([Problem("$", "too_deep", "the document nests too deeply to be read")]) from error
    if not _has_at_most(MAX_VALUES, document):
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


def _has_at_most(most: int, document: object) -> bool:
    """Whether so few values are in it; an alias counts each time, and one that leads back to itself for ever."""
    waiting, count = [document], 0
    while waiting and count <= most:
        value = waiting.pop()
        count += 1
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return count <= most
