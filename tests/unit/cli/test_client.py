"""The client: what it sends, what it sends again, and what it makes of answers."""

import json
from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest

from orchestrator.cli.client import Client
from orchestrator.cli.credentials import Credentials
from orchestrator.cli.refusals import CONFLICT, NOT_ALLOWED, NOT_FOUND, REFUSED, UNAVAILABLE, Refused, Unreachable
from orchestrator.errors import ConfigurationError
from tests.api_by_contract import ID, KEY, ApiByContract, a_document, a_problem
from tests.builders import a_journey

LOST = httpx.ReadError("the connection was cut")
AWAY = httpx.ConnectError("connection refused")
PATH = {"id": ID}


class Calls:
    """A client of an API, with the lines it says and the pauses it makes."""

    def __init__(self, api: ApiByContract) -> None:
        self.said: list[str] = []
        self.pauses: list[float] = []
        credentials = Credentials("http://api/behind", KEY)
        transport = httpx.MockTransport(lambda request: api.handle(_inside(request)))
        self.client = Client(credentials, self.said.append, transport=transport, sleep=self.pauses.append)


def _inside(request: httpx.Request) -> httpx.Request:
    """As the API sees it behind a proxy that takes /behind away."""
    assert request.url.raw_path.startswith(b"/behind/")
    url = request.url.copy_with(raw_path=request.url.raw_path.removeprefix(b"/behind"))
    return httpx.Request(request.method, url, headers=request.headers, content=request.content)


@pytest.fixture
def api() -> ApiByContract:
    return ApiByContract()


@pytest.fixture
def calls(api: ApiByContract) -> Iterator[Calls]:
    calls = Calls(api)
    yield calls
    calls.client.close()


def ok(document: str = "JourneyDocument", status: int = 200, **changes: object) -> httpx.Response:
    return httpx.Response(status, json=a_document(document, **changes), headers={"ETag": '"7-1.0"'})


def test_a_request_carries_the_key_and_a_write_a_key_of_its_own(api: ApiByContract, calls: Calls) -> None:
    answer = calls.client.call("pauseJourney", PATH, if_match='"7-1.0"')
    calls.client.call("getJourney", PATH)
    pause, read = api.request_of("pauseJourney"), api.request_of("getJourney")
    assert pause.headers["Authorization"] == read.headers["Authorization"] == f"Bearer {KEY}"
    assert UUID(pause.headers["Idempotency-Key"])
    assert pause.headers["If-Match"] == '"7-1.0"'
    assert "Idempotency-Key" not in read.headers
    assert answer.etag == '"1-2.5"'


def test_every_write_has_another_key(api: ApiByContract, calls: Calls) -> None:
    for _ in range(3):
        calls.client.call("pauseJourney", PATH)
    assert len({taken.request.headers["Idempotency-Key"] for taken in api.taken}) == 3


@pytest.mark.parametrize("trouble", [LOST, httpx.ReadTimeout("too late"), httpx.RemoteProtocolError("cut"), AWAY])
def test_a_write_whose_answer_was_lost_is_the_same_request_again(
    trouble: Exception, api: ApiByContract, calls: Calls
) -> None:
    api.answers["createJourney"] = [trouble, a_problem(503), ok(status=201, name="once")]
    body = {"config": a_journey(), "status": "DRAFT"}
    assert calls.client.call("createJourney", body=body).document["name"] == "once"
    assert len({taken.request.headers["Idempotency-Key"] for taken in api.taken}) == 1
    assert [taken.body for taken in api.taken] == [body] * 3
    assert calls.pauses == [0.5, 1.0]
    assert len(calls.said) == 2


def test_a_repetition_waits_while_the_first_is_being_answered(api: ApiByContract, calls: Calls) -> None:
    api.answers["pauseJourney"] = [LOST, a_problem(409, "a request with this key is being answered"), ok()]
    calls.client.call("pauseJourney", PATH)
    assert calls.pauses == [0.5, 1.0]


def test_a_conflict_is_told_at_once_where_nothing_was_lost(api: ApiByContract, calls: Calls) -> None:
    api.answers["pauseJourney"] = [a_problem(409, "the journey is STOPPED")]
    with pytest.raises(Refused, match="the journey is STOPPED") as refused:
        calls.client.call("pauseJourney", PATH)
    assert refused.value.exit_code == CONFLICT
    assert len(api.taken) == 1


def test_a_key_is_not_made_twice_when_the_answer_is_lost(api: ApiByContract, calls: Calls) -> None:
    api.answers["createKey"] = [LOST]
    with pytest.raises(Unreachable, match="may have been carried out") as lost:
        calls.client.call("createKey", body={"name": "Ana", "role": "viewer"})
    assert lost.value.exit_code == UNAVAILABLE
    assert len(api.taken) == 1
    assert "Idempotency-Key" not in api.request_of("createKey").headers


def test_what_never_answers_is_given_up_with_what_to_look_at(api: ApiByContract, calls: Calls) -> None:
    api.answers["getJourney"] = [AWAY]
    with pytest.raises(Unreachable, match=r"http://api/behind does not answer \(connection refused\).*--api"):
        calls.client.call("getJourney", PATH)
    assert len(calls.pauses) == len(api.taken) - 1 > 3


def test_a_server_whose_certificate_is_not_trusted_is_asked_once(api: ApiByContract, calls: Calls) -> None:
    api.answers["getJourney"] = [httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate")]
    with pytest.raises(Unreachable, match="CERTIFICATE"):
        calls.client.call("getJourney", PATH)
    assert len(api.taken) == 1


def test_who_asks_too_often_waits_as_told(api: ApiByContract, calls: Calls) -> None:
    api.answers["getJourney"] = [a_problem(429, headers={"Retry-After": "17"}), ok()]
    calls.client.call("getJourney", PATH)
    assert calls.pauses == [17.0]
    assert "takes no more requests just now" in calls.said[0]


def test_pages_follow_the_cursor_with_the_same_filters(api: ApiByContract, calls: Calls) -> None:
    pages = [a_document("JourneyList", next_cursor=cursor) for cursor in ("c1", "c2", None)]
    api.answers["listJourneys"] = [httpx.Response(200, json=page) for page in pages]
    assert len(list(calls.client.pages("listJourneys", {}, {"status": "ACTIVE", "name": None}))) == 3
    asked = [dict(taken.request.url.params) for taken in api.taken]
    assert asked == [{"status": "ACTIVE"}, {"status": "ACTIVE", "cursor": "c1"}, {"status": "ACTIVE", "cursor": "c2"}]


@pytest.mark.parametrize("customer", ["..", ".", "a/b", "Ü?#", "%2e", "a b"])
def test_a_customer_of_any_name_stays_in_its_segment(customer: str, api: ApiByContract, calls: Calls) -> None:
    calls.client.call("explainCustomer", {"id": ID, "customer_id": customer})
    assert api.operations() == ["explainCustomer"]
    assert httpx.URL(api.taken[0].request.url).path.split("/customers/")[1] == f"{customer}/explain"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, REFUSED),
        (401, NOT_ALLOWED),
        (403, NOT_ALLOWED),
        (404, NOT_FOUND),
        (409, CONFLICT),
        (412, CONFLICT),
        (413, REFUSED),
        (422, REFUSED),
        (500, UNAVAILABLE),
    ],
)
def test_each_kind_of_refusal_has_an_exit_code(status: int, code: int, api: ApiByContract, calls: Calls) -> None:
    api.answers["getJourney"] = [a_problem(status, "so it is")]
    with pytest.raises(Refused, match=rf"^so it is \(HTTP {status}, request r1\)$") as refused:
        calls.client.call("getJourney", PATH)
    assert refused.value.exit_code == code
    assert json.loads(refused.value.document)["status"] == status


def test_everything_wrong_is_told_a_line_each(api: ApiByContract, calls: Calls) -> None:
    errors = [
        {
            "path": "$.config.start",
            "rule": "unknown_step",
            "detail": "there is no step 'x'",
            "fix": "use one of: hello",
        },
        {"path": "query.zone", "rule": "zone", "detail": "there is no such zone", "fix": ""},
    ]
    api.answers["createJourney"] = [a_problem(422, "what was sent has 2 problem(s)", errors=errors)]
    with pytest.raises(Refused) as refused:
        calls.client.call("createJourney", body={"config": a_journey(), "status": "DRAFT"})
    assert str(refused.value).splitlines() == [
        "what was sent has 2 problem(s) (HTTP 422, request r1)",
        "  $.config.start: there is no step 'x' (use one of: hello)",
        "  query.zone: there is no such zone",
    ]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404, html="<h1>Not here</h1>"),
        httpx.Response(200, html="<h1>Welcome</h1>"),
        httpx.Response(200, json=["no", "document"]),
        httpx.Response(403, text="{", headers={"Content-Type": "application/problem+json"}),
    ],
    ids=["error page", "page", "list", "half a problem"],
)
def test_somebody_else_who_answers_is_not_taken_for_the_api(
    answer: httpx.Response, api: ApiByContract, calls: Calls
) -> None:
    api.answers["getJourney"] = [answer]
    with pytest.raises(Refused, match=r"http://api/behind answered with HTTP .* is it the orchestrator's API"):
        calls.client.call("getJourney", PATH)


def test_the_key_is_not_sent_to_where_an_answer_points(api: ApiByContract, calls: Calls) -> None:
    api.answers["getJourney"] = [httpx.Response(307, headers={"Location": "http://elsewhere/"})]
    with pytest.raises(ConfigurationError, match="sends callers elsewhere"):
        calls.client.call("getJourney", PATH)
    assert len(api.taken) == 1
