"""The page's files as they lie there: small, self-contained, no way from data to markup, colours one can read."""

import re
from importlib.resources import files
from itertools import product
from pathlib import Path

import pytest

FOLDER = Path(str(files("orchestrator.api").joinpath("dashboard")))
OWN = [path for path in sorted(FOLDER.iterdir()) if path.is_file()]
SCRIPTS = [path for path in OWN if path.suffix == ".js"]
MOST_LINES = 300
MOST_KIB_AT_ONCE = 250  # before the first page is there; what is opened seldom comes when it is opened
MOST_KIB = 640
LEAST_CONTRAST = 4.5  # WCAG 2.2 AA, text of normal size


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_file_is_small_and_calls_nobody(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= MOST_LINES
    assert set(re.findall(r"https?://[^\s\"']+", text)) <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_script_never_turns_text_into_markup_or_code(path: Path) -> None:
    text = path.read_text()
    markup = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b|new Function"
    assert re.findall(markup, text) == []
    assert re.findall(r"localStorage|cookie", text) == []  # the key stays in the tab


def test_page_has_nothing_inline_that_its_policy_forbids() -> None:
    text = (FOLDER / "index.html").read_text()
    assert re.findall(r"<style|\sstyle=|\son\w+=|javascript:", text) == []
    assert re.findall(r"<script(?![^>]*\ssrc=\"/dashboard/)", text) == []


def test_page_is_light() -> None:
    whole = sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file())
    assert whole / 1024 <= MOST_KIB
    named = re.findall(r"(?:href|src)=\"/dashboard/([^\"]+)\"", (FOLDER / "index.html").read_text())
    assert sum((FOLDER / name).stat().st_size for name in named) / 1024 <= MOST_KIB_AT_ONCE


def test_browser_is_told_at_once_of_every_script_that_the_first_page_needs() -> None:
    index = (FOLDER / "index.html").read_text()
    (entry,) = re.findall(r"<script src=\"/dashboard/([^\"]+)\" type=\"module\"", index)
    needed, left = set[str](), [entry]
    while left:
        if (name := left.pop()) not in needed:
            needed.add(name)
            left += re.findall(r"^import .* from \"/dashboard/([^\"]+)\"", (FOLDER / name).read_text(), re.MULTILINE)
    assert set(re.findall(r"rel=\"modulepreload\" href=\"/dashboard/([^\"]+)\"", index)) == needed - {entry}


def test_vendored_code_comes_with_its_licence() -> None:
    folders = [path for path in (FOLDER / "vendor").iterdir() if path.is_dir()]
    assert folders
    for folder in folders:
        assert "Permission is hereby granted" in (folder / "LICENSE").read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(scheme: str) -> None:
    light, dark = (FOLDER / "theme.css").read_text().split("@media")
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", light if scheme == "light" else dark))
    pairs = [*product(("ink", "ink-soft", "accent", "good", "bad", "warning"), ("paper", "card"))]
    pairs += [("accent-ink", "accent"), ("card", "bad"), ("accent", "accent-wash")]
    pairs += [(tone, f"{tone}-wash") for tone in ("good", "bad", "warning")]
    pairs += [("ink", f"{tone}-wash") for tone in ("good", "bad", "warning")]
    pairs += [("ink-soft", f"{tone}-wash") for tone in ("good", "bad", "warning", "accent")]
    weak = {pair: ratio for pair in pairs if (ratio := _contrast(colours[pair[0]], colours[pair[1]])) < LEAST_CONTRAST}
    assert weak == {}


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
