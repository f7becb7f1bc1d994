"""How a file was made, as an indented tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Any

from c10h.records import Input, Lineage
from c10h.stages.requests_by_command import options_by_name
from c10h.views.table import inert, one_line

# Room for a text that there is in any width.
LEAST_ROOM = 12


def to_lines(lineage: Lineage, width: int | None = None) -> list[str]:
    """The command that made a file, then its inputs, each with its SHA-256 and its own lineage.

    width: the most characters of a line; None for as many as it takes.
    """
    if width is None:
        return [first + inert(text) for first, _, text in _lines(lineage, "")]
    return [
        line
        for first, more, text in _lines(lineage, "")
        for line in wrap(
            inert(text),
            max(width, len(more) + LEAST_ROOM),
            initial_indent=first,
            subsequent_indent=more,
            break_on_hyphens=False,
        )
    ]


def command_line(lineage: Lineage) -> str:
    """The command with its options, as it would be typed, without its files and seed."""
    return " ".join([lineage.command or "(unknown)", *option_words(lineage)])


def option_words(lineage: Lineage) -> list[str]:
    """The options as words of a command line."""
    words: list[str] = []
    known = options_by_name(lineage.command)
    for name, value in lineage.options.items():
        if name in known and (flags := known[name].flags) is not None:
            words += flags.get(str(value), ())
            continue
        flag = "--" + name.replace("_", "-")
        for one in value if isinstance(value, list | tuple) else [value]:
            if one is True:
                words.append(flag)
            elif one is not False and one is not None:
                words += [flag, one_line(_text(one))]
    return words


def _text(value: object) -> str:
    """A value as short as it can be without being another one."""
    short = f"{value:g}" if isinstance(value, float) else str(value)
    return short if not isinstance(value, float) or float(short) == value else repr(value)


def _lines(lineage: Lineage, indent: str) -> Iterator[tuple[str, str, str]]:
    """What is before a line, what before those that it goes on in, and the line."""
    is_told = lineage.seed is None or "seed" in lineage.options
    seed = "" if is_told else f"  seed {lineage.seed}"
    under = f"{indent}{'│' if lineage.inputs else ' '}  "
    yield indent, f"{under}   ", f"{command_line(lineage)}  (c10h {lineage.version}){seed}"
    if lineage.excluded:
        yield under, f"{under}   ", f"left out: {_left_out(lineage.excluded)}"
    for number, source in enumerate(lineage.inputs, start=1):
        last = number == len(lineage.inputs)
        below = indent + ("   " if last else "│  ")
        yield f"{indent}{'└─' if last else '├─'} ", f"{below}   ", _describe(source)
        if source.lineage is not None:
            yield from _lines(source.lineage, below)


def _left_out(excluded: Mapping[str, Any]) -> str:
    """Counts and names in one line."""
    parts = []
    for name, value in excluded.items():
        shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else _number(value)
        parts.append(f"{name.replace('-', ' ')} {shown}")
    return "; ".join(parts)


def _number(value: object) -> str:
    """A count; of a lineage that another program wrote, it may be anything."""
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _describe(source: Input) -> str:
    kind = f" ({source.kind})" if source.kind else ""
    return f"{source.role}: {source.name}{kind}  sha256 {source.sha256}"
