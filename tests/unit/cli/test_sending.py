"""Events are sent from a file in parts; what is refused is told by its line, and set aside if asked."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from orchestrator.cli import sending
from orchestrator.cli.refusals import NOT_ALLOWED, UNAVAILABLE
from orchestrator.cli.sending import Line, batches, lines_in
from orchestrator.messages.offered import MAX_EVENT_BYTES
from tests.api_by_contract import ApiByContract, a_problem
from tests.unit.cli.conftest import Said

TypeIn = Callable[..., Said]


def event(number: int) -> dict[str, Any]:
    return {"id": f"e-{number}", "type": "order.placed", "customer_id": "c1", "source": "shop"}


def written(*lines: object) -> Path:
    file = Path("events.jsonl")
    file.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return file


def accepted(count: int, *refused: tuple[int, str]) -> httpx.Response:
    found = [
        {
            "index": index,
            "id": id_,
            "code": "malformed",
            "path": f"$.events[{index}].time",
            "detail": "bad",
            "fix": "mend",
        }
        for index, id_ in refused
    ]
    if refused and not count:
        return a_problem(422, refused=found)
    return httpx.Response(207 if refused else 202, json={"accepted": count, "refused": found})


def sent(api: ApiByContract) -> list[list[Any]]:
    return [[each["id"] for each in taken.body["events"]] for taken in api.taken]


def test_lines_are_sent_in_parts_as_they_stand(api: ApiByContract, type_in: TypeIn, monkeypatch: Any) -> None:
    monkeypatch.setattr(sending, "EVENTS_AT_ONCE", 2)
    api.answers["publishEvents"] = [accepted(2), accepted(2), accepted(1)]
    written(*map(event, range(3)), "", "  ", *map(event, range(3, 5)))
    said = type_in("events", "send", "events.jsonl")
    assert (said.code, said.out) == (0, "published 5 events\n")
    assert sent(api) == [["e-0", "e-1"], ["e-2", "e-3"], ["e-4"]]
    assert "idempotency-key" not in api.taken[0].request.headers


def test_an_array_and_standard_input_are_taken_too(api: ApiByContract, type_in: TypeIn) -> None:
    api.answers["publishEvents"] = [accepted(2)]
    said = type_in("events", "send", "-", answers="\ufeff" + json.dumps([event(0), event(1)], indent=2))
    assert (said.code, said.out) == (0, "published 2 events\n")
    assert sent(api) == [["e-0", "e-1"]]


def test_what_is_refused_ends_it_with_the_line_and_what_to_do(
    api: ApiByContract, type_in: TypeIn, monkeypatch: Any
) -> None:
    monkeypatch.setattr(sending, "EVENTS_AT_ONCE", 2)
    api.answers["publishEvents"] = [accepted(2), accepted(1, (1, "e-3")), accepted(1)]
    written(*map(event, range(3)), "", *map(event, range(3, 5)))
    said = type_in("events", "send", "events.jsonl")
    assert (said.code, said.out) == (1, "published 3 events\n")
    assert "events.jsonl, line 5: malformed at $.time: bad (mend)\n" in said.err
    assert "stopped behind line 5, with 3 events published: mend what is refused, and send the same again" in said.err
    assert "--skip-refused" in said.err
    assert len(api.taken) == 2


def test_lines_that_are_no_json_or_too_large_are_not_sent_and_spoil_nothing(
    api: ApiByContract, type_in: TypeIn
) -> None:
    api.answers["publishEvents"] = [accepted(2)]
    large = {**event(9), "data": {"text": "x" * MAX_EVENT_BYTES}}
    written(event(0), "{no json", large, '{"a": NaN}', event(1))
    said = type_in("events", "send", "events.jsonl")
    assert said.code == 1
    assert sent(api) == [["e-0", "e-1"]]
    for start in ("line 2: malformed", "line 3: oversized", "line 4: malformed"):
        assert f"events.jsonl, {start}" in said.err


def test_what_is_refused_is_set_aside_as_it_stands_when_asked(api: ApiByContract, type_in: TypeIn) -> None:
    api.answers["publishEvents"] = [accepted(0, (0, "e-0"))]
    written(event(0), "{no json")
    said = type_in("events", "send", "events.jsonl", "--skip-refused", "refused.jsonl")
    assert (said.code, said.out) == (0, "published 0 events; 2 refused, in refused.jsonl\n")
    assert Path("refused.jsonl").read_text() == json.dumps(event(0)) + "\n{no json\n"
    again = type_in("events", "send", "events.jsonl", "--skip-refused", "refused.jsonl")
    assert again.code == 2
    assert "is there already" in again.err


def test_nothing_is_set_aside_where_nothing_is_refused(api: ApiByContract, type_in: TypeIn) -> None:
    api.answers["publishEvents"] = [accepted(1)]
    written(event(0))
    said = type_in("events", "send", "events.jsonl", "--skip-refused", "refused.jsonl")
    assert (said.code, said.out) == (0, "published 1 event\n")
    assert not Path("refused.jsonl").exists()


def test_the_document_counts_all_parts_and_names_lines(api: ApiByContract, type_in: TypeIn, monkeypatch: Any) -> None:
    monkeypatch.setattr(sending, "EVENTS_AT_ONCE", 1)
    api.answers["publishEvents"] = [accepted(1), accepted(0, (0, "e-1")), accepted(1)]
    written(*map(event, range(3)))
    said = type_in("events", "send", "events.jsonl", "--skip-refused", "refused.jsonl", "--json")
    assert json.loads(said.out) == {
        "accepted": 2,
        "refused": [{"line": 2, "id": "e-1", "code": "malformed", "path": "$.time", "detail": "bad", "fix": "mend"}],
    }


def test_an_api_without_kafka_is_waited_for_and_then_it_is_said_how_to_go_on(
    api: ApiByContract, type_in: TypeIn, monkeypatch: Any
) -> None:
    monkeypatch.setattr(sending, "EVENTS_AT_ONCE", 1)
    away = a_problem(503, "Kafka is away", {"Retry-After": "2"})
    api.answers["publishEvents"] = [accepted(1), away, away, accepted(1), httpx.ReadTimeout("lost"), accepted(1)]
    written(*map(event, range(3)))
    assert type_in("events", "send", "events.jsonl").out == "published 3 events\n"
    api.answers["publishEvents"] = [accepted(1), away]
    said = type_in("events", "send", "events.jsonl")
    assert said.code == UNAVAILABLE
    assert "stopped, with 1 event published; send the same again: " in said.err
    assert "up to 64 events of a customer; of more, send what is behind line 1\n" in said.err


def test_whoever_ends_it_is_told_how_far_it_has_come(api: ApiByContract, type_in: TypeIn, monkeypatch: Any) -> None:
    monkeypatch.setattr(sending, "EVENTS_AT_ONCE", 2)
    written(*map(event, range(5)))

    def interrupted(_: object, batch: list[Line], sent: sending.Sent) -> list[Line]:
        if sent.line:
            raise KeyboardInterrupt
        sent.accepted, sent.line = len(batch), batch[-1].number
        return []

    monkeypatch.setattr(sending, "send_batch", interrupted)
    said = type_in("events", "send", "events.jsonl")
    assert (said.code != 0, said.out) == (True, "")
    assert "stopped, with 2 events published; " in said.err
    assert "behind line 2\n" in said.err


def test_a_key_that_may_not_publish_is_told_at_once(api: ApiByContract, type_in: TypeIn) -> None:
    api.answers["publishEvents"] = [a_problem(403, "the API key's role is viewer; POST here needs publisher")]
    written(event(0))
    said = type_in("events", "send", "events.jsonl")
    assert said.code == NOT_ALLOWED
    assert "needs publisher" in said.err


def test_an_array_that_is_none_is_told(api: ApiByContract, type_in: TypeIn) -> None:
    written("[{}", "{}")
    said = type_in("events", "send", "events.jsonl")
    assert said.code == 2
    assert "JSON array" in said.err
    assert api.taken == []


def test_parts_are_no_larger_than_a_request_may_be() -> None:
    lines = [Line(number, b"x" * 60_000) for number in range(40)]
    parts = list(batches(lines))
    assert [line.number for part in parts for line in part] == list(range(40))
    assert max(sum(len(line.raw) + 1 for line in part) for part in parts) <= sending.BYTES_AT_ONCE
    assert len(parts) == 3


def test_nothing_has_no_lines() -> None:
    assert list(lines_in([])) == []
    assert list(lines_in([b"\n", b" \n"])) == []
    assert list(lines_in([b"[]\n"])) == []
