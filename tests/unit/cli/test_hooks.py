"""Mappings in files: tested without the API, tried by it; and a secret that never stands in a command."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api_by_contract import ID, ApiByContract, a_document
from tests.unit.cli.conftest import Said
from tests.unit.intake.mappings import a_mapping, a_rule

TypeIn = Callable[..., Said]


@pytest.fixture
def mapping(tmp_path: Path) -> Callable[..., str]:
    def write(*rules: dict[str, Any], **fields: Any) -> str:
        (tmp_path / "shop.json").write_text(json.dumps(a_mapping(*rules, **fields)))
        return "shop.json"

    return write


def test_a_preset_is_printed_to_the_letter_and_passes_its_tests(type_in: TypeIn, tmp_path: Path) -> None:
    for name in ("plain", "segment", "shopify"):
        said = type_in("hooks", "preset", name)
        assert said.out == Path(__file__).parents[3].joinpath(f"orchestrator/intake/presets/{name}.yaml").read_text()
        (tmp_path / "mine.yaml").write_text(said.out)
        played = type_in("hooks", "test", "mine.yaml")
        assert played.code == 0
        assert "passed" in played.out
        assert "FAILED" not in played.out


def test_a_test_that_fails_says_what_differs_and_so_does_the_exit_code(type_in: TypeIn, mapping: Any) -> None:
    test = {"name": "an order", "payload": {"id": "o-1", "customer": "c1"}, "events": [{"type": "order.paid"}]}
    said = type_in("hooks", "test", mapping(tests=[test]))
    assert said.code == 1
    assert "shop.json: an order … FAILED" in said.out
    assert 'expected type "order.paid", but it is "order.placed"' in said.out


def test_a_mapping_without_tests_and_one_with_mistakes_fail(type_in: TypeIn, mapping: Any) -> None:
    said = type_in("hooks", "test", mapping())
    assert (said.code, "no tests" in said.out) == (1, True)
    said = type_in("hooks", "test", mapping(a_rule(customer="customer")))
    assert said.code == 1
    assert "$.rules[0].customer" in said.out


def test_a_payload_is_tried_with_its_headers(type_in: TypeIn, api: ApiByContract, mapping: Any, tmp_path: Path) -> None:
    (tmp_path / "order.json").write_text('{"id": 1}')
    said = type_in(
        *("hooks", "check", mapping(), "--payload", "order.json"),
        *("--header", "X-Topic: orders/create", "--header", "X-Url: https://shop.example:8080/x"),
    )
    assert said.code == 0
    sent = json.loads(api.request_of("checkHook").content)
    assert sent["payload"] == {"id": 1}
    assert sent["headers"] == {"X-Topic": "orders/create", "X-Url": "https://shop.example:8080/x"}
    assert type_in("hooks", "check", mapping(), "--header", "no colon").code == 2


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (
            {"problems": [{"path": "$.source", "rule": "missing", "detail": "it is missing", "fix": "add it"}]},
            "$.source",
        ),
        ({"tests": [{"name": "an order", "differences": ["event 1: no"]}]}, "an order … FAILED"),
        ({"refusal": {"reason": "missing", "place": "/id", "path": "$.rules[0].id", "detail": "nothing"}}, "/id"),
    ],
)
def test_what_would_be_refused_is_told_and_the_command_fails(
    type_in: TypeIn, api: ApiByContract, mapping: Any, tmp_path: Path, found: dict[str, Any], told: str
) -> None:
    (tmp_path / "order.json").write_text("null")
    nothing = {"problems": [], "tests": [], "events": [], "left_out": [], "refusal": None}
    document = a_document("CheckedHook", **{**nothing, "is_right": False, **found})
    api.answers["checkHook"] = [httpx.Response(200, json=document)]
    said = type_in("hooks", "check", mapping(), "--payload", "order.json")
    assert said.code == 1
    assert told in said.out


def test_a_payload_that_no_rule_fits_is_told_to_be_none(
    type_in: TypeIn, api: ApiByContract, mapping: Any, tmp_path: Path
) -> None:
    (tmp_path / "order.json").write_text("{}")
    nothing = {"problems": [], "tests": [], "events": [], "left_out": [], "refusal": None, "is_right": True}
    api.answers["checkHook"] = [httpx.Response(200, json=a_document("CheckedHook", **nothing))]
    said = type_in("hooks", "check", mapping(), "--payload", "order.json")
    assert (said.code, "no rule fits it" in said.err) == (0, True)


def test_a_secret_comes_from_a_file_without_its_line_end(
    type_in: TypeIn, api: ApiByContract, mapping: Any, tmp_path: Path
) -> None:
    (tmp_path / "secret.txt").write_text("what the shop signs with\n")
    assert type_in("hooks", "create", mapping(), "--secret-file", "secret.txt", "--disabled").code == 0
    made = json.loads(api.request_of("createHook").content)
    assert (made["secret"], made["is_enabled"]) == ("what the shop signs with", False)
    said = type_in("hooks", "update", ID, "--secret-file", "secret.txt", "--old-until", "2099-01-01T00:00:00Z")
    changed = json.loads(api.request_of("changeHook").content)
    assert changed == {"secret": "what the shop signs with", "old_secret_until": "2099-01-01T00:00:00Z"}
    assert "signs with" not in said.out + said.err


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_secret_that_windows_wrote_is_read_or_refused_in_words(
    api: ApiByContract, type_in: TypeIn, mapping: Any, tmp_path: Path, encoding: str
) -> None:
    (tmp_path / "secret.txt").write_text("what the shop signs with\r\n", encoding=encoding)
    said = type_in("hooks", "create", mapping(), "--secret-file", "secret.txt")
    if encoding == "utf-16":
        assert (said.code, api.taken) == (2, [])
        assert "UTF-8" in said.err
    else:
        assert api.taken[0].body["secret"] == "what the shop signs with"
    assert "signs with" not in said.out + said.err


def test_an_update_of_nothing_is_a_mistake(type_in: TypeIn, api: ApiByContract) -> None:
    assert type_in("hooks", "update", ID).code == 2
    assert api.taken == []


def test_what_a_hook_could_not_use_is_shown(type_in: TypeIn, api: ApiByContract) -> None:
    refusal = {
        "at": "2026-01-05T12:00:00Z",
        "reason": "missing",
        "place": "/customer",
        "path": "$.rules[0].customer",
        "detail": "nothing",
    }
    api.answers["getHook"] = [httpx.Response(200, json=a_document("HookDocument", refusals=[refusal]))]
    said = type_in("hooks", "show", ID)
    assert "/customer" in said.out
    assert "$.rules[0].customer" in said.out


def test_a_hook_is_deleted_when_it_is_agreed_to(type_in: TypeIn, api: ApiByContract) -> None:
    assert type_in("hooks", "delete", ID, answers="n\n").code != 0
    assert api.taken == []
    assert type_in("hooks", "delete", ID, answers="y\n").code == 0
