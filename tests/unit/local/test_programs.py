"""What is found on the machine, and what is said when it is not there."""

import hashlib
import json
from pathlib import Path

import pytest

from orchestrator.errors import StackError
from orchestrator.local.jars import MARKER, POM, find_java, is_complete, java_version, kafka_jars
from orchestrator.local.postgres_binaries import find_binaries, major_version


def a_program(folder: Path, name: str, says: str, code: int = 0) -> Path:
    """A stand-in for a program, which prints a text and ends."""
    program = folder / name
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\nexit {code}\n")
    program.chmod(0o755)
    return program


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder where programs are looked for, besides the shell's own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "cat").symlink_to("/bin/cat")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    return folder


@pytest.mark.parametrize(
    ("answer", "major"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "25" 2025-09-16', 25),
        ('java version "1.8.0_292"', 8),
        ("command not found", None),
    ],
)
def test_java_versions_old_and_new_are_read(answer: str, major: int | None) -> None:
    assert java_version(answer) == major


def test_missing_java_is_told_with_what_to_install(path: Path) -> None:
    with pytest.raises(StackError, match=r"no `java` in JAVA_HOME or PATH.*needs Java 17 or newer.*apt install"):
        find_java()


def test_old_java_is_told_with_its_version(path: Path) -> None:
    a_program(path, "java", 'openjdk version "11.0.2" 2019-01-15')
    with pytest.raises(StackError, match=r"is version 11; .*needs Java 17"):
        find_java()


def test_java_home_wins_over_the_path(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_program(path, "java", 'openjdk version "17.0.1"')
    (tmp_path / "home" / "bin").mkdir(parents=True)
    chosen = a_program(tmp_path / "home" / "bin", "java", 'openjdk version "21.0.1"')
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    assert find_java() == str(chosen)


def test_missing_maven_is_told_with_what_to_install(path: Path, tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"no `mvn` in PATH; install Maven 3"):
        kafka_jars(tmp_path / "libs", [].append)


def test_maven_without_a_network_shows_its_last_words(path: Path, tmp_path: Path) -> None:
    a_program(path, "mvn", "line one\n[ERROR] Unknown host central", code=1)
    with pytest.raises(StackError, match=r"exit code 1(.|\n)*Unknown host central"):
        kafka_jars(tmp_path / "libs", [].append)
    assert not (tmp_path / "libs").exists()


def test_complete_jars_are_used_without_asking_maven(path: Path, tmp_path: Path) -> None:
    libs = tmp_path / "libs"
    # The stand-in for Maven makes one jar where it is told to.
    maven = path / "mvn"
    maven.write_text(
        '#!/bin/sh\nfor word in "$@"; do case $word in -DoutputDirectory=*) out=${word#*=};; esac; done\n'
        '/bin/mkdir -p "$out"\necho x > "$out/a.jar"\n'
    )
    maven.chmod(0o755)
    said: list[str] = []
    kafka_jars(libs, said.append)
    assert is_complete(libs)
    maven.unlink()
    assert kafka_jars(libs, said.append) == libs
    assert len(said) == 1


@pytest.mark.parametrize("damage", ["a.jar", MARKER])
def test_a_damaged_folder_of_jars_is_not_taken_for_complete(tmp_path: Path, damage: str) -> None:
    (tmp_path / "a.jar").write_text("x")
    marker = {"pom": hashlib.sha256(POM.read_bytes()).hexdigest(), "jars": {"a.jar": 1}}
    (tmp_path / MARKER).write_text(json.dumps(marker))
    assert is_complete(tmp_path)
    (tmp_path / damage).write_text("{damaged")
    assert not is_complete(tmp_path)


@pytest.mark.parametrize(
    ("answer", "major"),
    [("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)", 15), ("postgres (PostgreSQL) 18beta1", 18), ("", None)],
)
def test_postgres_versions_are_read(answer: str, major: int | None) -> None:
    assert major_version(answer) == major


def a_postgres(folder: Path, version: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in ("postgres", "initdb", "pg_isready"):
        a_program(folder, name, f"{name} (PostgreSQL) {version}")
    return folder


def test_a_named_folder_is_used(path: Path, tmp_path: Path) -> None:
    folder = a_postgres(tmp_path / "pg", "16.1")
    found = find_binaries(str(folder))
    assert (found.folder, found.major) == (folder, 16)


def test_a_named_folder_that_is_too_old_is_told(path: Path, tmp_path: Path) -> None:
    with pytest.raises(StackError, match="holds version 13; 14 or newer is needed"):
        find_binaries(str(a_postgres(tmp_path / "pg", "13.9")))


def test_a_named_folder_without_the_programs_is_told(path: Path, tmp_path: Path) -> None:
    with pytest.raises(StackError, match="does not hold postgres, initdb, pg_isready"):
        find_binaries(str(tmp_path))
