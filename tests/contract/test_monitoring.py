"""Every metric that a dashboard or an alert asks for exists, and every alert tells what to do."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from ruamel.yaml import YAML

import orchestrator.telemetry.metrics

DASHBOARDS = sorted(Path("deploy/grafana/dashboards").glob("*.json"))
ALERTS = Path("deploy/prometheus/alerts.yml").read_text(encoding="utf-8")
RULES = [rule for group in YAML(typ="safe").load(ALERTS)["groups"] for rule in group["rules"]]
COMPOSE = YAML(typ="safe").load(Path("docker-compose.yml").read_text(encoding="utf-8"))
METRIC = re.compile(r"\borchestrator_[a-z_]+")


def existing() -> set[str]:
    """Every name that a scrape may show; importing the metrics has declared them."""
    assert orchestrator.telemetry.metrics.COMMANDS
    names: set[str] = set()
    for metric in REGISTRY.collect():
        names.add(metric.name)
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(metric.type, ())
        names |= {metric.name + suffix for suffix in suffixes}
    return names


def expressions(panel: dict[str, Any]) -> list[str]:
    return [target["expr"] for target in panel["targets"]]


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)
def test_every_metric_on_a_dashboard_exists(file: Path) -> None:
    panels = json.loads(file.read_text(encoding="utf-8"))["panels"]
    asked = {name for panel in panels for expression in expressions(panel) for name in METRIC.findall(expression)}
    assert asked
    assert asked <= existing()


def test_every_metric_in_an_alert_exists() -> None:
    asked = {name for line in ALERTS.splitlines() if "expr:" in line for name in METRIC.findall(line)}
    assert asked
    assert asked <= existing()


def test_every_alert_has_a_heading_in_the_operations_handbook() -> None:
    headings = {
        line.removeprefix("### ").strip().lower()
        for line in Path("docs/operations.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("### ")
    }
    asked = re.findall(r"docs/operations\.md#([a-z]+)", ALERTS)
    assert len(asked) == ALERTS.count("- alert:")
    assert set(asked) <= headings


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_the_matter_how_urgent_it_is_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["for"]
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["annotations"]["runbook"].endswith(".")
    assert rule["annotations"]["runbook_url"] == f"docs/operations.md#{rule['alert'].lower()}"


@pytest.mark.parametrize("service", ["worker-0", "worker-1", "sink", "api"])
def test_every_process_of_the_composition_is_asked_whether_it_is_ready(service: str) -> None:
    assert "/readyz" in str(COMPOSE["services"][service]["healthcheck"]["test"])


def test_the_handbook_lists_every_alert() -> None:
    handbook = Path("docs/operations.md").read_text(encoding="utf-8")
    assert [rule["alert"] for rule in RULES if f"| [{rule['alert']}](" not in handbook] == []
