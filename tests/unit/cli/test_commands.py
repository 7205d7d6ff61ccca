"""What commands do beside asking: warn, ask back, say what still has to happen, and end with the right code."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from orchestrator.cli import erasures
from tests.api_by_contract import ID, ApiByContract, a_document, a_problem
from tests.builders import a_journey
from tests.unit.cli.conftest import Said

Type = Callable[..., Said]
PREVIEW = a_document(
    "VersionPreview",
    version=4,
    added_steps=[],
    removed_steps=["remind"],
    changed_steps=["hello"],
    groups=[
        a_document("GroupPreview", sentence="12 at remind of version 3 leave: the new version has no step remind.")
    ],
    stay=0,
    go_on=30,
    leave=12,
    drained=0,
)


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "j.yaml"
    path.write_text(json.dumps(a_journey()))
    return str(path)


def journey(**changes: object) -> httpx.Response:
    return httpx.Response(200, json=a_document("JourneyDocument", proposal_id=None, published=True, **changes))


def test_an_update_shows_who_is_concerned_and_is_made_only_when_agreed(
    api: ApiByContract, type_in: Type, file: str
) -> None:
    api.answers["previewVersion"] = [httpx.Response(200, json=PREVIEW)]
    said = type_in("journeys", "update", ID, file, "--in-flight", "follow", answers="n\n")
    assert said.code == 1
    assert "12 at remind of version 3 leave" in said.err
    assert "removed steps: remind" in said.err
    assert "30 go on in version 4, 12 leave" in said.err
    assert api.operations() == ["getJourney", "previewVersion"]
    assert api.taken[1].body["in_flight"] == {"policy": "follow"}


def test_an_update_changes_only_what_was_looked_at(api: ApiByContract, type_in: Type, file: str) -> None:
    api.answers["getJourney"] = [httpx.Response(200, json=a_document("JourneyDocument"), headers={"ETag": '"3-1.5"'})]
    assert type_in("journeys", "update", ID, file, "--yes").code == 0
    change = api.request_of("changeJourney")
    assert change.headers["If-Match"] == '"3-1.5"'
    assert json.loads(change.content) == {"config": a_journey()}


def test_where_somebody_else_was_faster_nothing_is_done_and_the_code_says_so(
    api: ApiByContract, type_in: Type, file: str
) -> None:
    api.answers["changeJourney"] = [a_problem(412, "it is at another ETag")]
    said = type_in("journeys", "update", ID, file, "--yes")
    assert (said.code, "it is at another ETag" in said.err) == (6, True)


def test_a_name_changes_without_a_new_version(api: ApiByContract, type_in: Type) -> None:
    assert type_in("journeys", "update", ID, "--name", "Welcome", "--campaign", "").code == 0
    assert api.operations() == ["getJourney", "changeJourney"]
    assert api.taken[1].body == {"name": "Welcome", "campaign_id": None}


@pytest.mark.parametrize(
    ("options", "meant"),
    [
        (["--map", "remind=hello", "--map", "a=b"], {"policy": "map", "steps": {"remind": "hello", "a": "b"}}),
        (["--until", "2027-01-01T00:00:00Z"], {"policy": "drain", "until": "2027-01-01T00:00:00Z"}),
        (["--in-flight", "pin"], {"policy": "pin"}),
    ],
)
def test_what_becomes_of_customers_under_way_is_said_by_options(
    options: list[str], meant: dict[str, object], api: ApiByContract, type_in: Type, file: str
) -> None:
    assert type_in("journeys", "preview", ID, file, *options).code == 0
    assert api.taken[0].body["in_flight"] == meant


@pytest.mark.parametrize(
    "words",
    [
        ["update", ID],
        ["update", ID, "--name", "x", "--in-flight", "pin"],
        ["enter", ID, "c1", "--field", "amount"],
        ["enter", ID, "c1", "--field", "a=1", "--field", "a=2"],
        ["show", "no-id"],
        ["create", "no-file.yaml"],
    ],
    ids=lambda words: " ".join(words),
)
def test_what_cannot_be_meant_is_not_asked(words: list[str], api: ApiByContract, type_in: Type) -> None:
    assert type_in("journeys", *words).code == 2
    assert api.taken == []


def test_a_file_with_what_json_has_not_is_not_sent(api: ApiByContract, type_in: Type, tmp_path: Path) -> None:
    (tmp_path / "j.yaml").write_text("name: .nan\n")
    said = type_in("journeys", "create", "j.yaml")
    assert (said.code, api.taken) == (1, [])
    assert "JSON has not" in said.err


@pytest.mark.parametrize(
    "words",
    [
        ("journeys", "stop", ID),
        ("journeys", "archive", ID),
        ("journeys", "delete", ID),
        ("keys", "revoke", ID),
        ("erasures", "request", "c1"),
        ("workspace", "resume-sending"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_what_cannot_be_undone_is_asked_about(words: tuple[str, ...], api: ApiByContract, type_in: Type) -> None:
    assert type_in(*words, answers="n\n").code == 1
    assert type_in(*words).code == 1  # nobody is there to ask
    assert api.taken == []
    assert type_in(*words, "--yes").code == 0
    assert len(api.taken) == 1


@pytest.mark.parametrize("words", [("journeys", "pause", ID), ("workspace", "stop-sending")], ids=" ".join)
def test_what_has_to_be_quick_does_not_ask(words: tuple[str, ...], api: ApiByContract, type_in: Type) -> None:
    assert type_in(*words).code == 0
    assert len(api.taken) == 1


def test_a_journey_is_a_draft_unless_it_is_to_start(api: ApiByContract, type_in: Type, file: str) -> None:
    type_in("journeys", "create", file)
    type_in("journeys", "create", file, "--publish", "--name", "N", "--campaign", "c")
    draft, started = (taken.body for taken in api.taken)
    assert draft == {"config": a_journey(), "status": "DRAFT"}
    assert started == {"config": a_journey(), "status": "ACTIVE", "name": "N", "campaign_id": "c"}


def test_a_change_that_waits_for_a_second_person_is_said_to_wait(api: ApiByContract, type_in: Type) -> None:
    waiting = a_document("JourneyDocument", proposal_id=ID, status="DRAFT")
    api.answers["publishJourney"] = [httpx.Response(202, json=waiting)]
    said = type_in("journeys", "publish", ID)
    assert said.code == 0
    assert f"this waits for a second person, who decides with 'orchestrator proposals approve {ID}'" in said.err


def test_a_pause_that_the_workers_do_not_know_of_yet_is_said_to_be_so(api: ApiByContract, type_in: Type) -> None:
    late = a_document("JourneyDocument", proposal_id=None, status="PAUSED", published=False)
    api.answers["pauseJourney"] = [httpx.Response(200, json=late), journey(status="PAUSED")]
    assert "Kafka does not have it yet" in type_in("journeys", "pause", ID).err
    assert type_in("journeys", "pause", ID).err == ""


def test_fields_of_an_entry_are_json_or_text(api: ApiByContract, type_in: Type) -> None:
    fields = ["amount=19.90", "cart=c9", "is_new=true", 'note="7"', "odd=NaN", "eq=a=b", "tags=[1,2]"]
    assert type_in("journeys", "enter", ID, "c1", *(word for each in fields for word in ("--field", each))).code == 0
    assert api.taken[0].body == {
        "customer_id": "c1",
        "fields": {
            "amount": 19.9,
            "cart": "c9",
            "is_new": True,
            "note": "7",
            "odd": "NaN",
            "eq": "a=b",
            "tags": [1, 2],
        },
    }


def test_a_key_stands_alone_on_standard_output(api: ApiByContract, type_in: Type) -> None:
    api.answers["createKey"] = [httpx.Response(201, json=a_document("CreatedKey", secret="jo_new"))]
    said = type_in("keys", "create", "--name", "Ana", "--role", "viewer")
    assert said.out == "jo_new\n"
    assert "shown this once" in said.err
    assert api.taken[0].body == {"name": "Ana", "role": "viewer"}


def test_what_the_api_finds_wrong_with_a_file_ends_with_1(api: ApiByContract, type_in: Type, file: str) -> None:
    problem = {"path": "$.start", "rule": "unknown_step", "detail": "no step 'x'", "fix": "use one of: hello"}
    wrong = {"is_publishable": False, "problems": [problem], "warnings": []}
    api.answers["checkDefinition"] = [httpx.Response(200, json=wrong)]
    said = type_in("journeys", "check", file, "--online")
    assert said.code == 1
    assert "$.start\tunknown_step\tno step 'x'\tuse one of: hello" in said.out


def test_settings_are_checked_and_told_as_they_would_hold(api: ApiByContract, type_in: Type, file: str) -> None:
    problem = {"path": "$.costs.fax", "rule": "literal_error", "detail": "no such channel", "fix": ""}
    said = {"path": "$.holdout_percent", "sentence": "Nobody is held out of all journeys"}
    api.answers["checkWorkspace"] = [
        httpx.Response(200, json={"is_acceptable": False, "problems": [problem], "in_words": [], "waits": False}),
        httpx.Response(200, json={"is_acceptable": True, "problems": [], "in_words": [said], "waits": True}),
    ]
    wrong = type_in("workspace", "check", file)
    assert wrong.code == 1
    assert "$.costs.fax\tliteral_error\tno such channel" in wrong.out
    right = type_in("workspace", "check", file)
    assert (right.code, right.out) == (0, said["sentence"] + "\nto set this needs a second person\n")


def test_a_test_that_fails_in_the_api_is_told_with_what_was_held_back_and_ends_with_1(
    api: ApiByContract, type_in: Type, file: str
) -> None:
    kept = a_document("RehearsedTest", name="kept", differences=[])
    broken = a_document("RehearsedTest", name="broken", outcome="failed", differences=["message 1"], notes=["quiet"])
    api.answers["rehearseDefinition"] = [httpx.Response(200, json={"tests": [kept, broken]})]
    said = type_in("journeys", "test", file, "--online")
    assert said.code == 1
    assert f"{file}: kept … passed\n{file}: broken … FAILED\n    message 1\n    held back: quiet\n" in said.out
    api.answers["rehearseDefinition"] = [httpx.Response(200, json={"tests": []})]
    said = type_in("journeys", "test", file, "--online")
    assert (said.code, "no tests" in said.out) == (1, True)
    assert type_in("journeys", "test", file, "--json").code == 2


def test_files_are_checked_without_an_api_or_a_key(
    api: ApiByContract, type_in: Type, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ORCHESTRATOR_API_KEY")
    assert type_in("journeys", "check", file).code == 0
    assert api.taken == []


def test_an_api_that_cannot_work_is_told_with_what_it_lacks_and_not_waited_for(
    api: ApiByContract, type_in: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ORCHESTRATOR_API_KEY")
    checks = {"postgres": {"ok": False, "detail": "does not answer"}, "relay": {"ok": True, "detail": ""}}
    api.answers["getReadiness"] = [httpx.Response(503, json={"status": "not_ready", "checks": checks})]
    said = type_in("status")
    assert said.code == 7
    assert said.out == "not ready\npostgres: does not answer\nrelay: ok\n"
    assert api.operations() == ["getLiveness", "getReadiness"]
    assert "Authorization" not in api.taken[0].request.headers


def test_a_receipt_is_waited_for(api: ApiByContract, type_in: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasures, "ASKED_EVERY_S", 0.01)
    receipt = httpx.Response(200, json=a_document("ErasureDocument"))
    api.answers["getErasure"] = [a_problem(404), a_problem(404), receipt]
    assert type_in("erasures", "show", ID, "--wait", "60").code == 0
    assert len(api.taken) == 3
    api.answers["getErasure"] = [a_problem(404, "no such receipt")]
    said = type_in("erasures", "show", ID)
    assert (said.code, "no such receipt" in said.err, len(api.taken)) == (5, True, 4)


def test_with_json_a_refusal_is_the_apis_document_too(api: ApiByContract, type_in: Type) -> None:
    api.answers["getJourney"] = [a_problem(404, "this workspace has no such journey")]
    said = type_in("journeys", "show", ID, "--json")
    assert said.code == 5
    assert json.loads(said.out)["detail"] == "this workspace has no such journey"
    assert said.err.startswith("this workspace has no such journey (HTTP 404")


def test_there_is_more_than_a_page_and_all_of_it_when_asked(api: ApiByContract, type_in: Type) -> None:
    item = a_document("JourneyItem")
    pages = [{"items": [{**item, "name": name}], "next_cursor": cursor} for name, cursor in (("A", "c1"), ("B", None))]
    api.answers["listJourneys"] = [httpx.Response(200, json=pages[0])]
    assert "there is more: --all, or --cursor c1" in type_in("journeys", "list", "--limit", "1").err
    for options in ([], ["--json"]):
        api.answers["listJourneys"] = [httpx.Response(200, json=page) for page in pages]
        said = type_in("journeys", "list", "--all", *options)
        assert (said.code, said.err) == (0, "")
        if options:
            assert json.loads(said.out) == {"items": [item["items"][0] for item in pages], "next_cursor": None}
        else:
            assert [line.split("\t")[1] for line in said.out.splitlines()] == ["name", "A", "B"]
    assert api.taken[1].request.url.params["limit"] == "200"


def test_without_a_key_nothing_is_asked(api: ApiByContract, type_in: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORCHESTRATOR_API_KEY")
    said = type_in("journeys", "list")
    assert (said.code, api.taken) == (2, [])


def test_the_api_may_be_named_by_an_option_or_in_the_environment(
    api: ApiByContract, type_in: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_in("segments")
    monkeypatch.setenv("ORCHESTRATOR_API_URL", "http://named:1")
    type_in("segments")
    type_in("segments", "--api", "http://given:2")
    assert [taken.request.url.netloc for taken in api.taken] == [b"127.0.0.1:8080", b"named:1", b"given:2"]


@pytest.mark.parametrize(
    ("is_all", "span"), [(True, "all that Kafka has of this workspace"), (False, "older ones were not")]
)
def test_what_came_in_is_told_with_its_fields_and_what_was_looked_at(
    api: ApiByContract, type_in: Type, is_all: bool, span: str
) -> None:
    at = "2026-11-03T10:12:00Z"
    field = {"name": "cart.total", "kinds": ["number"], "events": 7}
    item = {"type": "cart.abandoned", "events": 7, "first_at": at, "last_at": at, "fields": [field]}
    found = a_document("EventTypeList", items=[item], events=1_007, is_all=is_all)
    api.answers["listEventTypes"] = [httpx.Response(200, json=found)]
    said = type_in("event-types")
    assert said.out.splitlines()[1:] == [f"cart.abandoned\t7\t{at}\t{at}\tcart.total"]
    assert "1,007 events" in said.err
    assert span in said.err


def test_settings_come_out_as_they_go_in(api: ApiByContract, type_in: Type, tmp_path: Path) -> None:
    api.answers["getWorkspace"] = [httpx.Response(200, json=a_document("WorkspaceDocument", costs={"sms": 0.04}))]
    (tmp_path / "workspace.json").write_text(type_in("workspace", "show", "--settings").out)
    assert type_in("workspace", "replace", "workspace.json", "--yes").code == 0
    sent = json.loads(api.request_of("replaceWorkspace").content)
    assert sent.keys() == {"is_sending", "holdout_percent", "guardrails", "costs", "needs_approval"}


def test_a_change_of_the_workspace_names_only_what_changes(api: ApiByContract, type_in: Type) -> None:
    type_in("workspace", "set", "--holdout", "5", "--cost", "sms=0.04", "--no-approval")
    type_in("workspace", "stop-sending")
    type_in("workspace", "resume-sending", "--yes")
    assert [taken.body for taken in api.taken] == [
        {"holdout_percent": 5.0, "costs": {"sms": 0.04}, "needs_approval": False},
        {"is_sending": False},
        {"is_sending": True},
    ]
    assert type_in("workspace", "set").code == 2
