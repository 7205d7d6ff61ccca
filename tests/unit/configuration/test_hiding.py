"""Whatever a password stands inside of, it is not in what is printed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.configuration.hiding import HIDDEN, without_credentials, without_password

SECRET = "s3same"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ana:s3same@db:5432/journeys", "postgresql://ana:***@db:5432/journeys"),
        ("postgres://ana:s3same@a:1,b:2/j?sslmode=require", "postgres://ana:***@a:1,b:2/j?sslmode=require"),
        ("postgresql://ana@db/journeys", "postgresql://ana@db/journeys"),
        ("postgresql:///journeys?host=/run/db&password=s3same", "postgresql:///journeys?host=/run/db&password=***"),
        ("postgresql://db/j?sslmode=verify-full&sslpassword=s3same", "postgresql://db/j?sslmode=verify-full&sslpassword=***"),
        ("postgresql://ana:s3same@[::1]:5432/j", "postgresql://ana:***@[::1]:5432/j"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_database_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert without_password(url) == shown


@pytest.mark.parametrize(
    "odd",
    [
        "postgresql://ana:s3same@s3same@db/j",  # an @ that should have been written %40
        "postgresql://ana:1/s3same@db/j",
        "postgresql://ana:1?s3same@db/j",
        "postgresql://ana:1#s3same@db/j",
        "postgresql://ana:s3same",
        "host=db user=ana password=s3same",
        "s3same",
        "postgresql://db/j?passw%6Frd=s3same",
    ],
)
def test_of_a_url_that_is_written_wrongly_nothing_is_shown_that_could_be_the_password(odd: str) -> None:
    assert SECRET not in without_password(odd)


@given(st.text("ab:/?#@&=%,. ", max_size=12))
def test_no_way_of_writing_a_password_brings_it_out(around: str) -> None:
    """The password stands where a parser may see a host, a port, a path, a parameter or a fragment."""
    assert SECRET not in without_password(f"postgresql://ana:{around}{SECRET}@db:5432/journeys")
    assert SECRET not in without_password(f"postgresql://ana:{SECRET}{around}@db:5432/journeys")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://ana:s3same@id.example/realm", f"https://{HIDDEN}@id.example/realm"),
        ("https://id.example/keys?token=s3same&x=1", f"https://id.example/keys?token={HIDDEN}&x=1"),
        ("ana:s3same@kafka:9092,bob:s3same@other:9092", f"{HIDDEN}@other:9092"),
        ("https://ana:1/s3same@id.example/realm", f"https://{HIDDEN}@id.example/realm"),
        ("ana:1,s3same@kafka:9092", f"{HIDDEN}@kafka:9092"),
        ("https://c.example:4318?x-auth=s3same", f"https://c.example:4318?x-auth={HIDDEN}"),
        ("kafka-0:9092,kafka-1:9092", "kafka-0:9092,kafka-1:9092"),
        ("openid profile email", "openid profile email"),
        ("/run/secrets/ca.pem", "/run/secrets/ca.pem"),
    ],
)
def test_a_login_inside_of_an_address_is_not_shown(text: str, shown: str) -> None:
    assert without_credentials(text) == shown
