"""What ``deploy/`` has for Prometheus and Grafana: rules, dashboards and the expressions in them."""

import json
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

PROMETHEUS = Path("deploy/prometheus")
DASHBOARDS = sorted(Path("deploy/grafana/dashboards").glob("*.json"))
HANDBOOK = Path("docs/operations.md")


def read_yaml(file: Path) -> Any:
    return YAML(typ="safe").load(file.read_text(encoding="utf-8"))


def rules(name: str) -> list[dict[str, Any]]:
    """All rules of a file."""
    return [rule for group in read_yaml(PROMETHEUS / name)["groups"] for rule in group["rules"]]


ALERTS = rules("alerts.yml")
RECORDS = rules("records.yml")


def dashboard(file: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return document


def panels(file: Path) -> list[dict[str, Any]]:
    """The panels of a dashboard that show something, without the headings of their groups."""
    return [panel for panel in dashboard(file)["panels"] if panel["type"] != "row"]


def expressions(file: Path) -> dict[str, str]:
    """Every expression of a dashboard, by panel and query."""
    return {
        f"{panel['title']} {target['refId']}": target["expr"] for panel in panels(file) for target in panel["targets"]
    }


def headings() -> set[str]:
    """The headings of the operations handbook, as links name them."""
    lines = HANDBOOK.read_text(encoding="utf-8").splitlines()
    return {line.lstrip("#").strip().lower().replace(" ", "-") for line in lines if line.startswith(("## ", "### "))}
