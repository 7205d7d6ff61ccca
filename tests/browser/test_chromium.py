"""Finding the browser."""

import pytest

from tests.browser.chromium import find_chromium


def test_first_browser_on_the_path_is_taken() -> None:
    assert find_chromium({"google-chrome": "/opt/chrome"}.get) == "/opt/chrome"


def test_missing_browser_fails_and_says_what_to_install() -> None:
    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium"):
        find_chromium(lambda _: None)
