"""What people may write about guardrails, and what is refused."""

import json
from datetime import timedelta

import pytest
from pydantic import ValidationError

from orchestrator.definitions.duration import duration_ms, format_duration, parse_duration
from orchestrator.definitions.guardrail import Guardrails, QuietHours
from orchestrator.definitions.zone import zone_names

FULL = {
    "caps": [
        {"limit": 2, "per": "P7D", "channel": "email", "category": None, "scope": "customer"},
        {"limit": 1, "per": "day", "channel": None, "category": "marketing", "scope": "journey"},
    ],
    "minimum_gap": "PT4H",
    "quiet_hours": {
        "from": "21:00",
        "to": "08:00",
        "weekdays": ["monday", "friday"],
        "on_quiet": "skip",
        "channels": ["sms"],
    },
    "fallback_zones": ["America/Los_Angeles", "Europe/Berlin"],
    "consent": {"marketing": "opt_out", "newsletter": "required"},
    "rates": [{"limit": 10, "per": "second", "channel": "sms"}],
    "budgets": [
        {
            "kind": "money",
            "limit": 99.5,
            "per": "day",
            "channel": None,
            "zone": "Europe/Berlin",
            "when_spent": "skip",
        }
    ],
    "brakes": [{"outcome": "complained", "percent": 0.3, "at_least": 1000, "within": "P1D"}],
}


def test_document_survives_being_read_and_written() -> None:
    guardrails = Guardrails.model_validate(FULL)
    assert json.loads(guardrails.model_dump_json(by_alias=True)) == FULL
    assert Guardrails.model_validate_json(json.dumps(FULL)) == guardrails


def test_defaults_are_careful() -> None:
    guardrails = Guardrails()
    assert guardrails.consent_mode("marketing") == "required"
    assert guardrails.consent_mode("transactional") == "none"
    assert guardrails.consent_mode("a category nobody mentioned") == "required"
    assert guardrails.fallback_zones == ("UTC",)


def test_categories_left_out_keep_their_default() -> None:
    guardrails = Guardrails.model_validate({"consent": {"newsletter": "opt_out"}})
    assert guardrails.consent_mode("newsletter") == "opt_out"
    assert guardrails.consent_mode("marketing") == "required"
    assert guardrails.consent_mode("transactional") == "none"


@pytest.mark.parametrize(
    ("document", "place", "words"),
    [
        ({"caps": [{"limit": 0, "per": "day"}]}, ("caps", 0, "limit"), "greater than or equal to 1"),
        ({"caps": [{"limit": 101, "per": "day"}]}, ("caps", 0, "limit"), "less than or equal to 100"),
        ({"caps": [{"limit": "2", "per": "day"}]}, ("caps", 0, "limit"), "valid integer"),
        ({"caps": [{"limit": 2, "per": "month"}]}, ("caps", 0, "per"), "is no length of time"),
        ({"caps": [{"limit": 2, "per": "P1M"}]}, ("caps", 0, "per"), "in days"),
        ({"caps": [{"limit": 2, "per": "P367D"}]}, ("caps", 0, "per"), "366 days"),
        ({"caps": [{"limit": 2, "per": "PT0S"}]}, ("caps", 0, "per"), "1 second"),
        ({"caps": [{"limit": 2}]}, ("caps", 0, "per"), "required"),
        ({"caps": [{"limit": 2, "per": "day", "channel": "emial"}]}, ("caps", 0, "channel"), "email"),
        ({"caps": [{"limit": 2, "per": "day", "unit": "h"}]}, ("caps", 0, "unit"), "Extra inputs"),
        ({"minimum_gap": 4}, ("minimum_gap",), "is no length of time"),
        ({"minimum_gap": "PT0S"}, ("minimum_gap",), "1 second to 366 days"),
        ({"quiet_hours": {"from": "22:00", "to": "22:00"}}, ("quiet_hours",), "never or always"),
        ({"quiet_hours": {"from": "24:00", "to": "08:00"}}, ("quiet_hours", "from"), "pattern"),
        ({"quiet_hours": {"from": "9:00", "to": "08:00"}}, ("quiet_hours", "from"), "pattern"),
        ({"quiet_hours": {"from": "21:00"}}, ("quiet_hours", "to"), "required"),
        (
            {"quiet_hours": {"from": "21:00", "to": "08:00", "weekdays": []}},
            ("quiet_hours", "weekdays"),
            "no weekday is left",
        ),
        (
            {"quiet_hours": {"from": "21:00", "to": "08:00", "weekdays": ["monday", "monday"]}},
            ("quiet_hours", "weekdays"),
            "twice",
        ),
        ({"fallback_zones": []}, ("fallback_zones",), "1 to 8 zones"),
        ({"fallback_zones": ["Europe/Berlín"]}, ("fallback_zones", 0), "not an IANA time zone"),
        ({"fallback_zones": ["../../etc/passwd"]}, ("fallback_zones", 0), "not an IANA time zone"),
        ({"consent": {"marketing": "perhaps"}}, ("consent", "marketing"), "'required'"),
        ({"frequency": []}, ("frequency",), "Extra inputs"),
    ],
)
def test_mistake_is_refused_at_its_place(document: dict[str, object], place: tuple[str | int, ...], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Guardrails.model_validate(document)
    [error] = caught.value.errors()
    assert error["loc"] == place
    assert words in error["msg"]


def test_all_mistakes_are_reported_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        Guardrails.model_validate({"caps": [{"limit": 0, "per": "x"}], "minimum_gap": "soon", "fallback_zones": ["X"]})
    assert {error["loc"] for error in caught.value.errors()} == {
        ("caps", 0, "limit"),
        ("caps", 0, "per"),
        ("minimum_gap",),
        ("fallback_zones", 0),
    }


def test_field_has_one_spelling_only() -> None:
    with pytest.raises(ValidationError):
        QuietHours.model_validate({"starts": "21:00", "ends": "08:00"})


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("P7D", timedelta(days=7)),
        ("P2W", timedelta(days=14)),
        ("PT90M", timedelta(minutes=90)),
        ("P1DT2H3M4S", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("PT0S", timedelta(0)),
        ("P366D", timedelta(days=366)),
    ],
)
def test_duration_is_read_and_written_back_the_same_length(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length
    assert parse_duration(format_duration(length)) == length
    assert duration_ms(length) == length.total_seconds() * 1_000


@pytest.mark.parametrize(
    "text",
    ["", "P", "PT", "P1", "7D", "P1Y", "P1M", "-P1D", "P1.5D", "P1DT", "P1D\n", "PT1H1H", "p1d", "P٣D", "P9999999D"],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no length of time"):
        parse_duration(text)


def test_zone_list_has_the_known_zones_and_no_placeholder() -> None:
    assert {"UTC", "Europe/Berlin", "Asia/Kolkata"} <= zone_names()
    assert "Factory" not in zone_names()
