"""The reference of the settings, written from the model."""

from collections.abc import Iterator
from typing import Any

from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from orchestrator.configuration.values import shown
from orchestrator.configuration.variables import OTHERS, variable_of
from orchestrator.settings import Settings

_HEAD = """\
# Settings
Written from `orchestrator/settings.py`; a test compares the two. Every process reads the same settings from its
environment, once, when it starts. `orchestrator config show` prints those in force and where each comes from,
`orchestrator config check` tries what they name.

A file of the folder that `ORCHESTRATOR_SECRETS_DIR` names, called like the variable, has a setting's value too; the
environment wins. Space and line ends around a value are no part of it; what is empty is not set.

| variable | default | values | what |
|---|---|---|---|
"""
_TAIL = """
## Read elsewhere
| variable | what |
|---|---|
"""
_BOUNDS = {"minimum": "≥ {}", "exclusiveMinimum": "> {}", "maximum": "≤ {}", "exclusiveMaximum": "< {}"}


def settings_reference() -> str:
    """``docs/reference/settings.md``: every setting with its default, the values it may have, and what it means."""
    properties = Settings.model_json_schema()["properties"]
    rows = (_row(name, properties[name]) for name in Settings.model_fields)
    others = (f"| `{name}` | {about} |" for name, about in OTHERS.items())
    return _HEAD + "\n".join(rows) + "\n" + _TAIL + "\n".join(others) + "\n"


def _row(name: str, schema: dict[str, Any]) -> str:
    about = str(Settings.model_fields[name].description)
    return f"| `{variable_of(name)}` | {_default(name)} | {', '.join(_allowed(name, schema))} | {about} |"


def _default(name: str) -> str:
    default = Settings.model_fields[name].default
    if default is PydanticUndefined:
        return "must be set"
    value = default.get_secret_value() if isinstance(default, SecretStr) else shown(name, default)
    return "" if value in ("", None) else f"`{value}`"


def _allowed(name: str, schema: dict[str, Any]) -> Iterator[str]:
    if isinstance(Settings.model_fields[name].default, SecretStr):
        yield "secret"
    for part in (schema, *schema.get("anyOf", ())):
        if "enum" in part:
            yield " ".join(f"`{value}`" for value in part["enum"])
        elif part.get("format") == "path":
            yield "path"
        elif part.get("type") in ("integer", "number"):
            yield "whole number" if part["type"] == "integer" else "number"
        if "pattern" in part:
            yield "`" + part["pattern"].replace("|", "\\|") + "`"
        if "maxLength" in part:
            yield f"at most {part['maxLength']} characters"
        yield from (words.format(part[bound]) for bound, words in _BOUNDS.items() if bound in part)
