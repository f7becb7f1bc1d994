"""Help texts at 80 columns."""

from __future__ import annotations

import re

import pytest

from .conftest import Run

COMMANDS = [
    (), ("data",), ("data", "list"), ("data", "fetch"), ("data", "import"), ("data", "corrupt"),
    ("labels",), ("labels", "build"), ("labels", "annotators"), ("labels", "noise"),
    ("labels", "plan"), ("train",), ("predict",), ("attack",), ("score",), ("report",), ("show",),
    ("demo",),
]  # fmt: skip
GROUPS = [(), ("data",), ("labels",)]


@pytest.mark.parametrize("flags", [("--help",), ("--help-all",)], ids=" ".join)
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_fits_80_columns(
    c10h: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], flags: tuple[str, ...]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    if command in GROUPS and flags == ("--help-all",):
        pytest.skip("a group has no options")
    result = c10h(*command, *flags)
    assert result.status == 0
    lines = result.out.splitlines()
    assert lines[0].startswith("Usage: ")
    assert max(map(len, lines)) <= 80
    assert "x>=" not in result.out
    assert "\\[" not in result.out


def test_paragraphs_flow_and_defaults_are_shown(c10h: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    out = c10h("attack", "--help-all").out
    paragraph = out.partition("Images are attacked")[2].partition("\n\n")[0]
    assert all(len(line) > 60 for line in paragraph.splitlines()[1:-1])
    assert "[default: pgd]" in " ".join(out.split())
    assert "  --norm inf|2             Norm of the perturbation." in out
    assert out.index("Options\n") < out.index("How to attack\n") < out.index("Output\n")
    assert "[default: 4/255]" in " ".join(out.split())


def test_the_help_of_attack_fits_two_screens(c10h: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    short, whole = c10h("attack", "--help").out, c10h("attack", "--help-all").out
    assert len(short.strip().splitlines()) <= 48 < len(whole.strip().splitlines())
    flags = [set(re.findall(r"--[a-z-]+[a-z]", text)) for text in (short, whole)]
    # Those that other options' texts name besides, and the second names of switches.
    assert flags[1] - flags[0] == {"--no-random-start"}
    assert "--output [required]" in short
    assert "c10h attack --help-all explains every option." in short
    assert "--help-all explains" not in whole


def test_a_short_help_is_whole(c10h: Run) -> None:
    assert c10h("show", "--help").out.strip() == c10h("show", "--help-all").out.strip()


def test_the_short_help_keeps_the_names_that_an_option_takes(c10h: Run) -> None:
    out = " ".join(c10h("labels", "build", "--help").out.split())
    assert "Kind of labels. One of human, majority, hard, class, smooth, distill" in out
    assert "people's distribution, from votes" not in out


def test_a_group_lists_its_commands(c10h: Run) -> None:
    out = c10h("labels", "--help").out
    assert [name for name in ("build", "annotators", "noise", "plan") if f"\n  {name} " in out] == [
        "build", "annotators", "noise", "plan",
    ]  # fmt: skip
