"""Secrets that stand sealed in the database."""

import pytest

from orchestrator.errors import ConfigurationError
from orchestrator.settings import load_settings
from orchestrator.store.seal import Seal, new_key

SECRET = "whsec_ключ-7"


def test_what_was_sealed_can_be_opened_and_does_not_show_the_secret() -> None:
    seal = Seal.of(load_settings(sealing_keys=new_key()))
    sealed = seal.close(SECRET)
    assert SECRET.encode() not in sealed
    assert seal.open(sealed) == SECRET


def test_the_same_secret_is_sealed_differently_each_time() -> None:
    seal = Seal(new_key())
    assert seal.close(SECRET) != seal.close(SECRET)


def test_a_key_that_was_replaced_still_opens_while_it_stands_behind_the_new_one() -> None:
    old, new = new_key(), new_key()
    sealed = Seal(old).close(SECRET)
    both = Seal(f"{new}, {old}")
    assert both.open(sealed) == SECRET
    assert Seal(new).open(both.close(SECRET)) == SECRET


def test_a_secret_sealed_by_another_key_is_refused_and_what_to_do_is_said() -> None:
    with pytest.raises(ConfigurationError, match="none of the keys"):
        Seal(new_key()).open(Seal(new_key()).close(SECRET))


@pytest.mark.parametrize("keys", ["", " ", ","])
def test_without_a_key_nothing_is_kept(keys: str) -> None:
    seal = Seal(keys)
    assert not seal.is_ready
    with pytest.raises(ConfigurationError, match="orchestrator config key"):
        seal.close(SECRET)
    with pytest.raises(ConfigurationError, match="orchestrator config key"):
        seal.open(b"anything")


def test_a_key_of_the_wrong_length_is_refused_without_being_shown() -> None:
    with pytest.raises(ConfigurationError) as refused:
        Seal("c2hvcnQ=")
    assert "c2hvcnQ=" not in str(refused.value)
