"""How blocks of pages are found, and what they print compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.blocks import Step, agrees, outputs, replaced, steps


def shown(text: str | None, vary: str = "") -> Step:
    return Step("", "sh", "c10h\n", text, vary, (0, 0))


def test_blocks_of_a_page() -> None:
    page = "# A\n\n```sh\na\n```\n\n```\n1\n```\n\nB.\n\n```python\nb\n```\n\n"
    page += "<!-- numbers vary -->\n```\n2\n```\n\n```sh\nc\n```\n"
    first, second, third = steps(page)
    assert (first.language, first.code, first.shown, first.vary) == ("sh", "a\n", "1\n", "")
    assert (second.language, second.shown, second.vary) == ("python", "2\n", "numbers vary")
    assert page[slice(*first.span)] == "1\n"
    assert third.shown is None
    assert not any(step.why_not for step in (first, second, third))


def test_blocks_that_are_not_run() -> None:
    page = "<!-- not run: .ci/run does -->\n```sh\na\n```\n\n```\n1\n```\n\n```sh\nb\n```\n\n"
    page += "<!-- not run: a citation -->\n```bibtex\nc\n```\n"
    assert [(step.why_not, step.code, step.shown) for step in steps(page)] == [
        (".ci/run does", "a\n", "1\n"),
        ("", "b\n", None),
        ("a citation", "c\n", None),
    ]


@pytest.mark.parametrize(
    "page",
    [
        "```\n1\n```\n",
        "```sh\na\n```\n\nWords.\n\n```\n1\n```\n",
        "```json\n1\n```\n",
        "```sh\na\n```\n\n<!-- all vary -->\n```\n1\n```\n",
        "<!-- not run: why -->\n\n```sh\na\n```\n",
        "<!-- not run -->\n```sh\na\n```\n",
        "<!-- not run: why -->\nWords.\n",
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
        (shown("a  .1–.2\n", "numbers and sentences vary"), "a  −.1 to .2\n", True),
    ],
)
def test_what_agrees(step: Step, printed: str, is_so: bool) -> None:
    assert agrees(step, printed) is is_so


def test_what_is_written_anew() -> None:
    assert replaced(shown("a\n"), "b\nc\n") == "b\nc\n"
    assert replaced(shown("a\n…\n"), "b\nc\nd\n") == "b\n…\n"
    assert replaced(shown("a\n…\n"), "b\n") == "b\n"
    assert replaced(shown(None), "b\n") == "\n```\nb\n```\n"


def test_what_is_run(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    shown = "<!-- not run: why -->\n```sh\nexit 1\n```\n\n```sh\nls\n```\n\n```\na\nexamples\n```\n"
    page.write_text("```sh\n> a; echo b\n```\n\n" + shown)
    assert [(step.code, printed) for step, printed in outputs(page)] == [("ls\n", "a\nexamples\n")]
    page.write_text("```sh\nfalse | cat\n```\n\n" + shown)
    with pytest.raises(RuntimeError, match="status 1:\nfalse"):
        list(outputs(page))
    assert [printed for _, printed in outputs(page, whole=False)] == ["examples\n"]
