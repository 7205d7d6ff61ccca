"""All pages of the reference."""

from collections.abc import Mapping
from typing import Any

from orchestrator.catalog import Catalog
from orchestrator.configuration.reference import settings_reference
from orchestrator.contracts import contracts
from orchestrator.reference.activities import activities_page
from orchestrator.reference.command_line import command_line_page
from orchestrator.reference.http_api import http_api_page
from orchestrator.reference.journeys import journeys_page
from orchestrator.reference.mappings import mappings_page
from orchestrator.reference.metrics import metrics_page
from orchestrator.reference.problems import problems_page
from orchestrator.reference.topics import topics_page
from orchestrator.settings import load_settings


def pages(root: Any, exit_codes: Mapping[int, str]) -> dict[str, str]:  # noqa: ANN401 - typer's own, whatever its release
    """Every page by its file name in ``docs/reference/``.

    ``root``: the command that has all others, since the command line stands above this room; ``exit_codes``: of it.
    """
    published = contracts()
    schemas = {name.removesuffix(".schema.json"): document for name, document in published.items()}
    return {
        "activities.md": activities_page(),
        "command-line.md": command_line_page(root, exit_codes),
        "http-api.md": http_api_page(published["openapi.json"]),
        "journeys.md": journeys_page(),
        "mappings.md": mappings_page(),
        "metrics.md": metrics_page(),
        "problems.md": problems_page(),
        "settings.md": settings_reference(),
        "topics.md": topics_page(Catalog(load_settings()).specs, schemas),
    }
