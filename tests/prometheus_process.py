"""A Prometheus of one's own, with the rules of ``deploy/prometheus``, and what it answers."""

import asyncio
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx

from orchestrator.local.ports import LOOPBACK
from tests.monitoring_files import PROMETHEUS

PROGRAMS = ("prometheus", "promtool")
PATIENCE_S = 60.0
LOOK_AGAIN_S = 0.25
# Read and judged this often, instead of every 15 s and every minute: the only other thing that a test changes.
EVERY = "2s"


def program(name: str) -> str:
    """The path of a program of Prometheus'."""
    path = shutil.which(name)
    assert path, f"{name} is missing: apt-get install prometheus (or put {' and '.join(PROGRAMS)} on the PATH)"
    return path


class Starting(Exception):
    """It listens, and does not answer questions yet."""


class PrometheusProcess:
    """A Prometheus in ``folder`` that reads ``targets`` (host:port) by a copy of the configuration that is shipped."""

    def __init__(self, folder: Path, port: int, targets: Sequence[str]) -> None:
        self._folder = folder
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None
        shutil.copytree(PROMETHEUS, folder / "etc")
        shipped = (PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8")
        text, replaced = re.subn(r"- targets: \[.*\]", f"- targets: {list(targets)}", shipped)
        text, shortened = re.subn(
            "scrape_interval: 15s", f"scrape_interval: {EVERY}, evaluation_interval: {EVERY}", text
        )
        assert (replaced, shortened) == (1, 1)
        text = text.replace("global:\n  scrape_interval", "global: {scrape_interval").replace(
            EVERY + "\n", EVERY + "}\n"
        )
        self._configuration.write_text(text, encoding="utf-8")

    @property
    def _configuration(self) -> Path:
        return self._folder / "etc" / "prometheus.yml"

    @property
    def _log(self) -> Path:
        return self._folder / "prometheus.log"

    def start(self) -> None:
        """Starts it."""
        command = [
            program("prometheus"),
            f"--config.file={self._configuration}",
            f"--storage.tsdb.path={self._folder / 'data'}",
            f"--web.listen-address={LOOPBACK}:{self._port}",
        ]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)

    def without_patience(self) -> None:
        """Has every alert fire as soon as its condition holds."""
        assert self._process is not None
        rules = self._folder / "etc" / "alerts.yml"
        text, shortened = re.subn(r"for: \d+[ms]$", "for: 0s", rules.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert shortened == text.count("- alert:")
        rules.write_text(text, encoding="utf-8")
        self._process.send_signal(signal.SIGHUP)

    def close(self) -> None:
        """Makes sure it does not go on."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()

    async def ask(self, path: str, **parameters: str) -> Any:
        """What its API answers; a refusal fails with its words."""
        url = f"http://{LOOPBACK}:{self._port}/api/v1/{path}"
        answer = await asyncio.to_thread(httpx.get, url, params=parameters, timeout=30)
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            raise Starting(answer.text)
        document = answer.json()
        assert document["status"] == "success", f"{parameters}: {document}"
        return document["data"]

    async def query(self, expression: str) -> list[float]:
        """The values of an expression now."""
        result = (await self.ask("query", query=expression))["result"]
        return [float(series["value"][1]) for series in result]

    async def alerts(self, state: str = "") -> list[dict[str, str]]:
        """The labels of the alerts that wait for their time to pass (``pending``), or fire (``firing``), or either."""
        alerts = (await self.ask("alerts"))["alerts"]
        return [alert["labels"] for alert in alerts if state in ("", alert["state"])]

    async def becomes(self, what: str, look: Callable[[], Any], *, patience_s: float = PATIENCE_S) -> None:
        """Waits until the coroutine function ``look`` returns something empty; fails with what it returned instead."""
        deadline = time.monotonic() + patience_s
        while True:
            try:
                left = await look()
            except (httpx.TransportError, Starting) as error:
                left = repr(error)
            if not left:
                return
            assert time.monotonic() < deadline, f"{what}: {left}\n{self._log.read_text()[-2_000:]}"
            await asyncio.sleep(LOOK_AGAIN_S)
