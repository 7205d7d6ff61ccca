"""docker-compose.yml as Docker Compose reads it, its merges carried out and its variables put in."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ruamel.yaml import YAML

from tests.worker_process import ROOT

FILE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<how>[-?+])(?P<rest>[^}]*))?\}")

Service = Mapping[str, Any]


def raw() -> dict[str, Any]:
    """The document as it is written, its merges carried out."""
    found: dict[str, Any] = YAML(typ="safe").load(FILE.read_text(encoding="utf-8"))
    return found


def services(environment: Mapping[str, str]) -> dict[str, Service]:
    """The services by name, with the variables of ``environment`` put in.

    Raises:
        KeyError: a variable is asked for (``${NAME:?…}``) that the environment has not.
    """
    found: dict[str, Service] = _put_in(raw()["services"], environment)
    return found


def is_ours(service: Service) -> bool:
    """Whether it runs the image of this repository."""
    return "build" in service


def in_order(found: Mapping[str, Service]) -> Iterator[tuple[str, Service]]:
    """The services so that each comes after those it depends on."""
    left = dict(found)
    while left:
        name = next(name for name, each in left.items() if not set(each.get("depends_on", ())) & set(left))
        yield name, left.pop(name)


def image_environment() -> dict[str, str]:
    """What the image sets (``ENV`` of its last stage), without ``PATH``."""
    last = DOCKERFILE.read_text(encoding="utf-8").split("\nFROM ")[-1]
    (line,) = re.findall(r"^ENV (.+)$", last, re.MULTILINE)
    pairs = dict(pair.split("=", 1) for pair in line.split())
    pairs.pop("PATH")
    return pairs


def seconds(text: str) -> float:
    """A duration such as ``45s``."""
    return float(text.removesuffix("s"))


def mounted(service: Service) -> dict[str, str]:
    """Volumes and folders by the path at which the service finds them."""
    pairs = (each.split(":") for each in service.get("volumes", ()))
    return {parts[1]: parts[0] for parts in pairs}


def _put_in(value: Any, environment: Mapping[str, str]) -> Any:
    match value:
        case str():
            return _VARIABLE.sub(lambda found: _value_of(found, environment), value)
        case dict():
            return {name: _put_in(each, environment) for name, each in value.items()}
        case list():
            return [_put_in(each, environment) for each in value]
        case _:
            return value


def _value_of(found: re.Match[str], environment: Mapping[str, str]) -> str:
    value = environment.get(found["name"], "")
    if found["how"] == "+":
        return found["rest"] if value else ""
    if value:
        return value
    if found["how"] == "?":
        raise KeyError(f"{found['name']}: {found['rest']}")
    return found["rest"] or ""
