"""The house keeps its rules: small files, plain names, a sentence on every door."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from orchestrator import __version__

MOST_LINES = 500
SOURCES = sorted(Path("orchestrator").rglob("*.py"))
TESTS = sorted(Path("tests").rglob("*.py"))
BANNED_WORDS = {"manager", "helper", "helpers", "util", "utils", "common", "misc", "base"}


@pytest.mark.parametrize("file", [*SOURCES, *TESTS], ids=str)
def test_a_file_stays_small(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("file", SOURCES, ids=str)
def test_a_file_is_named_for_one_noun(file: Path) -> None:
    assert not set(file.stem.split("_")) & BANNED_WORDS


@pytest.mark.parametrize("file", SOURCES, ids=str)
def test_a_file_says_what_it_is_for(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert not text.strip() or ast.get_docstring(ast.parse(text)), "begin the file with a docstring"


@pytest.mark.parametrize("file", SOURCES, ids=str)
def test_everything_public_says_what_it_means(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    silent = [
        node.name
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_the_version_is_the_same_wherever_it_is_written() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    sections = re.findall(r"^## \[(.+)\]", Path("docs/changelog.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sections[0] == "Unreleased"
    assert project["version"] == __version__ == sections[1]


def test_the_lock_pins_what_the_project_asks_for() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = {
        line.split("==")[0].lower()
        for line in Path("deploy/requirements.lock").read_text().splitlines()
        if "==" in line
    }
    wanted = {_name_of(requirement) for requirement in project["dependencies"]}
    assert wanted <= pinned, "run `make lock`"


def _name_of(requirement: str) -> str:
    return re.split(r"[=<>;\[ ]", requirement)[0].lower()
