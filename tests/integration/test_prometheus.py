"""Prometheus itself, with what is shipped for it, asks a running installation; and its own tool tests the rules."""

import math
import re
import subprocess
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from orchestrator.api.paths import BASE
from orchestrator.catalog import Catalog
from orchestrator.local.ports import LOOPBACK, free_ports
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import encode_event
from orchestrator.messages.key import partition_of
from orchestrator.settings import Settings
from orchestrator.store.audit import COMMAND_LINE
from orchestrator.store.keys import create_key
from orchestrator.store.migrate import migrate
from orchestrator.store.pool import open_pool
from orchestrator.store.tenant import Tenant
from tests.builders import a_journey, steps
from tests.monitoring_files import ALERTS, DASHBOARDS, PROMETHEUS, expressions
from tests.prometheus_process import PrometheusProcess, program
from tests.worker_process import WorkerProcess, an_event, produce

pytestmark = pytest.mark.integration

WORKSPACE = "acme"
# A message to everybody who signs up, a wait, and one that lacks consent: so there are sends, timers and suppressions.
JOURNEY = a_journey(
    steps=steps(
        hello={"kind": "send", "channel": "email", "template": "hello", "category": "transactional", "next": "pause"},
        pause={"kind": "wait", "duration": "PT1S", "next": "offer"},
        offer={"kind": "send", "channel": "push", "template": "offer", "next": "done"},
    ),
    guardrails={"consent": {"marketing": "required", "transactional": "none"}},
)
ADAPTER = ("file", "--channel", "email")
# Panels that show nothing here, and why.
MAY_BE_EMPTY = {
    "Copies for others": "nobody keeps copies: ORCHESTRATOR_STANDBYS is 0",
    "Dead letters": "no record was set aside yet",
    "Faults by route": "no request failed",
    "From assignment to readiness": "workers may have taken over before they were first looked at",
    "Reports of providers": "files send none: tests/integration/test_adapters_conform.py",
    "Goals reached": "the journey has no goal",
    "Messages about allowance": "the journey has no limit over all customers",
}
# What a machine that is very busy, or whose disk is nearly full, may make true of a sound installation.
OF_THE_MACHINE = {
    *(
        "EventLoopHeldUp",
        "EventLagHigh",
        "InputLagHigh",
        "CommitSlow",
        "TimersLate",
        "SinkSlow",
        "ApiSlow",
        "ClockSkew",
    ),
    *("DiskFilling", "ConfigChangesStuck"),
}


@dataclass
class House:
    """A whole installation, and the Prometheus that watches it."""

    settings: Settings
    workers: list[WorkerProcess]
    worker_ports: list[int]
    prometheus: PrometheusProcess
    client: httpx.AsyncClient
    signed_up: int = 0

    async def lives_on(self) -> None:
        """A few customers sign up, and somebody looks at the list of journeys."""
        catalog = Catalog(self.settings)
        by_partition: defaultdict[int, list[Encoded]] = defaultdict(list)
        for number in range(self.signed_up, self.signed_up + 20):
            record = encode_event(an_event(number, f"c{number}", type="customer.signed_up"))
            by_partition[partition_of(record.key, catalog.customer_partitions)].append(record)
        self.signed_up += 20
        await produce(self.settings, catalog.events, by_partition)
        assert (await self.client.get(BASE)).status_code == 200


@pytest.fixture
async def house(settings: Settings, topics: Catalog, tmp_path: Path) -> AsyncIterator[House]:
    pool = await open_pool(settings, patience_s=30)
    await migrate(pool)
    key = (await create_key(Tenant(pool, WORKSPACE), "test", "admin", COMMAND_LINE)).secret
    await pool.close()
    *metrics_ports, api_port, port = free_ports(7)
    slots = ("worker-0", "worker-1", "sink", "api", "adapter")
    processes = [
        WorkerProcess(
            settings,
            slot,
            ("-m", "orchestrator", slot.partition("-")[0], *(ADAPTER if slot == "adapter" else ())),
            ORCHESTRATOR_METRICS_PORT=str(metrics_port),
            ORCHESTRATOR_API_PORT=str(api_port),
            ORCHESTRATOR_ADAPTER_FILE_DIR=str(tmp_path / "sent"),
        )
        for slot, metrics_port in zip(slots, metrics_ports, strict=True)
    ]
    prometheus = PrometheusProcess(tmp_path, port, [f"{LOOPBACK}:{each}" for each in metrics_ports])
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=f"http://{LOOPBACK}:{api_port}", headers=headers, timeout=30) as client:
        try:
            for process in processes:
                process.start()
            prometheus.start()
            yield House(settings, processes[:2], metrics_ports[:2], prometheus, client)
        finally:
            prometheus.close()
            for process in processes:
                process.close()


def as_asked_by_grafana(expression: str) -> str:
    return re.sub(r"\$(instance|topic)", ".*", expression.replace("$__rate_interval", "1m"))


def panels() -> dict[str, str]:
    return {
        f"{file.stem}: {where}": as_asked_by_grafana(expression)
        for file in DASHBOARDS
        for where, expression in expressions(file).items()
    }


def title_of(where: str) -> str:
    return where.split(": ")[1].rpartition(" ")[0]


async def test_a_sound_installation_fills_its_dashboards_and_what_goes_wrong_raises_an_alert_until_it_is_mended(
    house: House, topics: Catalog
) -> None:
    prometheus = house.prometheus

    async def not_up() -> list[str]:
        targets = (await prometheus.ask("targets"))["activeTargets"]
        return [f"{each['scrapeUrl']}: {each['lastError']}" for each in targets if each["health"] != "up"] or (
            [] if len(targets) == 5 else [f"{len(targets)} targets"]
        )

    await prometheus.becomes("every target is up", not_up)
    await prometheus.becomes("all partitions are owned", lambda: not_owned(prometheus))
    created = await house.client.post(BASE, json={"config": JOURNEY, "status": "ACTIVE"})
    assert created.status_code == 201, created.text

    unseen = panels()

    async def empty() -> list[str]:
        await house.lives_on()
        for where, expression in list(unseen.items()):
            values = await prometheus.query(expression)
            if not all(map(math.isnan, values)) or title_of(where) in MAY_BE_EMPTY:
                del unseen[where]
        return list(unseen)

    await prometheus.becomes("every panel shows something", empty)
    assert MAY_BE_EMPTY.keys() <= set(map(title_of, panels()))
    workers = await prometheus.ask("label/instance/values", **{"match[]": 'orchestrator_build_info{role="worker"}'})
    assert sorted(workers) == sorted(f"{LOOPBACK}:{each}" for each in house.worker_ports)

    assert await prometheus.ask("label/role/values") == ["adapter", "api", "sink", "worker"]
    assert await prometheus.query("orchestrator_clock_seconds == 0") == []

    rules = [rule for group in (await prometheus.ask("rules"))["groups"] for rule in group["rules"]]
    assert {rule["name"] for rule in rules} >= {rule["alert"] for rule in ALERTS}
    assert [(rule["name"], rule["lastError"]) for rule in rules if rule["health"] != "ok"] == []

    async def alarmed() -> list[str]:
        return [each["alertname"] for each in await prometheus.alerts() if each["alertname"] not in OF_THE_MACHINE]

    await prometheus.becomes("no alert waits or fires", alarmed)
    assert await prometheus.alerts("firing") == []

    prometheus.without_patience()
    await produce(house.settings, topics.events, {0: [Encoded(b"acme:broken", b"\xff no event", [])]})
    await prometheus.becomes("a dead letter is told", lambda: fires(prometheus, "DeadLettersGrow"))
    down = f"{LOOPBACK}:{house.worker_ports[1]}"
    assert await house.workers[1].stop() == 0
    await prometheus.becomes("a worker that is gone is told", lambda: fires(prometheus, "ProcessDown", down))
    await prometheus.becomes("and so are its partitions", lambda: fires(prometheus, "PartitionsNotOwned"))
    house.workers[1].start()

    async def still_told() -> list[str]:
        told = [each["alertname"] for each in await prometheus.alerts("firing")]
        return [name for name in told if name in ("ProcessDown", "PartitionsNotOwned")]

    await prometheus.becomes("it is back, and nobody is told any more", still_told)


async def not_owned(prometheus: PrometheusProcess) -> list[float]:
    wanted = "max(orchestrator_customer_partitions) - sum(orchestrator_partitions_owned) != 0 or absent(up)"
    return await prometheus.query(wanted) or [
        -1.0 for told in [await prometheus.query("max(orchestrator_customer_partitions) > 0")] if not told
    ]


async def fires(prometheus: PrometheusProcess, name: str, instance: str | None = None) -> str:
    """Empty once the alert fires, of this target if one is named."""
    found = [
        alert
        for alert in await prometheus.alerts("firing")
        if alert["alertname"] == name and instance in (None, alert.get("instance"))
    ]
    return "" if found else f"{name} does not fire"


def test_alerts_fire_when_they_should_and_only_then() -> None:
    tool = program("promtool")
    checked = subprocess.run([tool, "check", "config", PROMETHEUS / "prometheus.yml"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    tests = sorted((PROMETHEUS / "tests").glob("*.yml"))
    assert tests
    done = subprocess.run([tool, "test", "rules", *tests], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
