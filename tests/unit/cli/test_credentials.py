"""The key comes from the environment or a file, and never shows."""

from pathlib import Path

import pytest

from orchestrator.cli.credentials import KEY, KEY_FILE, Credentials, checked_address, read_credentials
from orchestrator.errors import ConfigurationError

ADDRESS = "http://127.0.0.1:8080"


def test_a_key_comes_from_the_environment_or_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("jo_file\n")
    assert read_credentials(ADDRESS, {KEY_FILE: str(file)}).key == "jo_file"
    assert read_credentials(ADDRESS, {KEY: " jo_given ", KEY_FILE: str(file)}).key == "jo_given"


def test_without_a_key_it_is_said_where_one_comes_from() -> None:
    with pytest.raises(ConfigurationError, match=r"ORCHESTRATOR_API_KEY_FILE.*keys create"):
        read_credentials(ADDRESS, {KEY: " "})


@pytest.mark.parametrize("content", [b"", b"two words", b"a\r\nX-Evil: 1", b"\xff\xfe", b"k" * 10_000])
def test_what_is_no_key_is_not_sent(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=f"{file} has no key|{file}, which has no key"):
        read_credentials(ADDRESS, {KEY_FILE: str(file)})


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigurationError, match="/no/such/key, which cannot be read"):
        read_credentials(ADDRESS, {KEY_FILE: "/no/such/key"})


def test_a_printed_one_does_not_show_the_key() -> None:
    assert "jo_secret" not in repr(Credentials(ADDRESS, "jo_secret"))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("http://127.0.0.1:8080/", ADDRESS),
        ("https://journeys.example.org", "https://journeys.example.org"),
        ("https://example.org/behind/a/proxy/", "https://example.org/behind/a/proxy"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_address_may_end_with_a_slash(written: str, meant: str) -> None:
    assert checked_address(written) == meant


@pytest.mark.parametrize(
    "written",
    ["", "127.0.0.1:8080", "ftp://x", "http://", "http://x:port", "http://x:99999", "http://x/?a=b", "http://a:b@x"],
)
def test_what_is_no_address_is_refused_before_the_key_is_sent_to_it(written: str) -> None:
    with pytest.raises(ConfigurationError, match="ORCHESTRATOR_API_URL"):
        checked_address(written)
