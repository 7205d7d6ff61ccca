"""What a process under test answers to those who watch it."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from orchestrator.local.ports import LOOPBACK
from tests.worker_process import PATIENCE_S, WorkerProcess

LOOK_AGAIN_S = 0.02


class Watched:
    """A process and its telemetry port."""

    def __init__(self, process: WorkerProcess, port: int) -> None:
        self.process = process
        self._port = port
        self._url = f"http://{LOOPBACK}:{port}"

    def another(self) -> "Watched":
        """The next process of the same slot, not started."""
        return Watched(self.process.another(), self._port)

    async def probe(self, path: str) -> tuple[int, Mapping[str, Any]]:
        """The status and the document of a probe; (0, {}) while nobody answers."""
        try:
            answer = await asyncio.to_thread(httpx.get, f"{self._url}{path}")
        except httpx.TransportError:
            return 0, {}
        return answer.status_code, answer.json()

    async def metric(self, name: str, **labels: str) -> float | None:
        """The sum of all samples with this name and these labels; None while there is none."""
        try:
            answer = await asyncio.to_thread(httpx.get, f"{self._url}/metrics")
        except httpx.TransportError:
            return None
        samples = [
            sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        return sum(samples) if samples else None

    async def shows(self, condition: Callable[[float], bool], name: str, **labels: str) -> float:
        """Waits until the metric is so, and returns it; fails with the process's log."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            value = await self.metric(name, **labels)
            if value is not None and condition(value):
                return value
            self._go_on(deadline, f"{name} is {value}")
            await asyncio.sleep(LOOK_AGAIN_S)

    async def becomes_ready(self) -> Mapping[str, Any]:
        """Waits until ``/readyz`` says so, and returns its document; fails with the process's log."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            status, document = await self.probe("/readyz")
            if status == 200:
                return document
            self._go_on(deadline, f"/readyz: {status} {document}")
            await asyncio.sleep(LOOK_AGAIN_S)

    def _go_on(self, deadline: float, seen: str) -> None:
        if time.monotonic() > deadline or self.process.process.poll() is not None:
            raise AssertionError(f"{seen}\n{self.process.log.read_text()[-4_000:]}")
