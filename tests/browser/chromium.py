"""The browser the page is tested in: the machine's own Chromium, driven by Playwright."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

from orchestrator.errors import Unavailable

# Debian's browser without a window comes first: it needs a fifth less of the processor.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# No sandbox: tests run as root in containers. The rest keeps the browser from calling home.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def find_chromium(which: Callable[[str], str | None] = shutil.which) -> str:
    """The path of the browser.

    Raises:
        Unavailable: there is none; says what to do.
    """
    found = next((path for name in NAMES if (path := which(name))), None)
    if found is None:
        raise Unavailable(
            f"looking for a browser: none of {', '.join(NAMES)} is on the PATH. "
            "Install one (Debian: apt-get install chromium-headless-shell), "
            "or leave these tests out with -m 'not browser'."
        )
    return found


@asynccontextmanager
async def running_chromium() -> AsyncIterator[Browser]:
    """A headless browser while the block lasts."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()
