"""docs/command-line.md has every command and every exit code, in the words of the program."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from orchestrator.cli.commands import app
from orchestrator.cli.refusals import EXIT_CODES

TEXT = Path("docs/command-line.md").read_text(encoding="utf-8")


def rows_of_commands(command: Any = None, words: tuple[str, ...] = ()) -> Iterator[str]:
    """A row of the table for each command: how it is called, and the first sentence of its help."""
    command = get_command(app) if command is None else command
    if hasattr(command, "commands"):
        for name, each in command.commands.items():
            yield from rows_of_commands(each, (*words, name))
        return
    taken = [_argument(each) for each in command.params if each.param_type_name == "argument"]
    first = inspect.cleandoc(command.help).split("\n\n")[0].replace("\n", " ")
    yield f"| `{' '.join([*words, *taken])}` | {first} |"


def _argument(argument: Any) -> str:
    name = (argument.metavar or argument.name.upper()) + ("…" if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def table_after(heading: str) -> list[str]:
    """The rows of the first table behind that heading, without its head."""
    lines = TEXT.partition(f"\n{heading}\n")[2].splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("|---"))
    rows = []
    for line in lines[start + 1 :]:
        if not line.startswith("|"):
            break
        rows.append(line)
    return rows


def test_every_command_is_described_as_its_help_says() -> None:
    assert table_after("## Commands") == sorted(rows_of_commands())


def test_every_exit_code_is_explained() -> None:
    assert table_after("## Exit codes") == [f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items()]
