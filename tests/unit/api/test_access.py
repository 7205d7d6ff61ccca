"""Who may call."""

import pytest

from orchestrator.api import access
from orchestrator.api.access import CACHE_S, Access, demand, least_role
from orchestrator.api.database import Database
from orchestrator.api.paths import BASE, EVENTS, ROOT
from orchestrator.errors import Forbidden, Unauthorised, Unavailable
from orchestrator.settings import Settings
from orchestrator.store.keys import ROLES, Holder, Role, looks_like_key
from tests.hand_clock import Clock

KEY = "jo_" + "a" * 43


def holder(role: Role = "viewer") -> Holder:
    return Holder("key-1", "acme", "test", role)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The digests that PostgreSQL is asked for; it knows every key until "gone" is put in front."""
    digests: list[bytes] = []

    async def find_key(_: object, digest: bytes) -> Holder | None:
        digests.append(digest)
        return None if b"gone" in digests else holder()

    monkeypatch.setattr(access, "find_key", find_key)
    monkeypatch.setattr(Database, "pool", None)
    return digests


async def test_key_is_looked_up_once_in_a_few_seconds_and_then_again(asked: list[bytes]) -> None:
    clock = Clock()
    known = Access(Database(Settings()), clock=clock)
    for _ in range(3):
        assert await known.holder(f"Bearer {KEY}") == holder()
    assert len(asked) == 1
    clock.now_s += CACHE_S
    asked.append(b"gone")
    with pytest.raises(Unauthorised, match="revoked"):
        await known.holder(f"bearer  {KEY}")


@pytest.mark.parametrize("header", [None, "", "Bearer", KEY, f"Basic {KEY}", "Bearer jo_x", f"Bearer {KEY} {KEY}"])
async def test_what_cannot_be_a_key_is_refused_without_asking(asked: list[bytes], header: str | None) -> None:
    with pytest.raises(Unauthorised):
        await Access(Database(Settings())).holder(header)
    assert asked == []


async def test_without_a_database_nobody_is_let_in_and_nobody_is_called_a_stranger() -> None:
    with pytest.raises(Unavailable):
        await Access(Database(Settings())).holder(f"Bearer {KEY}")


def test_role_includes_those_below_it() -> None:
    people = ROLES[1:]
    for rank, role in enumerate(people):
        for needed in people[: rank + 1]:
            demand(holder(role), needed)
        for needed in people[rank + 1 :]:
            with pytest.raises(Forbidden, match=f"needs {needed}"):
                demand(holder(role), needed)


def test_a_publisher_only_publishes_and_a_viewer_only_looks() -> None:
    assert ROLES[0] == "publisher"
    for needed in ROLES[1:]:
        with pytest.raises(Forbidden, match=f"the API key's role is publisher; this needs {needed}"):
            demand(holder("publisher"), needed)
    for role in ROLES:
        if role != "viewer":
            demand(holder(role), "publisher")
    with pytest.raises(Forbidden, match="needs publisher"):
        demand(holder("viewer"), "publisher")


def test_reading_takes_a_viewer_and_everything_else_an_editor() -> None:
    assert {method: least_role(method, BASE) for method in ("GET", "HEAD", "POST", "PATCH", "DELETE", "BREW")} == {
        "GET": "viewer",
        "HEAD": "viewer",
        "POST": "editor",
        "PATCH": "editor",
        "DELETE": "editor",
        "BREW": "editor",
    }
    assert least_role("POST", f"{ROOT}/definitions/rehearse") == "viewer"  # it keeps nothing
    assert least_role("POST", f"{ROOT}/definitions/rehearse/") == "editor"
    assert least_role("POST", EVENTS) == "publisher"
    assert least_role("GET", EVENTS) == "viewer"
    assert least_role("POST", f"{EVENTS}/") == "editor"


def test_form_of_a_key() -> None:
    assert looks_like_key(KEY)
    for text in ("", KEY[:-1], KEY + "a", KEY.replace("jo_", "xx_"), KEY + "\n", "jo_" + "é" * 43):
        assert not looks_like_key(text)
