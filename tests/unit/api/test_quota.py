"""A caller who asks too often is stopped, and nobody else."""

import pytest

from orchestrator.api.quota import Quota, TooManyRequests, neighbourhood_of


def test_a_caller_may_ask_so_often_and_is_told_what_is_left() -> None:
    quota = Quota(3)
    left = [allowance.remaining for _ in range(3) if (allowance := quota.take("acme/1")) is not None]
    assert left == [2, 1, 0]
    with pytest.raises(TooManyRequests, match="3 requests a minute") as caught:
        quota.take("acme/1")
    assert 1 <= caught.value.retry_after_s <= 60


def test_one_callers_haste_is_none_of_anothers() -> None:
    quota = Quota(1)
    quota.take("acme/1")
    allowance = quota.take("acme/2")
    assert allowance is not None
    assert allowance.headers()["RateLimit-Remaining"] == "0"
    assert set(allowance.headers()) == {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}


def test_without_a_limit_nothing_is_counted() -> None:
    quota = Quota(0)
    assert [quota.take("acme/1") for _ in range(1_000)] == [None] * 1_000


def test_strangers_are_told_apart_by_address_and_those_of_ipv6_by_network() -> None:
    assert neighbourhood_of("192.0.2.7") == "192.0.2.7"
    assert neighbourhood_of("2001:db8:1:2:3::4") == neighbourhood_of("2001:db8:1:2:ffff::1") == "2001:db8:1:2::/64"
    assert neighbourhood_of("2001:db8:1:3::4") != neighbourhood_of("2001:db8:1:2::4")
    assert {neighbourhood_of(odd) for odd in (None, "", "a socket", "192.0.2.7:80")} == {"unknown"}
