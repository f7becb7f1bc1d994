"""What the tutorials show is what their commands print."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from docs.tutorials import PAGES, Step, agrees, outputs, replaced, steps

# Those that train networks.
LONG = ("training", "attack", "own-data", "cluster")


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.stem, marks=[pytest.mark.full] if path.stem in LONG else [])
        for path in PAGES
    ],
)
def test_it_prints_what_it_shows(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    if "snakemake" in page and shutil.which("snakemake") is None:
        pytest.skip("needs snakemake: pip install 'c10h[workflow]'")
    for step, printed in outputs(page):
        assert agrees(step, printed), f"{path.name}: {step.code}prints now:\n{printed}"


def shown(text: str | None, vary: str = "") -> Step:
    return Step("sh", "c10h\n", text, vary, (0, 0))


def test_all_tutorials_are_found() -> None:
    assert {path.stem for path in PAGES} == {
        "logits", "judgments", "training", "attack", "report", "python", "cluster", "own-data",
    }  # fmt: skip


def test_blocks_of_a_page() -> None:
    page = "# A\n\n```sh\na\n```\n\n```\n1\n```\n\nB.\n\n```python\nb\n```\n\n"
    page += "<!-- numbers vary -->\n```\n2\n```\n\n```sh\nc\n```\n"
    first, second, third = steps(page)
    assert (first.language, first.code, first.shown, first.vary) == ("sh", "a\n", "1\n", "")
    assert (second.language, second.shown, second.vary) == ("python", "2\n", "numbers vary")
    assert page[slice(*first.span)] == "1\n"
    assert third.shown is None


@pytest.mark.parametrize(
    "page",
    [
        "```\n1\n```\n",
        "```sh\na\n```\n\nWords.\n\n```\n1\n```\n",
        "```json\n1\n```\n",
        "```sh\na\n```\n\n<!-- all vary -->\n```\n1\n```\n",
    ],
)
def test_blocks_that_nothing_runs_are_refused(page: str) -> None:
    with pytest.raises(ValueError, match=r"block|expected"):
        steps(page)


@pytest.mark.parametrize(
    ("step", "printed", "is_so"),
    [
        (shown("a 1\n"), "a 1\n", True),
        (shown("a 1\n"), "a 2\n", False),
        (shown(None), "", True),
        (shown(None), "a\n", False),
        (shown("a\n…\n"), "a\nb\n", True),
        (shown("a\n…\n"), "a\n", False),
        (shown("a\n…\n"), "b\nb\n", False),
        (shown("a  1.50\n", "numbers vary"), "a  −12e-05 *\n", True),
        (shown("a  1\n", "numbers vary"), "b  1\n", False),
        (shown("It is 1.\na  2\n", "numbers and sentences vary"), "It was.\na  3\n", True),
        (shown("It is 1.\na  2\n", "numbers and sentences vary"), "It is 1.\nb  2\n", False),
    ],
)
def test_what_agrees(step: Step, printed: str, is_so: bool) -> None:
    assert agrees(step, printed) is is_so


def test_what_is_written_anew() -> None:
    assert replaced(shown("a\n"), "b\nc\n") == "b\nc\n"
    assert replaced(shown("a\n…\n"), "b\nc\nd\n") == "b\n…\n"
    assert replaced(shown("a\n…\n"), "b\n") == "b\n"
    assert replaced(shown(None), "b\n") == "\n```\nb\n```\n"
