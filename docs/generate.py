"""Write the parts of these pages that the code says already.

    python docs/generate.py             writes them
    python docs/generate.py --check     names those that are out of date, and ends with status 1

A part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``, its name in PARTS.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

from c10h.cli import app
from c10h.metrics.metric_type import UNBOUNDED
from c10h.metrics.metrics import METRICS
from c10h.metrics.needed_inputs import Needs
from c10h.records import KINDS, Column, Group, Record

PAGES = Path(__file__).parent
# As a terminal of 80 columns without colours shows them.
TERMINAL = {"COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"}
KIND_OF = {record.__name__: kind for kind, record in KINDS.items()}
NEEDED = {Needs.TRUTH: "truth", Needs.PEOPLE: "people", Needs.COUNTS: "votes"}


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    first = list(header)
    lines = [first, ["---"] * len(first), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def commands() -> str:
    """Every command: in one table what each is for, then what its ``--help-all`` prints."""
    known = list(_commands_of(typer.main.get_command(app), "c10h"))
    rows = [(f"[`{name}`](#{name.replace(' ', '-')})", _summary(one)) for name, one in known]
    texts = [f"## {name}\n\n```text\n{_help(name)}```\n" for name, _ in known]
    return "\n".join([table(("command", "what it does"), rows), *texts])


def _commands_of(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """A command and all below it, by their full names; groups have no row of their own."""
    if not hasattr(command, "list_commands"):
        yield name, command
        return
    context = command.context_class(command)
    for part in command.list_commands(context):
        yield from _commands_of(command.get_command(context, part), f"{name} {part}")


def _summary(command: Any) -> str:
    """The first paragraph of its help text."""
    return " ".join(inspect.cleandoc(command.help).split("\n\n")[0].split())


def _help(name: str) -> str:
    words = [*name.split()[1:], "--help-all"]
    text = CliRunner().invoke(app, words, prog_name="c10h", env=TERMINAL).stdout
    return re.sub(r" +$", "", text, flags=re.MULTILINE)


def metrics() -> str:
    """Every metric: its definition, what it needs, and between which values it lies."""
    header = ("metric", "definition", "needs", "values", "better")
    rows = [
        (
            f"`{name}`",
            metric.summary,
            ", ".join(NEEDED[need] for need in metric.needs),
            _range(metric.bounds),
            metric.better,
        )
        for name, metric in METRICS.items()
    ]
    return table(header, rows)


def _range(bounds: tuple[float, float]) -> str:
    if bounds == UNBOUNDED:
        return ""
    low, high = (f"{bound:g}".replace("inf", "∞") for bound in bounds)
    return f"{low} to {high}"


def datasets() -> str:
    """Every dataset of every kind of file, with what the docstring of its dataclass says."""
    return "\n".join(_datasets_of(kind) for kind in KINDS.values())


def _datasets_of(kind: type[Record]) -> str:
    text = inspect.cleandoc(kind.__doc__ or "")
    meanings = dict(_meanings(text, kind.schema()))
    rows = [
        (f"`{name}`" + "?" * declared.optional, *_form(declared), meanings.get(name, ""))
        for name, declared in kind.schema().items()
    ]
    about = _plain(text.split("\n\n")[0]) + "."
    header = ("dataset", "dtype", "size", "meaning")
    return f"### `{kind.kind}`, version {kind.version}\n\n{about}\n\n{table(header, rows)}"


def _form(declared: Column | Group) -> tuple[str, str]:
    """The dtype and the size of a dataset, or of the datasets of a group."""
    size = f"({', '.join(declared.dims)})"
    if isinstance(declared, Column):
        return declared.dtype, size
    numbers = ", ".join(f"`{name}` {dtype or 'number'}" for name, dtype in declared.numbers)
    return f"group: {numbers}" if numbers else "group", size


def _meanings(text: str, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """From a docstring with lines such as "loss, correct: what they are", the text of each name.

    Of names that share a text, the later ones refer to the first, unless it refers elsewhere. What
    follows "; name:" or "; name as" is about that name. Versions are told where all of them are.
    """
    known = set(names)
    for match in re.finditer(r"^(\w+(?:, \w+)*): (.+(?:\n {4}.+)*)", text, re.MULTILINE):
        first, *others = match[1].split(", ")
        if not known >= {first, *others}:
            continue
        text = re.sub(r" Version \d added [\w`]+\.", "", " ".join(match[2].split()))
        said, *more = re.split(r"; (?=\w+(?::| as) )", text)
        yield first, _plain(said)
        yield from (
            (o, _plain(said if said.startswith("as ") else f"as `{first}`")) for o in others
        )
        for part in more:
            name, says = re.split(r":? ", part, maxsplit=1)
            yield name, _plain(says)


def _plain(text: str) -> str:
    """Markdown of the reStructuredText of a docstring: names in backquotes, kinds by their name."""
    names = re.compile(r":\w+:`(?:[\w.]*\.)?(\w+)`")
    text = names.sub(lambda name: f"`{KIND_OF.get(name[1], name[1])}`", text)
    return " ".join(text.replace("``", "`").split()).removesuffix(".")


PARTS: Mapping[str, Callable[[], str]] = {
    "commands": commands,
    "metrics": metrics,
    "datasets": datasets,
}


def renewed(page: str) -> str:
    """A page with its parts made anew. Raises KeyError for a part that is not in PARTS."""

    def anew(match: re.Match[str]) -> str:
        return f"{match[1]}\n\n{PARTS[match['name']]()}\n<!-- end -->"

    part = r"(<!-- generated: (?P<name>[\w-]+) -->).*?<!-- end -->"
    return re.sub(part, anew, page, flags=re.DOTALL)


def main(*, is_check: bool) -> int:
    """Write the pages that are out of date, or only name them; the exit status."""
    old = []
    for path in sorted(PAGES.glob("*.md")):
        page = path.read_text(encoding="utf-8")
        if (new := renewed(page)) != page:
            old.append(path.name)
            if not is_check:
                path.write_text(new, encoding="utf-8")
    if old and is_check:
        sys.stderr.write(f"out of date, python docs/generate.py writes: {', '.join(old)}\n")
    return int(bool(old) and is_check)


if __name__ == "__main__":
    sys.exit(main(is_check="--check" in sys.argv[1:]))
