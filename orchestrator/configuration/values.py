"""Every setting with the value in force and where it comes from, as it may be printed."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import NamedTuple

from pydantic import SecretStr
from pydantic_settings import EnvSettingsSource, SecretsSettingsSource

from orchestrator.configuration.hiding import HIDDEN, without_credentials, without_password
from orchestrator.configuration.variables import variable_of
from orchestrator.settings import Settings, secrets_dir

Shown = str | int | float | None

_URLS = {"postgres"}


class Origin(StrEnum):
    """Where a value comes from; of two the earlier counts."""

    ENVIRONMENT = "environment"
    FILE = "secrets file"
    DEFAULT = "default"


class Value(NamedTuple):
    """One setting. ``value`` is what may be shown of it: of a secret that is set, ``***``."""

    variable: str
    value: Shown
    origin: Origin


def values(settings: Settings, in_environment: Collection[str], in_files: Collection[str]) -> list[Value]:
    """Every setting in the order of the model; the two collections have the names of the fields that are set there."""

    def origin(name: str) -> Origin:
        if name in in_environment:
            return Origin.ENVIRONMENT
        return Origin.FILE if name in in_files else Origin.DEFAULT

    return [
        Value(variable_of(name), shown(name, getattr(settings, name)), origin(name)) for name in Settings.model_fields
    ]


def shown(name: str, value: object) -> Shown:
    """A setting's value as it may be printed."""
    match value:
        case SecretStr() if name in _URLS:
            return without_password(value.get_secret_value())
        case SecretStr():
            return HIDDEN if value.get_secret_value() else ""
        case None | int() | float():
            return value
        case _:
            return without_credentials(str(value))


def values_here(settings: Settings) -> list[Value]:
    """``values`` of this process's environment and of the folder of secrets that it names."""
    in_files = SecretsSettingsSource(Settings, secrets_dir=folder)() if (folder := secrets_dir()) else {}
    in_environment = EnvSettingsSource(Settings)()
    return values(settings, _that_count(in_environment), _that_count(in_files))


def _that_count(found: Mapping[str, object]) -> list[str]:
    return [name for name, value in found.items() if str(value).strip()]
