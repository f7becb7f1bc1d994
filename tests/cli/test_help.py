"""Help texts at 80 columns."""

from __future__ import annotations

import pytest

from .conftest import Run

COMMANDS = [
    (), ("data",), ("data", "list"), ("data", "fetch"), ("data", "import"), ("data", "corrupt"),
    ("labels",), ("labels", "build"), ("labels", "annotators"), ("labels", "noise"),
    ("labels", "plan"), ("train",), ("predict",), ("attack",), ("score",), ("report",), ("show",),
    ("demo",),
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_fits_80_columns(
    c10h: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = c10h(*command, "--help")
    assert result.status == 0
    lines = result.out.splitlines()
    assert lines[0].startswith("Usage: ")
    assert max(map(len, lines)) <= 80
    assert "x>=" not in result.out
    assert "\\[" not in result.out


def test_paragraphs_flow_and_defaults_are_shown(c10h: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    out = c10h("attack", "--help").out
    paragraph = out.partition("Images are attacked")[2].partition("\n\n")[0]
    assert all(len(line) > 60 for line in paragraph.splitlines()[1:-1])
    assert "[default: pgd]" in " ".join(out.split())
    assert "  --norm inf|2             Norm of the perturbation." in out
    assert out.index("Options\n") < out.index("How to attack\n") < out.index("Output\n")
    assert "[default: 4/255]" in " ".join(out.split())


def test_a_group_lists_its_commands(c10h: Run) -> None:
    out = c10h("labels", "--help").out
    assert [name for name in ("build", "annotators", "noise", "plan") if f"\n  {name} " in out] == [
        "build", "annotators", "noise", "plan",
    ]  # fmt: skip
