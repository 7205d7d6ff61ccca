"""The archives that people get: all of the program, its licences, and nothing of the place where they were made."""

import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest
from build import ProjectBuilder
from build.env import DefaultIsolatedEnv

from orchestrator import __version__
from tests.worker_process import ROOT

pytestmark = pytest.mark.integration

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NAME = f"omnichannel_journey_orchestrator-{__version__}"
# What the source archive has beside the program's folders; the last two are added by the builder.
BESIDE = {
    *("pyproject.toml", "README.md", "LICENSE", "NOTICE", "docs/changelog.md"),
    *("deploy/requirements.lock", "deploy/requirements-dev.lock", ".gitignore", "PKG-INFO"),
}


class Archives(NamedTuple):
    """The files of each by their names; whether the source archive makes the wheel that the repository makes."""

    sdist: dict[str, bytes]
    wheel: dict[str, bytes]
    is_the_same_again: bool


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Archives:
    folder = tmp_path_factory.mktemp("package")
    with DefaultIsolatedEnv() as environment:
        builder = ProjectBuilder.from_isolated_env(environment, ROOT)
        environment.install(builder.build_system_requires)
        source = builder.build("sdist", folder)
        wheel = Path(builder.build("wheel", folder))
        with tarfile.open(source) as archive:
            archive.extractall(folder, filter="data")
        unpacked = folder / NAME
        again = Path(ProjectBuilder.from_isolated_env(environment, unpacked).build("wheel", folder / "again"))
    files = {str(each.relative_to(unpacked)): each.read_bytes() for each in unpacked.rglob("*") if each.is_file()}
    with zipfile.ZipFile(wheel) as zipped:
        content = {name: zipped.read(name) for name in zipped.namelist()}
    return Archives(files, content, wheel.read_bytes() == again.read_bytes())


def files_of(folder: str, name: str = "") -> set[str]:
    """The files of a folder of the repository, without what Python leaves there; the folder is called ``name``."""
    found = (each for each in (ROOT / folder).rglob("*") if each.is_file() and "__pycache__" not in each.parts)
    return {f"{name or folder}/{each.relative_to(ROOT / folder)}" for each in found}


def test_the_wheel_has_the_program_its_topics_and_its_licences_and_nothing_else(archives: Archives) -> None:
    described = {each for each in archives.wheel if each.startswith(f"{NAME}.dist-info/")}
    assert set(archives.wheel) - described == files_of("orchestrator") | files_of("topics", "orchestrator/_data/topics")
    licences = {each.partition("/licenses/")[2] for each in described} - {""}
    assert licences == set(PROJECT["license-files"])
    lying_beside = {each for each in files_of("orchestrator") if Path(each).name.startswith(("LICENSE", "NOTICE"))}
    assert lying_beside <= licences


def test_the_source_archive_has_what_the_program_is_made_of_and_no_tests(archives: Archives) -> None:
    folders = [files_of(folder) for folder in ("orchestrator", "topics", "schemas")]
    assert set(archives.sdist) == BESIDE.union(*folders)


def test_nothing_in_them_tells_where_they_were_made(archives: Archives) -> None:
    places = [f"{place}/".encode() for place in (ROOT, sys.prefix)]
    for files in (archives.sdist, archives.wheel):
        assert [name for name, content in files.items() if any(place in content for place in places)] == []


def test_the_source_archive_makes_the_same_wheel_to_the_byte(archives: Archives) -> None:
    assert archives.is_the_same_again
