"""The functions have the options of the command line, and what the docs show runs."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

import c10h
from c10h.cli import app
from c10h.stages.network_requests import AttackRequest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "python.md"
NOTEBOOK = ROOT / "examples" / "notebook.ipynb"
# What a command line has and a function does not need: files, forms and what a shell is for.
SHELL_ALONE = {
    "output", "force", "format", "json", "fail-if", "h5-path", "list-metrics", "list-methods",
    "list-architectures", "excluded", "compare", "script", "pictures", "help",
    "detail", "quiet", "skip-existing",
}  # fmt: skip
# Options that Python would not have as a name, or that are an argument there.
RENAMED = {
    "as": "what",
    "from": "source",
    "tag": "tags",
    "min-judgments": "min_votes",
    "output": "folder",
}
# Defaults that say nothing, of which a function and a command line have different ones.
NOTHING = {None, (), "", inspect.Parameter.empty}
COMMANDS = {
    c10h.score: ("score",),
    c10h.build_labels: ("labels", "build"),
    c10h.import_images: ("data", "import"),
    c10h.corrupt_images: ("data", "corrupt"),
    c10h.train: ("train",),
    c10h.predict: ("predict",),
    c10h.attack: ("attack",),
    c10h.report: ("report",),
}


def parameters(words: tuple[str, ...]) -> dict[str, Any]:
    """The options of a command by the names of a function's arguments."""
    command: Any = typer.main.get_command(app)
    for word in words:
        command = command.get_command(command.context_class(command), word)
    flags = {
        flag.removeprefix("--"): parameter
        for parameter in command.params
        for flag in parameter.opts
        if flag.startswith("--")
    }
    return {
        RENAMED.get(name, name.replace("-", "_")): parameter
        for name, parameter in flags.items()
        if name not in SHELL_ALONE
    }


@pytest.mark.parametrize("function", COMMANDS, ids=lambda function: function.__name__)
def test_every_option_is_an_argument(function: Callable[..., Any]) -> None:
    arguments = set(inspect.signature(function).parameters)
    assert set(parameters(COMMANDS[function])) <= arguments


@pytest.mark.parametrize("function", COMMANDS, ids=lambda function: function.__name__)
def test_defaults_are_those_of_the_command_line(function: Callable[..., Any]) -> None:
    arguments = inspect.signature(function).parameters
    for name, option in parameters(COMMANDS[function]).items():
        defaults = {arguments[name].default, option.default}
        assert len(defaults) == 1 or defaults <= NOTHING or name == "epsilon", name


def test_the_default_epsilon() -> None:
    assert inspect.signature(c10h.attack).parameters["epsilon"].default == "4/255"
    assert AttackRequest.epsilons == ("4/255",)


@pytest.mark.parametrize("function", COMMANDS, ids=lambda function: function.__name__)
def test_the_page_has_the_function(function: Callable[..., Any]) -> None:
    assert f"`c10h.{function.__name__}(" in PAGE.read_text()


def test_the_first_block_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """The others need files of a reader's: docs/test_pages.py."""
    first, *_ = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    exec(first, {})
    assert "ce_human" in capsys.readouterr().out


@pytest.mark.full
def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    space: dict[str, Any] = {}
    for cell in json.loads(NOTEBOOK.read_text())["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), space)
    assert "score" in dir(space["c10h"])
