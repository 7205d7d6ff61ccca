"""Schemathesis makes up requests from the published contract, good and bad, and finds nothing that breaks it."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from orchestrator.catalog import Catalog
from orchestrator.settings import Settings
from orchestrator.store.audit import COMMAND_LINE
from orchestrator.store.keys import create_key
from orchestrator.store.tenant import Tenant
from tests.api_session import BASE, listening, serving
from tests.builders import a_journey

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

EXAMPLES = 10  # requests made up for each operation, beside those that cover each bound of its schema
SEED = 33
# A request that fits its schema may be refused for what no schema says: a period that is too long, a step that is not
# there. Every other check is on.
LEFT_OUT = "positive_data_acceptance"


async def test_nothing_made_up_from_the_contract_breaks_it(settings: Settings, topics: Catalog, tmp_path: Path) -> None:
    async with serving(settings.model_copy(update={"api_requests_per_minute": 0})) as api, listening(api) as address:
        key = (await create_key(Tenant(api.pool, "acme"), "fuzz", "admin", COMMAND_LINE)).secret
        client = await api.client("acme")
        await client.post(BASE, json={"config": a_journey()})
        contract = tmp_path / "openapi.json"
        contract.write_text(json.dumps(_without_the_language(api.app.openapi())))
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("schemathesis")),
            "run",
            str(contract),
            *("--url", address),
            *("--header", f"Authorization: Bearer {key}"),
            *("--checks", "all"),
            *("--exclude-checks", LEFT_OUT),
            *("--phases", "examples,coverage,fuzzing"),
            *("--max-examples", str(EXAMPLES)),
            *("--seed", str(SEED)),
            "--no-shrink",
            "--continue-on-failure",
            *("--generation-database", "none"),
            *("--output-truncate", "false"),
            cwd=tmp_path,
            env={**os.environ, "NO_COLOR": "1"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        told, _ = await process.communicate()
    assert process.returncode == 0, told.decode()


def _without_the_language(document: dict[str, Any]) -> dict[str, Any]:
    """The contract with definitions as any object: making journeys up takes minutes, and other tests do it better."""
    schemas = {**document["components"]["schemas"], "JourneyDefinition": {"type": "object"}}
    return {**document, "components": {**document["components"], "schemas": schemas}}
