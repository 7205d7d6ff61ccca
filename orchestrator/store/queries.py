"""Named queries, kept as SQL: each block of a ``.sql`` file begins with ``-- name: find_it -- what it finds``.

A line ``-- include: this`` stands for the block of this name in ``conditions.sql``.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from orchestrator.errors import ConfigurationError

_CONDITIONS = "conditions"
_INCLUDED = re.compile(r"^[ ]*-- include: (?P<name>.+)$", re.MULTILINE)
_HEADING = re.compile(r"^-- name: (?P<name>[a-z][a-z0-9_]*) -- (?P<about>.+)$", re.MULTILINE)


@cache
def load_queries(room: str) -> Mapping[str, str]:
    """The queries of ``store/<room>.sql`` by name.

    Raises:
        ConfigurationError: the file is missing, a name occurs twice, SQL stands before the first name, or a condition
            that is included is not there.
    """
    resource = files("orchestrator.store").joinpath(f"{room}.sql")
    if not resource.is_file():
        raise ConfigurationError(f"reading queries: store/{room}.sql is missing from this installation")
    conditions = {} if room == _CONDITIONS else load_queries(_CONDITIONS)
    return parse_queries(resource.read_text(), source=f"store/{room}.sql", conditions=conditions)


def parse_queries(text: str, *, source: str, conditions: Mapping[str, str] = MappingProxyType({})) -> Mapping[str, str]:
    """The blocks of ``text`` by name, with the ``conditions`` that they include.

    ``source`` is named in errors, which are those of ``load_queries``.
    """
    headings = list(_HEADING.finditer(text))
    before = text[: headings[0].start()] if headings else text
    if any(line.strip() and not line.startswith("--") for line in before.splitlines()):
        raise ConfigurationError(f"reading {source}: there is SQL before the first '-- name: … -- …' line")
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    queries: dict[str, str] = {}
    for heading, end in zip(headings, ends, strict=True):
        name = heading["name"]
        if name in queries:
            raise ConfigurationError(f"reading {source}: two queries are called {name}; rename one")
        queries[name] = text[heading.end() : end].strip()
        if not queries[name]:
            raise ConfigurationError(f"reading {source}: query {name} is empty")
    return MappingProxyType({name: _included(sql, source, conditions) for name, sql in queries.items()})


def _included(sql: str, source: str, conditions: Mapping[str, str]) -> str:
    def condition(found: re.Match[str]) -> str:
        if found["name"] not in conditions:
            raise ConfigurationError(f"reading {source}: no condition is called {found['name']}; correct the name")
        return conditions[found["name"]]

    return _INCLUDED.sub(condition, sql)
