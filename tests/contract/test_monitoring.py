"""Every metric and label that a dashboard or an alert asks for exists; every alert tells what to do, and is tested."""

import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

import orchestrator.telemetry.metrics
from tests.monitoring_files import (
    ALERTS,
    DASHBOARDS,
    HANDBOOK,
    PROMETHEUS,
    RECORDS,
    dashboard,
    expressions,
    headings,
    panels,
    read_yaml,
)
from tests.promql import OF_A_TARGET, asked_by

COMPOSE = read_yaml(Path("docker-compose.yml"))
# What Prometheus says itself: whether a target answered, and which alerts wait or fire.
OWN = {"up": set(OF_A_TARGET), "ALERTS": {"alertname", "alertstate", "severity"}}
UNITS = {"none", "short", "s", "bytes", "percentunit", "ops", "reqps", "cpm"}  # of Grafana's own, those that we use
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}


@cache
def existing() -> dict[str, set[str]]:
    """Every name that may be asked for, with its labels."""
    assert orchestrator.telemetry.metrics.COMMANDS  # importing the metrics has declared them
    labels = {
        metric._name: set(metric._labelnames)
        for metric in vars(orchestrator.telemetry.metrics).values()
        if hasattr(metric, "_labelnames")
    }
    found = dict(OWN)
    for metric in REGISTRY.collect():
        for suffix in SUFFIXES.get(metric.type, ("",)):
            own = labels.get(metric.name, set()) | ({"le"} if suffix == "_bucket" else set())
            found[metric.name + suffix] = own | OF_A_TARGET
    for rule in RECORDS:
        found[rule["record"]] = set(asked_by(rule["expr"]).grouped_by) - {"le"}
    return found


def unknown_in(expression: str) -> list[str]:
    """The metrics and labels of an expression that nobody tells."""
    known, asked = existing(), asked_by(expression)
    assert asked.chosen_by, expression
    unknown = [name for name in asked.chosen_by if name not in known]
    for name, labels in asked.chosen_by.items():
        unknown += [f"{name}{{{label}}}" for label in labels - known.get(name, labels)]
    any_label = set[str]().union(*(known.get(name, set()) for name in asked.chosen_by))
    return unknown + [f"by ({label})" for label in asked.grouped_by - any_label]


@pytest.mark.parametrize(
    ("expression", "unknown"),
    [
        ("sum by (topic) (rate(orchestrator_records_consumed_total[5m])) > 0", []),
        ('histogram_quantile(0.9, sum by (le) (rate(orchestrator_event_lag_seconds_bucket{instance="a"}[1m])))', []),
        ("sum(orchestrator_recods_consumed_total)", ["orchestrator_recods_consumed_total"]),
        ('orchestrator_lag_records{tpic="x"} offset 1d', ["orchestrator_lag_records{tpic}"]),
        ("sum by (channel) (orchestrator_lag_records)", ["by (channel)"]),
        ("max(orchestrator_event_lag_seconds)", ["orchestrator_event_lag_seconds"]),
    ],
)
def test_a_name_that_is_misspelt_is_found(expression: str, unknown: list[str]) -> None:
    assert unknown_in(expression) == unknown


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)
def test_every_metric_and_label_on_a_dashboard_exists(file: Path) -> None:
    assert {where: bad for where, expr in expressions(file).items() if (bad := unknown_in(expr))} == {}


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_every_metric_and_label_in_an_alert_exists(rule: dict[str, Any]) -> None:
    assert unknown_in(rule["expr"]) == []


@pytest.mark.parametrize("rule", RECORDS, ids=lambda rule: rule["record"])
def test_every_metric_and_label_in_a_record_exists_and_the_record_is_asked_for(rule: dict[str, Any]) -> None:
    assert unknown_in(rule["expr"]) == []
    asked = [rule["expr"] for rule in ALERTS] + [expr for file in DASHBOARDS for expr in expressions(file).values()]
    assert any(rule["record"] in asked_by(expr).chosen_by for expr in asked)


def test_every_metric_of_ours_is_on_a_dashboard_or_in_an_alert() -> None:
    asked = {
        name
        for expr in [rule["expr"] for rule in [*ALERTS, *RECORDS]]
        + [e for f in DASHBOARDS for e in expressions(f).values()]
        for name in asked_by(expr).chosen_by
    }
    silent = [
        metric.name
        for metric in REGISTRY.collect()
        if metric.name.startswith("orchestrator_") and not any(name.startswith(metric.name) for name in asked)
    ]
    assert silent == []


def test_dashboards_are_told_apart_and_belong_together() -> None:
    documents = [dashboard(file) for file in DASHBOARDS]
    assert len(documents) == 4
    for field in ("uid", "title"):
        assert all(count == 1 for count in Counter(each[field] for each in documents).values())
    for document in documents:
        assert document["tags"] == ["orchestrator"]
        assert document["description"].endswith(".")
        assert [link["tags"] for link in document["links"]] == [["orchestrator"]]


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)
def test_a_dashboard_is_as_grafana_wants_it(file: Path) -> None:
    document = dashboard(file)
    assert document["schemaVersion"] >= 39
    assert "id" not in document  # Grafana gives it; the uid is ours, and stays
    assert "__inputs" not in document
    ids = [panel["id"] for panel in document["panels"]]
    assert len(ids) == len(set(ids))
    variables = {variable["name"] for variable in document["templating"]["list"]}
    text = file.read_text(encoding="utf-8")
    used = set(re.findall(r"\$\{?([a-z]+)\b", text))
    assert used - variables == set()
    assert variables - used == set()
    sources = {target["datasource"]["uid"] for panel in panels(file) for target in panel["targets"]}
    assert sources | {panel["datasource"]["uid"] for panel in panels(file)} == {"${datasource}"}
    for panel in document["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24


@pytest.mark.parametrize(
    ("file", "panel"),
    [pytest.param(file, panel, id=f"{file.stem}-{panel['title']}") for file in DASHBOARDS for panel in panels(file)],
)
def test_a_panel_says_what_it_shows_in_which_unit_and_what_to_do(file: Path, panel: dict[str, Any]) -> None:
    assert len(panel["description"]) > 20
    assert panel["description"].endswith((".", ")."))
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert all(target["legendFormat"] or panel["type"] == "table" for target in panel["targets"])
    assert panel["links"]
    for link in panel["links"]:
        assert link["url"].removeprefix("${handbook}#") in headings()
    for target in panel["targets"]:
        shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        known = existing()
        assert shown <= set[str]().union(*(known[name] for name in asked_by(target["expr"]).chosen_by))


def test_every_alert_has_a_heading_in_the_operations_handbook_and_stands_in_its_table() -> None:
    text = HANDBOOK.read_text(encoding="utf-8")
    assert [rule["alert"] for rule in ALERTS if f"### {rule['alert']}\n" not in text] == []
    rows = re.findall(r"^\| \[(\w+)\]\(#(\w+)\) \| (\w+) \|", text, re.MULTILINE)
    assert rows == [(rule["alert"], rule["alert"].lower(), rule["labels"]["severity"]) for rule in ALERTS]


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_the_matter_how_urgent_it_is_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["for"]
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["annotations"]["runbook"].endswith(".")
    assert rule["annotations"]["runbook_url"] == f"docs/operations.md#{rule['alert'].lower()}"


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_there_is_a_test_in_which_an_alert_fires_and_one_in_which_it_does_not(rule: dict[str, Any]) -> None:
    checks = [
        check
        for file in sorted((PROMETHEUS / "tests").glob("*.yml"))
        for test in read_yaml(file)["tests"]
        for check in test["promql_expr_test"]
        if f'alertname="{rule["alert"]}"' in check["expr"]
    ]
    assert {bool(check["exp_samples"]) for check in checks} == {True, False}


def test_the_job_is_called_as_the_alerts_call_it_wherever_prometheus_is_told_of_it() -> None:
    named = {job for rule in ALERTS for job in re.findall(r'job="(\w+)"', rule["expr"])}
    [scraped] = read_yaml(PROMETHEUS / "prometheus.yml")["scrape_configs"]
    monitor = read_yaml(Path("deploy/kubernetes/components/podmonitor/podmonitor.yaml"))
    [endpoint] = monitor["spec"]["podMetricsEndpoints"]
    assert named == {scraped["job_name"]} == {endpoint["relabelings"][0]["replacement"]}


@pytest.mark.parametrize("service", ["worker-0", "worker-1", "sink", "api"])
def test_every_process_of_the_composition_is_asked_whether_it_is_ready(service: str) -> None:
    assert "/readyz" in str(COMPOSE["services"][service]["healthcheck"]["test"])
