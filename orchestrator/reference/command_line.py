"""The page of the command line: every command with its arguments and options, as its own help has them."""

import inspect
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from orchestrator.reference.markdown import code, example, page, prose, table

ABOUT = (
    "Every command with its arguments and options, from the program itself; `--help` says the same. What to know "
    "before, exit codes and a journey's life in commands: [command-line.md](../command-line.md). Each of the examples "
    "is run by a test."
)
_KINDS = {int: "whole number", float: "number", str: "text", Path: "file or folder"}
HEAD = ("", "takes", "when left out", "meaning")


def command_line_page(root: Any, exit_codes: Mapping[int, str]) -> str:  # noqa: ANN401 - typer's own, whatever its release
    """The page as Markdown. ``root``: the command that has all others; ``exit_codes``: what each means."""
    commands = sorted(_commands(root, ()))
    first = table(
        ("command", "what it does"),
        ((f"[`{words}`](#orchestrator-{words.replace(' ', '-')})", _first(command)) for words, command in commands),
    )
    codes = table(("code", "meaning"), ((str(number), meaning) for number, meaning in exit_codes.items()))
    parts = [part for words, each in commands for part in _part(words, each)]
    return page("Command line", ABOUT, [first, "## Exit codes", codes, *parts])


def _commands(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(words), command
        return
    for name, each in inner.items():
        yield from _commands(each, (*words, name))


def _first(command: Any) -> str:  # noqa: ANN401
    return re.sub(r"\s+", " ", inspect.cleandoc(command.help).split("\n\n")[0])


def _part(words: str, command: Any) -> Iterator[str]:  # noqa: ANN401
    shown = [each for each in command.params if not getattr(each, "hidden", False)]
    taken = [_argument(each) for each in shown if each.param_type_name == "argument"]
    yield f"## orchestrator {words}"
    yield code(" ".join(["orchestrator", words, *taken]))
    yield prose(inspect.cleandoc(command.help))
    yield table(HEAD, (_row(each) for each in shown))
    lines = [line.removeprefix("Example: ") for line in (command.epilog or "").splitlines() if line]
    yield example("", "\n".join(lines))


def _argument(argument: Any) -> str:  # noqa: ANN401
    name = (argument.metavar or argument.name.upper()) + ("…" if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _row(each: Any) -> tuple[str, str, str, str]:  # noqa: ANN401
    if each.param_type_name == "argument":
        return code(_argument(each).strip("[]")), "", "needed" if each.required else "", each.help or ""
    names = ", ".join(map(code, (*each.opts, *each.secondary_opts)))
    return names, _taken(each), _default(each), _meaning(each)


def _taken(option: Any) -> str:  # noqa: ANN401
    if option.is_flag:
        return ""
    if option.metavar:
        return code(option.metavar)
    inner = option.type_descriptor.annotation
    values = get_args(inner) if get_origin(inner) is Literal else ()
    if isinstance(inner, type) and issubclass(inner, Enum):
        values = tuple(each.value for each in inner)
    if values:
        return ", ".join(code(str(value)) for value in values)
    named = [name for kind, name in _KINDS.items() if inner is kind]
    bounds = [f"{word} {bound:,}" for word, bound in (("from", option.min), ("to", option.max)) if bound is not None]
    return " ".join([*named, *bounds])


def _default(option: Any) -> str:  # noqa: ANN401
    default = option.default
    if option.required:
        return "needed"
    if default is None or callable(default) or option.is_flag or isinstance(default, (list, tuple)):
        return ""
    return code(str(getattr(default, "value", default))) if default != "" else ""


def _meaning(option: Any) -> str:  # noqa: ANN401
    variable = option.envvar
    said = (option.help or "").strip()
    return f"{said} Also from {code(variable)}." if isinstance(variable, str) else said
