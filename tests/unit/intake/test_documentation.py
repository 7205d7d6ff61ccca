"""What docs/webhooks.md shows can be done as it stands there."""

import hmac
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import get_args

from ruamel.yaml import YAML

from orchestrator.backtest.documents import read_document
from orchestrator.intake.conversion import Conversion
from orchestrator.intake.events import Understood, events_of
from orchestrator.intake.parse import parse_mapping
from orchestrator.intake.signature import signature_fault
from tests.unit.intake.mappings import NOW_MS

TEXT = Path("docs/webhooks.md").read_text(encoding="utf-8")
PRESETS = Path(str(files("orchestrator.intake").joinpath("presets")))


def test_the_mapping_in_the_text_does_what_the_text_says() -> None:
    [written] = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    mapping = parse_mapping(json.loads(json.dumps(YAML(typ="safe", pure=True).load(written))))
    show = {"city": "Kiel"}
    payload = {
        "kind": "booking",
        "number": 7,
        "at": 1_767_614_400,
        "price": "19.90",
        "show": show,
        "buyer": {"email": "A@b.c"},
    }
    outcome = events_of(mapping, payload, {}, 0, "acme")
    assert isinstance(outcome, Understood)
    [event] = outcome.events
    assert (event.id, event.time_ms, event.data) == ("booking:7", NOW_MS, {"amount": 19.9, "event": show})
    assert len(event.customer_id) == 64


def test_the_request_in_the_text_is_signed_and_taken() -> None:
    [body] = re.findall(r"BODY='(.*?)'", TEXT)
    plain = parse_mapping(read_document(PRESETS / "plain.yaml"))
    signature = hmac.new(b"a secret of ours", body.encode(), "sha256").hexdigest()  # as openssl dgst -hmac prints it
    headers = {"x-signature": f"sha256={signature}"}
    assert signature_fault(plain.signature, ["a secret of ours"], headers, body.encode(), 0) is None
    outcome = events_of(plain, json.loads(body), {}, 0, "acme")
    assert isinstance(outcome, Understood)
    assert [event.type for event in outcome.events] == ["order.placed"]


def test_every_topic_of_the_preset_is_in_the_table_and_no_other() -> None:
    topics = {
        topic
        for rule in parse_mapping(read_document(PRESETS / "shopify.yaml")).rules
        for compare in rule.when
        if compare.at == "header:X-Shopify-Topic"
        for topic in (compare.value if isinstance(compare.value, tuple) else [compare.value])
    }
    table = TEXT.partition("| topic | becomes |")[2].partition("\n\n")[0]
    named = {
        name
        for line in table.splitlines()
        for name in re.findall(r"`(\w+/\w+)`", line.split("|")[1] if "|" in line else "")
    }
    assert named == topics


def test_every_conversion_is_in_the_table() -> None:
    [row] = [line for line in TEXT.splitlines() if line.startswith("| `{from: /a, as: number}`")]
    assert set(get_args(Conversion)) <= set(re.findall(r"`(\w+)`", row))
