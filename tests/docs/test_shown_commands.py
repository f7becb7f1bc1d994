"""No page shows a command, an option or a choice that does not exist.

README.md and the tutorials are run (blocks.py), other pages with -m full (test_pages.py); this is
quick.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from c10h.cli import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]
ROOT_COMMAND: Any = typer.main.get_command(app)
# What separates commands of a shell, and what sends their output elsewhere.
SEPARATORS = re.compile(r"[|;&()]+")
REDIRECTIONS = re.compile(r"[<>&|]*[<>][<>&|]*")


def blocks(page: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", page, re.DOTALL | re.MULTILINE)


def calls(block: str) -> Iterator[list[str]]:
    """The arguments of each call of c10h in a block, by itself or in a container or torchrun.

    A variable has the first value of its loop, or else 0.
    """
    for name, value in re.findall(r"\bfor (\w+) in ([\w.-]+)", block):
        block = re.sub(rf"\$({name}\b|{{{name}}})", value, block)
    block = re.sub(r"\$\w+", "0", block)
    for line in block.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if SEPARATORS.fullmatch(word):
                yield from _call(words)
                words = []
            else:
                words.append(word)


def _call(words: list[str]) -> Iterator[list[str]]:
    kept: list[str] = []
    is_target = False
    for word in words:
        if is_target:
            is_target = False
        elif REDIRECTIONS.fullmatch(word):
            is_target = True
            kept = kept[:-1] if kept and kept[-1].isdigit() else kept  # the 2 of 2>
        else:
            kept.append(word)
    kept = kept[1:] if kept[:1] in (["do"], ["then"]) else kept
    if "c10h" in kept and (kept[0] == "c10h" or kept[0:2] == ["docker", "run"] or "-m" in kept):
        yield kept[kept.index("c10h") + 1 :]


def command_of(arguments: list[str]) -> tuple[Any, list[str]]:
    """The command that arguments name, and those that are left for it."""
    command = ROOT_COMMAND
    while arguments and hasattr(command, "list_commands") and arguments[0][:1] not in ("-", "…"):
        name, *arguments = arguments
        found = command.get_command(command.context_class(command), name)
        assert found is not None, f"no command {name}"
        command = found
    return command, arguments


def refusal(arguments: list[str]) -> str:
    """Why c10h refuses arguments before it opens a file, or ""."""
    command, rest = command_of(arguments)
    if hasattr(command, "list_commands"):
        result = CliRunner().invoke(ROOT_COMMAND, arguments)
        return result.output if result.exit_code else ""
    try:
        command.make_context(" ".join(arguments), rest)
    except typer.Exit:
        pass  # such as --list-metrics
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


SHOWN = [
    pytest.param(arguments, id=f"{path.name}: {' '.join(arguments)[:70]}")
    for path in PAGES
    for block in blocks(path.read_text(encoding="utf-8"))
    for arguments in calls(block)
]


@pytest.mark.parametrize("arguments", SHOWN)
def test_it_is_not_refused(arguments: list[str]) -> None:
    assert refusal(arguments) == ""


def test_many_are_found() -> None:
    assert len(SHOWN) > 100


def named(page: str) -> Iterator[tuple[str, set[str]]]:
    """The calls of c10h within sentences, where they may be cut short, and their long options."""
    for text in re.findall(r"`c10h ([^`]+)`", page):
        yield text, set(re.findall(r"--[a-z0-9][a-z0-9-]*", text))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_what_sentences_name_exists(path: Path) -> None:
    for text, options in named(path.read_text(encoding="utf-8")):
        command, _ = command_of(text.split())
        known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
        known |= {"--help", "--help-all", "--install-completion", "--show-completion"}
        assert options <= known, text


def test_calls_of_a_block() -> None:
    block = (
        "# c10h show x\n"
        "c10h score a.npy --labels - --fail-if 'x>1' \\\n  --json > m.json 2> log | c10h show -\n"
        "docker build -t c10h .; docker run --rm c10h labels build x\n"
        'for k in fog snow; do c10h data corrupt x --kind $k -o "$k-$N.h5"; done\n'
    )
    assert list(calls(block)) == [
        ["score", "a.npy", "--labels", "-", "--fail-if", "x>1", "--json"],
        ["show", "-"],
        ["labels", "build", "x"],
        ["data", "corrupt", "x", "--kind", "fog", "-o", "fog-0.h5"],
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("score a.npy --lables l.h5", "No such option"),
        ("score a.npy --by colour", "expected one of"),
        ("score --labels l.h5", "Missing parameter"),
        ("labels build a.csv --as", "requires an argument"),
        ("score a.npy --labels l.h5 --by truth", ""),
    ],
)
def test_what_does_not_exist_is_found(arguments: str, says: str) -> None:
    assert says in refusal(arguments.split())
    assert bool(says) is bool(refusal(arguments.split()))
    with pytest.raises(AssertionError, match="no command scores"):
        command_of(["scores", "a.npy"])
