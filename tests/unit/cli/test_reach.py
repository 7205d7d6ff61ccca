"""Everything the API does has a command, every command has an example, and every example works."""

import json
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from orchestrator.cli.commands import app
from orchestrator.cli.operations import OPERATIONS
from tests.api_by_contract import CONTRACT, ID, ApiByContract
from tests.builders import a_journey
from tests.unit.cli.conftest import Said

STANDS_FOR = dict.fromkeys(("JOURNEY", "KEY", "PROPOSAL", "RECEIPT", "BACKTEST", "HOOK", "SUBSCRIPTION"), ID)
SETTINGS = {"is_sending": True, "holdout_percent": 5.0, "guardrails": {}, "costs": {"sms": 0.04}}
SHOPIFY = Path("orchestrator/intake/presets/shopify.yaml").resolve()
WELCOMED = [{"template": "welcome"}, {"template": "reminder"}]
# Makes a key in the database; tests/integration/test_cli.py does it.
NOT_OVER_HTTP = "keys create acme --role admin"


def commands(command: object, words: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Every command, as it is typed after `orchestrator`, with the end of its help."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(words), str(getattr(command, "epilog", None) or "")
        return
    for name, each in inner.items():
        yield from commands(each, (*words, name))


APP = get_command(app)
COMMANDS = dict(commands(APP))
EXAMPLES = {
    command: [line.removeprefix("Example: orchestrator ") for line in epilog.splitlines() if line]
    for command, epilog in COMMANDS.items()
}
FILES = {"reports journey", "reports activities"}  # what these print is a file
OVER_HTTP = sorted({operation.command for operation in OPERATIONS.values()})
DECLARED = {(operation.path, operation.method): name for name, operation in OPERATIONS.items()}
# A browser's: who types has a key, or a token from the provider's own tools.
OF_THE_PAGE = {"getSignIn", "exchangeCode", "renewSignIn"}
OF_OTHER_SYSTEMS = {"receiveHook"}  # signed by them
IN_CONTRACT = {
    (path, method.upper()): operation["operationId"]
    for path, item in CONTRACT["paths"].items()
    for method, operation in item.items()
    if operation["operationId"] not in OF_THE_PAGE | OF_OTHER_SYSTEMS
}


def options(command: str) -> set[str]:
    """What a command takes."""
    found: Any = APP
    for word in command.split():
        found = found.commands[word]
    return {option for each in found.params for option in each.opts}


def typed(line: str, folder: Path) -> list[str]:
    """The words of an example, with ids for what stands for one, in a folder that has its files."""
    story = {"name": "two messages", "given": [{"event": "customer.signed_up"}], "sends": WELCOMED}
    (folder / "welcome.yaml").write_text(json.dumps(a_journey(tests=[story])))
    event = {"id": "o-1", "type": "order.placed", "customer_id": "c1", "source": "shop"}
    (folder / "events.jsonl").write_text(json.dumps(event) + "\n")
    (folder / "workspace.json").write_text(json.dumps(SETTINGS))
    (folder / "shopify.yaml").write_text(SHOPIFY.read_text())
    (folder / "order.json").write_text('{"id": 1}')
    (folder / "secret.txt").write_text("what Shopify signs with\n")
    words = [STANDS_FOR.get(word, word) for word in shlex.split(line)]
    return words[: words.index(">")] if ">" in words else words


def test_everything_in_the_contract_has_a_command() -> None:
    assert {at: name for at, name in IN_CONTRACT.items() if DECLARED.get(at) != name} == {}


def test_nothing_is_asked_that_the_contract_has_not() -> None:
    assert DECLARED.keys() - IN_CONTRACT.keys() == set()


def test_every_command_that_is_named_is_there() -> None:
    assert [command for command in OVER_HTTP if command not in COMMANDS] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_ends_with_an_example_of_it(command: str) -> None:
    assert EXAMPLES[command]
    for line in EXAMPLES[command]:
        assert line == command or line.startswith(f"{command} ")


@pytest.mark.parametrize("command", OVER_HTTP)
def test_the_examples_of_a_command_do_what_it_is_for(
    command: str, api: ApiByContract, type_in: Callable[..., Said], tmp_path: Path
) -> None:
    for line in EXAMPLES[command]:
        if line != NOT_OVER_HTTP:
            said = type_in(*typed(line, tmp_path), answers="y\n")
            assert said.code == 0, (line, said)
            assert "\\x0a" not in said.out  # a line of ours that was taken for somebody else's text
    meant = {name for name, operation in OPERATIONS.items() if operation.command == command}
    assert meant <= set(api.operations())


@pytest.mark.parametrize("command", sorted(set(OVER_HTTP) - FILES))
def test_the_same_as_json_is_what_the_api_said(
    command: str, api: ApiByContract, type_in: Callable[..., Said], tmp_path: Path
) -> None:
    line = next(line for line in reversed(EXAMPLES[command]) if "--format" not in line and line != NOT_OVER_HTTP)
    words = [word for word in typed(line, tmp_path) if word not in ("--json", "--definition", "--settings")]
    said = type_in(*words, "--json", answers="y\n")
    assert said.code == 0, (line, said)
    text = api.given[-1].text
    assert json.loads(said.out or "null") == json.loads(text or "null")  # what was deleted has no document


def test_every_command_that_shows_what_the_api_says_can_print_it_as_json() -> None:
    assert {command for command in OVER_HTTP if "--json" not in options(command)} == FILES


def test_every_command_that_asks_the_api_takes_its_address_and_never_a_key() -> None:
    for command in OVER_HTTP:
        assert "--api" in options(command)
        assert not {"--key", "--api-key"} & options(command)
