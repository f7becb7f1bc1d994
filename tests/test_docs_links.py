"""Every link of the docs leads to something, on the site and where the files are."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob(".github/*.md"), *DOCS.glob("**/*.md")])
_CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)|(?:href|src)=\"([^\"]+)\"")


def links(page: str) -> list[str]:
    """What a page links to, outside of code, but for other sites."""
    found = [inline or html for inline, html in _LINK.findall(_CODE.sub("`", page))]
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings, as GitHub and the site make them."""
    without_blocks = re.sub(r"^```.*?^```$", "", page, flags=re.DOTALL | re.MULTILINE)
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", without_blocks, re.MULTILINE):
        text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
        assert slug not in found, f"two headings {heading!r}"
        found.add(slug)
    return found


def broken(path: Path, page: str) -> Iterator[str]:
    """The links of a page that lead nowhere, or from the site to what is not on it."""
    for link in links(page):
        name, _, anchor = unquote(link).partition("#")
        target = (path.parent / name).resolve() if name else path
        is_left = path.is_relative_to(DOCS) and not target.is_relative_to(DOCS)
        is_page = target.suffix == ".md" and target.is_file()
        text = page if target == path else target.read_text(encoding="utf-8") if is_page else ""
        if not target.exists() or is_left or (anchor and anchor not in anchors(text)):
            yield link


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_its_links_lead_somewhere(path: Path) -> None:
    assert list(broken(path, path.read_text(encoding="utf-8"))) == []


def test_broken_links_are_found() -> None:
    page = (
        "# A `b`, c\n\n[1](metrics.md) [2](metrics.md#intervals) [3](#a-b-c) [4](https://a.b)\n"
        "[5](lables.md) [6](metrics.md#nowhere) [7](#a) [8](../README.md) ![9](no.png)\n"
        "`[10](no.md)`\n\n```sh\n# [11](no.md)\n```\n"
    )
    found = ["lables.md", "metrics.md#nowhere", "#a", "../README.md", "no.png"]
    assert list(broken(DOCS / "labels.md", page)) == found


def pages_of(navigation: Any) -> Iterator[str]:
    """The pages of a navigation: texts, in lists and dictionaries."""
    if isinstance(navigation, str):
        yield navigation
        return
    for part in navigation.values() if isinstance(navigation, dict) else navigation:
        yield from pages_of(part)


def test_every_page_is_in_the_navigation_once() -> None:
    settings = tomllib.loads((DOCS / "zensical.toml").read_text(encoding="utf-8"))
    expected = [path.relative_to(DOCS).as_posix() for path in DOCS.glob("**/*.md")]
    assert sorted(pages_of(settings["project"]["nav"])) == sorted(expected)
