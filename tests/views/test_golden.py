"""Reports in each form, as they stand in golden/.

To write them anew: C10H_GOLDEN=write python -m pytest tests/views/test_golden.py; then look at
what has changed (git diff).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from made_attacks import SMALL, made_attack

from c10h.records import Lineage
from c10h.views.attacks import Attacked
from c10h.views.forms.drawing import COLOURS, draw
from c10h.views.forms.html_report import to_html
from c10h.views.forms.plain import to_plain
from c10h.views.given import File, Given
from c10h.views.report import Report

from .given import history, labels, near_and_far, of_run

GOLDEN = Path(__file__).parent / "golden"
FORMS = {"terminal": "txt", "markdown": "md", "latex": "tex", "csv": "csv", "json": "json"}
FILES = (
    File("near.h5", "scores", "0123456789abcdef" * 4, of_run("near", "hard")),
    File("votes_&_more.h5", "labels", "f" * 64, Lineage(command="c10h labels build")),
)


def attacks() -> Report:
    settings = {"method": "pgd"}
    runs = [
        Attacked(name, made_attack(seed, budgets=(SMALL,), settings=settings), 0, "held-out")
        for seed, name in enumerate(("hard", "human"))
    ]
    return Report(Given(attacked=runs), baseline="hard", files=FILES)


def people() -> Report:
    votes = labels([[20, 0, 0], [10, 10, 0], [8, 7, 5], [19, 1, 0]])
    given = Given(labels={"votes": votes}, histories={"run": history()})
    return Report(given, files=FILES)


REPORTS: dict[str, Callable[[], Report]] = {
    "scores": lambda: Report(near_and_far(), ["accuracy", "ce_hard"], files=FILES),
    "figure": lambda: Report(near_and_far(), figure="generalization", files=FILES),
    "table": lambda: Report(near_and_far(), table="1", files=FILES),
    "attacks": attacks,
    "people": people,
}


def check(name: str, text: str) -> None:
    """That a text is what stands in a file of golden/."""
    path = GOLDEN / name
    if os.environ.get("C10H_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", REPORTS)
def test_it_is_as_it_was(name: str, form: str) -> None:
    made = REPORTS[name]()
    if form == "terminal":
        tables = made.terminal_tables()
        text = to_plain(tables) + "\n" * bool(tables) + made.charts(80)
    else:
        text = made.render(form)
    check(f"{name}.{FORMS[form]}", text)


def test_a_page_is_as_it_was() -> None:
    """One without drawings, which change with matplotlib; style and script are files themselves."""
    page = to_html(REPORTS["table"]())
    for part, name in (("style", "page.css"), ("script", "page.js")):
        page = re.sub(f"<{part}>.*</{part}>", f"<{part}>{name}</{part}>", page, flags=re.DOTALL)
    check("table.html", re.sub(r"sha256-[\w+/]+=", "sha256-…", page))


def test_drawings_are_as_they_were() -> None:
    """The colours that a drawing has, and its words; the rest is matplotlib's."""
    for name in ("figure", "people"):
        for made in REPORTS[name]().figures():
            data = draw(made, "svg").decode()
            colours = [colour for colour in COLOURS if colour.lower() in data]
            found = ElementTree.fromstring(data).findall(".//{*}text")
            words = ["".join(element.itertext()) for element in found]
            check(f"{name}-{made.name}.svg.txt", "\n".join([*colours, *words]) + "\n")


@pytest.mark.parametrize("name", REPORTS)
def test_terminals_show_no_colour_and_no_line_too_long(name: str) -> None:
    for width in (40, 80, 120):
        text = REPORTS[name]().charts(width)
        assert "\x1b" not in text
        assert max(map(len, text.splitlines())) <= width
