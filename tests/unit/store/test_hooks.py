"""Which secrets of a hook count when, and what a change leaves as it is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from orchestrator.store.hooks import Hook, HookChange, changed

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOOK = Hook(
    id=UUID(int=7),
    workspace_id="acme",
    name="Shop",
    mapping={"name": "Shop"},
    is_enabled=True,
    secret=b"first",
    old_secret=None,
    old_secret_until=None,
    refusals=(),
    created_at=NOW,
    updated_at=NOW,
)


def test_a_hook_has_one_secret_until_there_is_another() -> None:
    assert HOOK.sealed_secrets(NOW) == (b"first",)


def test_the_old_secret_counts_beside_the_new_one_until_its_moment_and_no_longer() -> None:
    both = changed(HOOK, HookChange(secret=b"second", old_secret_until=NOW + HOUR))
    assert both.sealed_secrets(NOW) == (b"second", b"first")
    assert both.sealed_secrets(NOW + HOUR) == (b"second",)


def test_without_a_moment_the_old_secret_ends_at_once_and_so_does_the_one_before_it() -> None:
    both = changed(HOOK, HookChange(secret=b"second", old_secret_until=NOW + HOUR))
    third = changed(both, HookChange(secret=b"third"))
    assert third.sealed_secrets(NOW) == (b"third",)
    of_two = changed(both, HookChange(secret=b"third", old_secret_until=NOW + 2 * HOUR))
    assert of_two.sealed_secrets(NOW) == (b"third", b"second")


def test_what_is_not_named_stays_as_it_is() -> None:
    assert changed(HOOK, HookChange()) == HOOK
    assert changed(HOOK, HookChange(is_enabled=False)) == replace(HOOK, is_enabled=False)
    assert changed(HOOK, HookChange(name="Other", mapping={})) == replace(HOOK, name="Other", mapping={})
