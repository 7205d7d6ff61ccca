"""Java, and the jars of the broker: found, or fetched once with Maven into a folder that is then kept."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from orchestrator.errors import StackError
from orchestrator.local.lock import locked

Progress = Callable[[str], None]

POM = Path(__file__).with_name("pom.xml")
LEAST_JAVA = 17  # the broker of Kafka 4 does not run on less
MAVEN_DEADLINE_S = 600
MAVEN_TAIL_LINES = 8
MARKER = "complete.json"


def find_java() -> str:
    """The path of a ``java`` that can run the broker: ``JAVA_HOME`` first, then ``PATH``.

    Raises:
        StackError: when there is none, or it is too old.
    """
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home) / "bin")) if home else None
    java = java or shutil.which("java")
    if java is None:
        raise StackError(
            "looking for Java: there is no `java` in JAVA_HOME or PATH; the local Kafka broker needs Java "
            f"{LEAST_JAVA} or newer (Debian, Ubuntu: `apt install default-jre-headless`; macOS: `brew install openjdk`)"
        )
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    version = java_version(answer.stderr + answer.stdout)
    if version is None or version < LEAST_JAVA:
        raise StackError(
            f"looking for Java: {java} is version {version or 'unknown'}; the local Kafka broker needs Java "
            f"{LEAST_JAVA} or newer: install one, or point JAVA_HOME at it"
        )
    return java


def java_version(answer: str) -> int | None:
    """The major version in the answer of ``java -version`` (``1.8.0_292`` is 8); None when there is none."""
    match = re.search(r'version "(?:1\.)?(\d+)', answer)
    return int(match.group(1)) if match else None


def kafka_jars(folder: Path, progress: Progress) -> Path:
    """The folder of the broker's jars: ``folder`` itself, filled by Maven when it is not yet complete.

    A marker file lists every jar with its size and the hash of ``pom.xml``; while it holds true Maven never runs again.

    Raises:
        StackError: when Maven is missing or cannot fetch the jars.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.with_name(folder.name + ".lock")):
        if not is_complete(folder):
            progress("Fetching the Kafka broker from Maven Central (44 MB, once)")
            _fetch(folder)
    return folder


def is_complete(folder: Path) -> bool:
    """Whether the marker is there, was written for this ``pom.xml``, and every jar it lists has its size."""
    marker = folder / MARKER
    if not marker.exists():
        return False
    try:
        content = json.loads(marker.read_text())
        sizes: dict[str, int] = content["jars"]
        pom: str = content["pom"]
    except (ValueError, KeyError, TypeError):
        return False
    return pom == _pom_hash() and all(
        (folder / name).exists() and (folder / name).stat().st_size == size for name, size in sizes.items()
    )


def _fetch(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise StackError(
            "fetching the Kafka broker: there is no `mvn` in PATH; install Maven 3 "
            "(Debian, Ubuntu: `apt install maven`; macOS: `brew install maven`)"
        )
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    command = [
        maven, "-B", "-q", "-f", str(POM), "dependency:copy-dependencies",
        "-DincludeScope=runtime", f"-DoutputDirectory={partial.absolute()}",
    ]  # fmt: skip
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=MAVEN_DEADLINE_S, cwd=folder.parent
        )
    except subprocess.TimeoutExpired as error:
        raise StackError(f"fetching the Kafka broker: Maven did not finish within {MAVEN_DEADLINE_S} s") from error
    jars = sorted(partial.glob("*.jar"))
    if answer.returncode != 0 or not jars:
        lines = [line for line in (answer.stdout + answer.stderr).splitlines() if line.strip()]
        raise StackError(
            "fetching the Kafka broker: Maven ended with exit code "
            f"{answer.returncode}; it needs Maven Central or a mirror (~/.m2/settings.xml) once. Its last lines:\n"
            + "\n".join(lines[-MAVEN_TAIL_LINES:])
        )
    sizes = {jar.name: jar.stat().st_size for jar in jars}
    (partial / MARKER).write_text(json.dumps({"pom": _pom_hash(), "jars": sizes}, indent=1))
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def _pom_hash() -> str:
    return hashlib.sha256(POM.read_bytes()).hexdigest()
