"""The page in a real browser: what a reader does with mouse and keyboard, and how it looks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from c10h.views.forms.html_page import Page, page
from c10h.views.table import Cell, Table

from .browser import ENTER, ESCAPE, HOME, RIGHT, TAB, Browser, chromium
from .test_html_page import everything

pytestmark = pytest.mark.full

TABLE = "document.querySelector('[aria-labelledby=tables] .sortable')"
NAMES = f"return [...{TABLE}.tBodies[0].rows].map(r => r.cells[0].innerText)"
SORTED = f"return [...{TABLE}.tHead.rows[0].cells].map(c => c.ariaSort)"
SHOWN = "return [...document.querySelectorAll('.card')].filter(c => c.offsetParent).length"
TIP = "const t = document.getElementById('tip'); return t.hidden ? null : t.textContent"
BACK = "return getComputedStyle(document.body).backgroundColor"
# Pixels across A4 within margins of a centimetre.
PAPER = 718
WHITE = "rgb(255, 255, 255)"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    folder = tmp_path_factory.mktemp("browser")
    with chromium(folder) as browser:
        yield browser


@pytest.fixture
def browser(session: Browser, tmp_path: Path) -> Browser:
    """At the page, in a light system, with a window of 1280 x 900."""
    file = tmp_path / "page.html"
    file.write_text(page(everything()), encoding="utf-8")
    session.prefer("light")
    session.resize(1280)
    session.console(), session.requests()
    session.open(file)
    return session


def test_nothing_is_asked_for_and_nothing_complains(browser: Browser) -> None:
    browser.click("#theme")
    browser.click("[aria-labelledby=tables] .sortable .sort")
    found = browser.requests()
    assert any(url.startswith("file:") for url in found)
    assert {url.split(":")[0] for url in found} <= {"file", "data"}
    assert browser.console() == []
    broken = "return [...document.images].filter(i => !i.naturalWidth).length"
    assert browser.run(broken) == 0


def test_a_click_sorts_and_another_turns_around(browser: Browser) -> None:
    assert browser.run(NAMES) == ["hard", "human", "mixup", "none"]
    browser.click("[aria-labelledby=tables] .sortable th:nth-child(2) .sort")
    assert browser.run(NAMES) == ["mixup", "hard", "human", "none"]
    assert browser.run(SORTED) == [None, "ascending", None]
    browser.click("[aria-labelledby=tables] .sortable th:nth-child(2) .sort")
    assert browser.run(NAMES) == ["human", "hard", "mixup", "none"]
    assert browser.run(SORTED) == [None, "descending", None]
    browser.click("[aria-labelledby=tables] .sortable th:nth-child(1) .sort")
    assert browser.run(NAMES) == ["hard", "human", "mixup", "none"]
    assert browser.run(SORTED) == ["ascending", None, None]


def test_enter_sorts(browser: Browser) -> None:
    browser.type(ENTER, "[aria-labelledby=tables] .sortable th:nth-child(2) .sort")
    assert browser.run(NAMES) == ["mixup", "hard", "human", "none"]


def test_a_definition_shows_on_focus_until_escape(browser: Browser) -> None:
    assert browser.run(TIP) is None
    browser.type(TAB, "[aria-labelledby=tables] .sortable th:nth-child(1) .sort")
    assert "argmax" in browser.run(TIP)
    browser.type(ESCAPE)
    assert browser.run(TIP) is None
    browser.type(TAB)
    assert "cross-entropy with people" in browser.run(TIP)
    inside = """const box = document.getElementById('tip').getBoundingClientRect();
    return box.left >= 0 && box.right <= innerWidth && box.top >= 0 && box.bottom <= innerHeight"""
    assert browser.run(inside)


def test_the_first_stop_leads_past_the_head(browser: Browser) -> None:
    browser.type(TAB, "body")
    assert browser.run("return document.activeElement.className") == "skip"
    browser.type(ENTER)
    assert browser.run("return document.activeElement.id") == "main"


def test_filters(browser: Browser) -> None:
    assert browser.run(SHOWN) == 3
    browser.type("dog", "#choice")
    assert browser.run(SHOWN) == 1
    assert browser.run("return document.getElementById('shown').textContent") == "1 of 3 shown"
    browser.type(HOME, "#choice")
    assert browser.run(SHOWN) == 3
    browser.type(RIGHT * 30, "#entropy")
    assert browser.run("return document.getElementById('least').value") == "0.30 nats"
    assert browser.run(SHOWN) == 2
    browser.type(RIGHT * 100, "#entropy")
    assert browser.run(SHOWN) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark(browser: Browser, scheme: str) -> None:
    browser.prefer(scheme)
    assert (browser.run(BACK) == WHITE) is (scheme == "light")
    pressed = "return document.getElementById('theme').ariaPressed"
    assert browser.run(pressed) == ("false" if scheme == "light" else "true")
    browser.click("#theme")
    assert (browser.run(BACK) == WHITE) is (scheme == "dark")


def test_the_values_of_a_drawing_by_keyboard_and_pointer(browser: Browser) -> None:
    said = "return document.getElementById('said').textContent"
    assert browser.run(TIP) is None
    browser.type(RIGHT, ".drawing")
    assert browser.run(TIP) == browser.run(said) == "hard, step 0: 1.5"
    browser.type(RIGHT * 5)
    assert browser.run(TIP) == "hard, step 1: 2.5"
    browser.type(HOME)
    assert browser.run(TIP) == "hard, step 0: 1.5"
    browser.type(ESCAPE)
    assert browser.run(TIP) is None
    event = "new PointerEvent('pointerover', {bubbles: true})"
    browser.run(f"document.querySelectorAll('.mark')[1].dispatchEvent({event})")
    assert browser.run(TIP) == "hard, step 1: 2.5"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_drawings_have_the_colours_of_the_page(browser: Browser, scheme: str) -> None:
    browser.prefer(scheme)
    words = "getComputedStyle(document.querySelector('.drawing text')).fill"
    assert browser.run(f"return {words} === getComputedStyle(document.body).color")


def test_on_a_phone_a_row_is_a_card(browser: Browser) -> None:
    browser.resize(420)
    cell = f"{TABLE}.tBodies[0].rows[0].cells[1]"
    assert browser.run(f"return getComputedStyle({cell}, '::before').content") == '"accuracy ↑"'
    assert browser.run(f"return getComputedStyle({cell}).display") == "flex"
    browser.resize(1280)
    assert browser.run(f"return getComputedStyle({cell}).display") == "table-cell"


@pytest.mark.skipif("C10H_AXE" not in os.environ, reason="C10H_AXE names no axe.min.js")
@pytest.mark.parametrize("width", [420, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, scheme: str, width: int) -> None:
    browser.prefer(scheme)
    browser.resize(width)
    browser.run(Path(os.environ["C10H_AXE"]).read_text(encoding="utf-8"))
    assert browser.wait("axe.run().then(result => done(result.violations.map(v => v.id)))") == []


def test_two_thousand_runs_load_in_two_seconds(browser: Browser, tmp_path: Path) -> None:
    header = ["run", *(f"metric {number} ↑" for number in range(12))]
    rows = [[Cell(f"run-{n}"), *[Cell("0.1234", "0.1000 to 0.1500")] * 12] for n in range(2000)]
    file = tmp_path / "many.html"
    file.write_text(page(Page("Many", [Table("Scores", header, rows)])), encoding="utf-8")
    browser.open(file)
    loaded = "return performance.getEntriesByType('navigation')[0].loadEventEnd"
    assert browser.run(loaded) < 2000


CONTRAST = """
const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
const rgb = (colour) => {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
  .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
  .reduce((sum, v, k) => sum + v * [.2126, .7152, .0722][k], 0);
const behind = (one) => {
  for (; one; one = one.parentElement) {
    const colour = rgb(getComputedStyle(one).backgroundColor);
    if (colour[3]) return colour;
  }
};
return [...document.querySelectorAll('body *')].filter(one => one.offsetParent &&
  [...one.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())).map(one => {
  const [a, b] = [light(rgb(getComputedStyle(one).color)), light(behind(one))];
  return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), one.outerHTML.slice(0, 80)];
}).filter(([ratio]) => ratio < 4.5)
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(browser: Browser, scheme: str) -> None:
    """At least 4.5 to 1 for all text: WCAG 2.2, criterion 1.4.3."""
    browser.prefer(scheme)
    assert browser.run(CONTRAST) == []


@pytest.mark.parametrize("width", [320, 400, 1280])
def test_the_page_itself_never_scrolls_sideways(browser: Browser, width: int) -> None:
    browser.resize(width)
    assert browser.run("return document.documentElement.scrollWidth") <= width


def test_a_table_of_sixteen_columns_fits_on_paper(browser: Browser, tmp_path: Path) -> None:
    header = ["network", "training", *(f"equivalent_annotators d{n} ↑" for n in range(14))]
    row = [Cell("resnet_basic_8"), Cell("human"), *[Cell("10.1234", "10.1234 to 10.5678")] * 14]
    file = tmp_path / "wide.html"
    file.write_text(page(Page("Wide", [Table("Scores", header, [row], 2)])), encoding="utf-8")
    browser.open(file)
    browser.command("Emulation.setEmulatedMedia", media="print")
    browser.resize(PAPER)
    assert browser.run(f"return {TABLE}.getBoundingClientRect().right") <= PAPER
    browser.command("Emulation.setEmulatedMedia", media="")


def test_pictures_of_the_page(browser: Browser, tmp_path: Path) -> None:
    """To be looked at: C10H_SCREENSHOTS names a folder that keeps them."""
    folder = Path(os.environ.get("C10H_SCREENSHOTS", tmp_path))
    browser.screenshot(folder / "light.png")
    browser.prefer("dark")
    browser.screenshot(folder / "dark.png")
    browser.resize(400)
    browser.prefer("light")
    browser.screenshot(folder / "narrow.png")
    browser.print(folder / "print.pdf")
    assert all(path.stat().st_size > 10_000 for path in folder.glob("*.p[nd][gf]"))
    opened = "return [...document.querySelectorAll('footer details')].every(one => one.open)"
    assert browser.run(opened)
