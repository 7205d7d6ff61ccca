"""The peers' programs, made ready once and kept in ``.local/peers``: a Java one, and a virtual environment for Python.

The product's own environment and locks do not know them.
"""

import hashlib
import os
import shutil
import subprocess
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

from orchestrator.errors import StackError
from orchestrator.local.jars import find_java
from orchestrator.local.lock import locked

FOLDER = Path(__file__).parents[2] / ".local" / "peers"
STREAMS = Path(__file__).with_name("kafka_streams")
REQUIREMENTS = Path(__file__).with_name("peers-requirements.txt")
MARKER = "made-of"  # a file with the hash of everything that the folder was made of
DEADLINE_S = 600
TAIL_LINES = 15

Say = Callable[[str], None]


def kafka_streams(say: Say) -> tuple[str, ...]:
    """The command line that begins the Kafka Streams program; its arguments are to follow.

    Raises:
        StackError: there is no Java or Maven, or the program cannot be built.
    """
    folder = FOLDER / "kafka-streams"
    sources = [STREAMS / "pom.xml", *sorted(STREAMS.rglob("*.java"))]
    _once(folder, sources, lambda: _build(folder), say, "building the Kafka Streams program (Maven, once)")
    return (find_java(), "-cp", os.pathsep.join((str(folder / "*"), str(folder / "libs" / "*"))), "bench.Count")


def peers_python(say: Say) -> str:
    """The Python that has Quix Streams and confluent-kafka.

    Raises:
        StackError: the packages cannot be installed.
    """
    folder = FOLDER / "python"
    _once(folder, [REQUIREMENTS], lambda: _install(folder), say, "installing Quix Streams and confluent-kafka (once)")
    return str(folder / "bin" / "python")


def _once(folder: Path, sources: Sequence[Path], make: Callable[[], None], say: Say, what: str) -> None:
    mark = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with locked(folder.with_name(folder.name + ".lock")):
        marker = folder / MARKER
        if marker.exists() and marker.read_text() == mark:
            return
        say(what)
        shutil.rmtree(folder, ignore_errors=True)
        make()
        marker.write_text(mark)


def _build(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise StackError("building the Kafka Streams program: there is no `mvn` in PATH; install Maven 3")
    _run(
        maven, "-B", "-q", "-f", str(STREAMS / "pom.xml"), f"-Dfolder={folder}", "package",
        "dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder / 'libs'}",
    )  # fmt: skip


def _install(folder: Path) -> None:
    venv.create(folder, with_pip=True)
    pip = (str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet")
    _run(*pip, "install", "--no-deps", "-r", str(REQUIREMENTS))


def _run(*command: str) -> None:
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=DEADLINE_S)
    except subprocess.TimeoutExpired as error:
        raise StackError(f"making a peer of the bench: {command[0]} did not finish within {DEADLINE_S} s") from error
    if answer.returncode:
        lines = "\n".join((answer.stdout + answer.stderr).splitlines()[-TAIL_LINES:])
        raise StackError(f"making a peer of the bench: {' '.join(command)} ended with {answer.returncode}:\n{lines}")
