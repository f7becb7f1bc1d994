"""Every command and every option stands in the docs, besides the page that is made of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from c10h.cli import app

ROOT = Path(__file__).parents[2]
COMMANDS_PAGE = ROOT / "docs" / "commands.md"
PAGES = [
    path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", *ROOT.glob("docs/*.md"))
    if path != COMMANDS_PAGE
]
# The same for all commands, and explained once, above what is made of them.
COMMON = {"--output", "--force", "--format"}


def commands_of(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """A command and all below it, by their full names."""
    yield name, command
    if hasattr(command, "list_commands"):
        context = command.context_class(command)
        for part in command.list_commands(context):
            yield from commands_of(command.get_command(context, part), f"{name} {part}")


COMMANDS = dict(commands_of(typer.main.get_command(app), "c10h"))


def long_options(command: Any) -> set[str]:
    """``--help`` and ``--help-all`` need no docs."""
    names = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    return {name for name in names if name.startswith("--")} - {"--help", "--help-all"}


def undocumented(name: str, options: set[str], pages: list[str]) -> set[str]:
    """The options that no page has that names the command."""
    about = [page for page in pages if re.search(rf"\b{name}\b", page)]
    named = {word for page in about for word in re.findall(r"--[a-z0-9][a-z0-9-]*", page)}
    return options - named


def test_all_commands_are_found() -> None:
    assert {"c10h", "c10h score", "c10h labels build", "c10h data fetch"} <= set(COMMANDS)
    assert {"--labels", "--fail-if", "--json"} <= long_options(COMMANDS["c10h score"])


@pytest.mark.parametrize("name", COMMANDS)
def test_it_is_in_the_docs(name: str) -> None:
    assert any(re.search(rf"\b{name}\b", page) for page in PAGES)


@pytest.mark.parametrize("name", COMMANDS)
def test_its_options_are_in_a_page_that_names_it(name: str) -> None:
    assert undocumented(name, long_options(COMMANDS[name]) - COMMON, PAGES) == set()


def test_common_options_are_explained() -> None:
    written = COMMANDS_PAGE.read_text(encoding="utf-8").partition("<!-- generated")[0]
    assert set(re.findall(r"--[a-z]+", written)) >= COMMON


@pytest.mark.parametrize("name", COMMANDS)
def test_its_options_have_a_help_text(name: str) -> None:
    assert [one.name for one in COMMANDS[name].params if not one.help] == []


def test_what_is_not_documented_is_found() -> None:
    pages = ["`c10h score --rt-min 3`, --labels", "--seed"]
    assert undocumented("c10h score", {"--labels", "--rt", "--seed"}, pages) == {"--rt", "--seed"}
