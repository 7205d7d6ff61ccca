"""The variables of the environment that the program reads, and those that look as if it did."""

import logging
import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from itertools import groupby
from typing import NamedTuple

from orchestrator.settings import PREFIX, SECRETS_DIR, Settings, secrets_dir

log = logging.getLogger(__name__)

# What is read beside the settings of the processes, each where it is used.
OTHERS: Mapping[str, str] = {
    SECRETS_DIR: "Folder with a file for each secret, called like its variable; the environment wins.",
    "ORCHESTRATOR_API_URL": "Command line: where the API is; `http://127.0.0.1:8080` without it.",
    "ORCHESTRATOR_API_KEY": "Command line: the key to ask the API with.",
    "ORCHESTRATOR_API_KEY_FILE": "Command line: a file that has the key.",
    "ORCHESTRATOR_POSTGRES_BIN": "`orchestrator local` and `demo`: folder of PostgreSQL's programs.",
    "ORCHESTRATOR_CRASH_AT": "Tests: where a worker ends as if it had been killed.",
}
# Likeness from which a name is taken for a slip of another: one letter of three is more than a slip.
LEAST_LIKENESS = 0.7


class Unknown(NamedTuple):
    """A variable that nothing reads, and the one that may have been meant (empty: none is like it)."""

    name: str
    nearest: str

    def __str__(self) -> str:
        meant = f"; was {self.nearest} meant?" if self.nearest else ""
        return f"{self.name} is no setting, nothing reads it{meant}"


def variable_of(setting: str) -> str:
    """The variable that sets a field of ``Settings``."""
    return PREFIX + setting.upper()


def unknown(variables: Iterable[str], files: Iterable[str] = ()) -> list[Unknown]:
    """Those of the names that begin like a setting and are none, in order; names count whatever their case.

    Of the names of ``files`` with secrets those of settings without the prefix are meant too: they are not read.
    """
    known = [*map(variable_of, Settings.model_fields), *OTHERS]
    bare = sorted({name for name in files if name.lower() in Settings.model_fields})
    names = {name.upper() for name in (*variables, *files)}
    found = sorted(name for name in names - set(known) if name.startswith(PREFIX))
    return [
        *(Unknown(name, next(iter(get_close_matches(name, known, 1, LEAST_LIKENESS)), "")) for name in found),
        *(Unknown(name, variable_of(name)) for name in bare),
    ]


class Doubled(NamedTuple):
    """Variables that are one setting, since case does not count; which of them is read is chance."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{' and '.join(self.names)} are one setting; only one of them is read"


def doubled(variables: Iterable[str], files: Iterable[str] = ()) -> list[Doubled]:
    """Those of the names that differ from another of their kind in case alone, in order.

    A variable and a file of one name are no fault: the environment wins.
    """
    return [
        Doubled(same)
        for names in (variables, files)
        for _, group in groupby(sorted(names, key=lambda name: (name.upper(), name)), str.upper)
        if len(same := tuple(group)) > 1 and same[0].upper().startswith(PREFIX)
    ]


def doubled_here() -> list[Doubled]:
    """``doubled`` of this process's environment and of the folder of secrets that it names.

    Raises:
        ConfigurationError: the folder is not there.
    """
    return doubled(os.environ, os.listdir(folder) if (folder := secrets_dir()) else ())


def unknown_here() -> list[Unknown]:
    """``unknown`` of this process's environment and of the folder of secrets that it names.

    Raises:
        ConfigurationError: the folder is not there.
    """
    return unknown(os.environ, os.listdir(folder) if (folder := secrets_dir()) else ())


def warn_of_unknown() -> None:
    """Logs each of them, and what is set twice: the process runs with something else than was meant.

    Raises:
        ConfigurationError: as ``unknown_here``.
    """
    for each in unknown_here():
        log.warning("%s", each, extra={"action": "setting_unknown", "variable": each.name})
    for pair in doubled_here():
        log.warning("%s", pair, extra={"action": "setting_doubled", "variable": pair.names[0]})
