"""Whatever a document names is there: commands, settings, metrics, topics, files, tests, operations, make's targets."""

import json
import re
import shlex
from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import Any, Literal, get_args, get_origin

import pytest
from typer.main import get_command

from orchestrator.catalog import CHANNELS
from orchestrator.cli.commands import app
from orchestrator.configuration.variables import OTHERS, PREFIX, variable_of
from orchestrator.settings import Settings
from tests.contract.test_monitoring import existing
from tests.documents import ROOT, fences

APP: Any = get_command(app)
TEXTS = {
    str(file.relative_to(ROOT)): file.read_text("utf-8")
    for file in (ROOT / "README.md", ROOT / "schemas" / "README.md", *sorted((ROOT / "docs").glob("*.md")))
}
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
OPERATIONS = {
    (method.upper(), re.sub(r"\{\w+\}", "{}", path))
    for path, item in json.loads((ROOT / "schemas" / "openapi.json").read_text("utf-8"))["paths"].items()
    for method in item
}
JOURNEYS = "/api/v1/033-omnichannel-journey-orchestrator"
ELSEWHERE = {("POST", "/reports"), ("POST", "/unsubscribe/{}")}  # an adapter answers these at a port of its own
OF_THE_TESTS = {"ORCHESTRATOR_TEST_KAFKA", "ORCHESTRATOR_TEST_POSTGRES", "ORCHESTRATOR_TEST_STACK"}
# Where the names of files begin: at the root, at a page's own folder, or at one of these.
BEGINNINGS = ("", "orchestrator", "docs", "docs/examples/publishing", "deploy/prometheus")
# What stands for another name, is somebody else's, or is made as one goes.
NO_FILES = {
    "topics/NAME.toml", "tests/contract/samples/SCHEMA/", "store/migrations/NNNN_subject.sql", "store/NOUN.sql",
    "cart.yaml", ".local/peers", "SLOT.lock",
}  # fmt: skip
FILE = re.compile(r"([\w.*-]+/)+([\w*-]+\.\w+)?|[\w-]+\.(py|sql|toml|yml|yaml|json|js|css|md|lock)")
TESTS = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
OPERATION = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) ((?:…|/)[\w/{}<>-]*[\w}>])")
METRIC = re.compile(r"\b(?:topic:|route:)?orchestrator_[a-z0-9_]*[a-z0-9]\b(?!_?…)(?::\w+)*")


def spans(text: str) -> list[str]:
    """What stands between single backquotes outside of blocks, also where it goes over the end of a line."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)]


def calls(text: str) -> Iterator[list[str]]:
    """The words of every call of the program behind its name, in blocks and in prose."""
    lines = [line for fence in fences(text) if fence.language in ("", "sh", "bash") for line in joined(fence.text)]
    for line in [*lines, *(span for span in spans(text) if span.startswith("orchestrator "))]:
        if re.search(r"\borchestrator ", line):
            for one in alternatives(line):
                yield from calls_in(one)


def joined(block: str) -> list[str]:
    """The lines of a block without what is said of them; what ends with a backslash goes on."""
    return [re.sub(r"(^|\s)#\s.*", "", line) for line in re.sub(r"\\\n\s*", "", block).splitlines()]


def alternatives(line: str) -> list[str]:
    """``adapter smtp|webhook|file`` is three."""
    several = re.search(r"(?<= )[a-z]+(\|[a-z]+)+(?!\S)", line)
    return [line.replace(several[0], one) for one in several[0].split("|")] if several else [line]


def calls_in(line: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(re.sub(r'"(\$\([^)]*\))"', r"\1", line), posix=True, punctuation_chars=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    words: list[str] | None = None
    for token in lexer:
        if set(token) <= set("();<>|&") and words is not None:
            yield words
            words = None
        elif token == "orchestrator":
            words = []
        elif words is not None:
            words.append(token)
    if words is not None:
        yield words


def refusal(words: list[str]) -> str:
    """What the program's own parser has against the words; "…" stands for some that are left out."""
    words = [word for word in words if word not in ("…", "2")]  # 2: of ``2>&1``
    command, asked = APP, [*words]
    while asked and hasattr(command, "commands") and not asked[0].startswith("-"):
        if asked[0] not in command.commands:
            return f"there is no command {asked[0]!r}"
        command, asked = command.commands[asked[0]], asked[1:]
    try:
        said, rest, _ = command.make_parser(command.context_class(command)).parse_args(asked)
    except Exception as refused:  # typer has click's errors under names of its own
        return str(refused)
    for each in command.params:
        allowed = choices(each.type_descriptor.annotation)
        if allowed and isinstance(value := said.get(each.name), str) and value not in allowed:
            return f"{each.opts[0]} is none of {', '.join(allowed)}"
    return f"nobody asked for {rest}" if rest else ""


def choices(of: Any) -> list[str]:
    """The values that a type has, where it is a list of them."""
    if isinstance(of, type) and issubclass(of, Enum):
        return [str(each.value) for each in of]
    return list(map(str, get_args(of))) if get_origin(of) is Literal else []


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ("orchestrator worker > worker.log 2>&1 &", False),
        ('eval "$(orchestrator local up)"', False),
        ("export KEY=$(orchestrator keys create acme --role admin)", False),
        ("seq 3 | orchestrator events send -", False),
        ("orchestrator adapter smtp|webhook|file", False),
        ("orchestrator adapter smtp|pigeon", True),
        ("orchestrator journeys halt JOURNEY", True),
        ("orchestrator journeys pause JOURNEY --now", True),
        ("orchestrator journeys pause JOURNEY ANOTHER", True),
        ("orchestrator keys create acme --role king", True),
        ("true; orchestrator topics aply", True),
    ],
)
def test_a_slip_is_found(line: str, refused: bool) -> None:
    words = [each for one in alternatives(line) for each in calls_in(one)]
    assert words
    assert any(map(refusal, words)) is refused


@pytest.mark.parametrize("page", TEXTS)
def test_the_program_takes_every_command(page: str) -> None:
    assert {" ".join(words): why for words in calls(TEXTS[page]) if (why := refusal(words))} == {}


@pytest.mark.parametrize("page", TEXTS)
def test_somebody_reads_every_setting(page: str) -> None:
    known = {*map(variable_of, Settings.model_fields), *OTHERS, *OF_THE_TESTS}
    assert set(re.findall(rf"\b{PREFIX}[A-Z0-9_]*[A-Z0-9]\b(?!_)", TEXTS[page])) - known == set()


@pytest.mark.parametrize("page", TEXTS)
def test_a_setting_in_a_table_of_settings_is_one(page: str) -> None:
    """There the beginning that all have stands in the head alone."""
    tables = re.findall(rf"^\| `{PREFIX}…` .*\n(?:\|.*\n)+", TEXTS[page], re.MULTILINE)
    named = {
        name for table in tables for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])
    }
    assert {PREFIX + name for name in named} - {*map(variable_of, Settings.model_fields)} == set()


@pytest.mark.parametrize("page", TEXTS)
def test_somebody_tells_every_metric(page: str) -> None:
    known = {*existing(), *(re.sub(r"_(bucket|sum|count)$", "", name) for name in existing())}
    named = set(METRIC.findall(TEXTS[page]))
    assert named - known == set()


@pytest.mark.parametrize("page", TEXTS)
def test_every_topic_is_declared(page: str) -> None:
    named = set(re.findall(r"\b(?:engagement|channel|journeys)\.[a-z<>.-]+\.v\d+", TEXTS[page]))
    meant = {name.replace("<channel>", channel) for name in named for channel in CHANNELS}
    assert [name for name in sorted(meant) if not (ROOT / "topics" / f"{name}.toml").is_file()] == []


@pytest.mark.parametrize("page", TEXTS)
def test_every_file_is_there(page: str) -> None:
    named = {span for span in spans(TEXTS[page]) if FILE.fullmatch(span)} - NO_FILES
    assert [name for name in sorted(named) if not is_there(name, page)] == []


@cache
def is_there(name: str, page: str) -> bool:
    """Whether a file is called so; a name without a folder may be anywhere in the program."""
    folders = [ROOT / beginning for beginning in (*BEGINNINGS, str((ROOT / page).parent))]
    return any(any(folder.glob(name)) for folder in folders) or ("/" not in name and any(ROOT.glob(f"*/**/{name}")))


@pytest.mark.parametrize("page", TEXTS)
def test_every_test_is_there(page: str) -> None:
    named = set(TESTS.findall(TEXTS[page]))
    lost = [f"{file}::{name}" for file, name in sorted(named) if not (ROOT / file).is_file() or not has(file, name)]
    assert lost == []


def has(file: str, test: str) -> bool:
    return not test or f"def {test}(" in (ROOT / file).read_text("utf-8")


@pytest.mark.parametrize("page", TEXTS)
def test_the_api_has_every_operation(page: str) -> None:
    named = OPERATION.findall(TEXTS[page])
    assert [f"{method} {path}" for method, path in named if not is_served(method, path)] == []


def is_served(method: str, path: str) -> bool:
    """Whether the contract has it; "…" stands for the beginning, and in the README for the base that is said above."""
    bare = re.sub(r"\{\w+\}|<\w+>", "{}", path)
    if bare.startswith("…"):
        return any(method == known and served.endswith(bare[1:]) for known, served in OPERATIONS)
    whole = JOURNEYS + bare if bare.startswith("/{}") else bare
    return (method, whole) in OPERATIONS | ELSEWHERE


@pytest.mark.parametrize("page", TEXTS)
def test_make_has_every_target(page: str) -> None:
    said = [*spans(TEXTS[page]), *(line for fence in fences(TEXTS[page]) for line in joined(fence.text))]
    named = {words[1] for line in said if (words := line.split())[:1] == ["make"] and len(words) > 1}
    targets = {name for name in named if re.fullmatch(r"[a-z][a-z-]*", name)}
    assert [name for name in sorted(targets) if not re.search(rf"^{name}:", MAKEFILE, re.MULTILINE)] == []


@pytest.mark.parametrize("page", TEXTS)
def test_every_migration_is_there(page: str) -> None:
    numbers = {
        number for said in re.findall(r"migrations? ([\d, and]+\d{4}|\d{4})", TEXTS[page]) for number in said.split()
    }
    numbers = {found for number in numbers for found in re.findall(r"\d{4}", number)}
    folder = ROOT / "orchestrator" / "store" / "migrations"
    assert [number for number in sorted(numbers) if not any(folder.glob(f"{number}_*.sql"))] == []


def test_the_names_are_seen() -> None:
    """Else none of the tests above could fail."""
    whole = "".join(TEXTS.values())
    assert len(list(calls(whole))) > 150
    assert len(TESTS.findall(whole)) > 250
    assert len(OPERATION.findall(whole)) > 50
    assert len(METRIC.findall(whole)) > 30
