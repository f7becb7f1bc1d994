"""Reports in each form, as they stand in golden/.

To write them anew: C10H_GOLDEN=write python -m pytest tests/views/test_golden.py; then look at
what has changed (git diff).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from made_attacks import SMALL, examined, made_attack

from c10h.records import Input, Lineage
from c10h.stages.attack_runs import attacked_networks
from c10h.stages.report import Results
from c10h.views.answer import Amount
from c10h.views.forms.drawn_figures import COLOURS, draw
from c10h.views.forms.html_report import to_html
from c10h.views.report import Report

from .made_results import history, labels, near_and_far, of_run

GOLDEN = Path(__file__).parent / "golden"
FORMS = {"terminal": "txt", "markdown": "md", "latex": "tex", "csv": "csv", "json": "json"}
FILES = (
    Input(role="file", name="near.h5", kind="scores", sha256="0123456789abcdef" * 4,
          lineage=of_run("near", "hard")),
    Input(role="file", name="votes_&_more.h5", kind="labels", sha256="f" * 64,
          lineage=Lineage(command="c10h labels build")),
)  # fmt: skip


def attacks() -> Report:
    # Trained on another item than those that are attacked.
    trained = {"item": np.array([99], "u8"), "fold": np.array([-1], "i2")}
    files = {
        name: examined(
            made_attack(seed, budgets=(SMALL,), item=np.arange(12, dtype="u8"), trained=trained),
            np.arange(3, 10),
        )
        for seed, name in enumerate(("hard", "human"))
    }
    return Report(Results(attacked=attacked_networks(files), baseline="hard", files=FILES))


def people() -> Report:
    votes = labels([[20, 0, 0], [10, 10, 0], [8, 7, 5], [19, 1, 0]])
    return Report(Results(labels={"votes": votes}, histories={"run": history()}, files=FILES))


REPORTS: dict[str, Callable[[], Report]] = {
    "scores": lambda: Report(near_and_far(metrics=["accuracy", "ce_hard"], files=FILES)),
    "figure": lambda: Report(near_and_far(files=FILES), figure="generalization"),
    "table": lambda: Report(near_and_far(files=FILES), table="1"),
    "attacks": attacks,
    "people": people,
}


# Numbers whose last digits processors' arithmetic may decide.
LONG_NUMBER = re.compile(r"-?\d+\.\d{9,}(?:e-?\d+)?")


def check(name: str, text: str) -> None:
    """That a text is what stands in a file of golden/, but for the last digits of long numbers."""
    path = GOLDEN / name
    if os.environ.get("C10H_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    wanted = path.read_text(encoding="utf-8")
    numbers = LONG_NUMBER.findall(text)
    if numbers and text != wanted:
        of_wanted = LONG_NUMBER.findall(wanted)
        np.testing.assert_allclose(list(map(float, numbers)), list(map(float, of_wanted)), 1e-12)
        text, wanted = LONG_NUMBER.sub("#", text), LONG_NUMBER.sub("#", wanted)
    assert text == wanted


@pytest.mark.parametrize("name", REPORTS)
def test_everything_is_as_it_was(name: str) -> None:
    display = replace(REPORTS[name]().display, amount=Amount.DETAIL)
    check(f"{name}-detail.txt", display.text("terminal"))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", REPORTS)
def test_it_is_as_it_was(name: str, form: str) -> None:
    check(f"{name}.{FORMS[form]}", REPORTS[name]().display.text(form))


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
