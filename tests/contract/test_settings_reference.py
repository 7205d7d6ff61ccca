"""docs/reference/settings.md is what the model of the settings says."""

from pathlib import Path

from orchestrator.configuration.reference import settings_reference
from orchestrator.configuration.variables import variable_of
from orchestrator.settings import Settings

WRITTEN = Path("docs/reference/settings.md")


def test_the_reference_is_that_of_the_model() -> None:
    assert WRITTEN.read_text(encoding="utf-8") == settings_reference(), (
        "write it anew with `orchestrator reference write`"
    )


def test_every_setting_is_described_once() -> None:
    rows = [line.split("`")[1] for line in settings_reference().splitlines() if line.startswith("| `ORCHESTRATOR_")]
    assert len(rows) == len(set(rows))
    assert set(map(variable_of, Settings.model_fields)) <= set(rows)
    assert all(field.description for field in Settings.model_fields.values())
