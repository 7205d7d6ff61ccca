"""The program as people get it: built from the repository, installed apart from it, by the image's own instructions."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.composition import DOCKERFILE
from tests.worker_process import ROOT

PLACE, BUILD = "/opt/orchestrator", "/build"


def instructions() -> list[tuple[str, str]]:
    """COPY and RUN of the image's first stage, lines joined."""
    text = DOCKERFILE.read_text(encoding="utf-8").replace("\\\n", " ")
    first = text.split("\nFROM ")[1]
    return re.findall(r"^(COPY|RUN) (.+)$", first, re.MULTILINE)


def install(folder: Path, extras: str) -> Path:
    """Carries them out below ``folder``; the folder of the program's commands.

    pip's cache is used, since the packages are those of the tests, and nothing is compiled: that is half of the time.
    """
    place, build = folder / "opt", folder / "build"
    build.mkdir(parents=True)
    for kind, line in instructions():
        if kind == "COPY":
            *sources, target = line.split()
            for source in sources:
                _copy(ROOT / source, build / target)
        else:
            line = line.replace(PLACE, str(place)).replace(" --no-cache-dir", " --no-compile")
            _run(line, build, extras)
    return place / "bin"


def _copy(source: Path, target: Path) -> None:
    """As Docker copies: a folder's content into the target, a file under its name into a folder."""
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target / source.name if target.is_dir() else target)


def _run(line: str, folder: Path, extras: str) -> None:
    """As ``/bin/sh`` of the image runs it, with the Python of the tests for its ``python`` and ``pip``."""
    line = re.sub(r"(?<![\w/-])pip --python", f"{sys.executable} -m pip --disable-pip-version-check --python", line)
    line = re.sub(r"(?<![\w/-])python -m", f"{sys.executable} -m", line)
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "EXTRAS": extras}
    environment |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    done = subprocess.run(["sh", "-ec", line], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{line}\n{done.stdout[-2_000:]}{done.stderr[-4_000:]}"
