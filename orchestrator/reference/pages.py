"""All pages of the reference."""

from typing import Any

from orchestrator.catalog import Catalog
from orchestrator.contracts import contracts
from orchestrator.reference.activities import activities_page
from orchestrator.reference.command_line import command_line_page
from orchestrator.reference.http_api import http_api_page
from orchestrator.reference.journeys import journeys_page
from orchestrator.reference.metrics import metrics_page
from orchestrator.reference.problems import problems_page
from orchestrator.reference.topics import topics_page
from orchestrator.settings import load_settings


def pages(root: Any) -> dict[str, str]:  # noqa: ANN401 - a command of click, whose types depend on its release
    """Every page by its file name in ``docs/reference/``. ``root``: the command that has all others."""
    published = contracts()
    schemas = {name.removesuffix(".schema.json"): document for name, document in published.items()}
    return {
        "activities.md": activities_page(),
        "command-line.md": command_line_page(root),
        "http-api.md": http_api_page(published["openapi.json"]),
        "journeys.md": journeys_page(),
        "metrics.md": metrics_page(),
        "problems.md": problems_page(),
        "topics.md": topics_page(Catalog(load_settings()).specs, schemas),
    }
