"""Finding the browser."""

import pytest

from orchestrator.errors import Unavailable
from tests.browser.chromium import find_chromium


def test_first_browser_on_the_path_is_taken() -> None:
    assert find_chromium({"google-chrome": "/opt/chrome"}.get) == "/opt/chrome"


def test_missing_browser_is_an_error_that_says_what_to_install() -> None:
    with pytest.raises(Unavailable, match="apt-get install chromium"):
        find_chromium(lambda _: None)
