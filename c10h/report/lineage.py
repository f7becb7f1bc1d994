"""How a file was made, as an indented tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from c10h.records import Input, Lineage


def to_lines(lineage: Lineage) -> list[str]:
    """The command that made a file, then its inputs, each with its SHA-256 and its own lineage."""
    return list(_lines(lineage, ""))


def command_line(lineage: Lineage) -> str:
    """The command with its options, as it would be typed, without its files."""
    return " ".join([lineage.command or "(unknown)", *_options(lineage.options)])


def _options(options: Mapping[str, Any]) -> Iterator[str]:
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if value is True:
            yield flag
        elif isinstance(value, list | tuple):
            yield from (f"{flag} {one}" for one in value)
        elif value is not False and value is not None:
            yield f"{flag} {value}"


def _lines(lineage: Lineage, indent: str) -> Iterator[str]:
    seed = f"  seed {lineage.seed}" if lineage.seed is not None else ""
    yield f"{indent}{command_line(lineage)}  (c10h {lineage.version}){seed}"
    if lineage.excluded:
        yield f"{indent}   left out: {_left_out(lineage.excluded)}"
    for number, one in enumerate(lineage.inputs, start=1):
        last = number == len(lineage.inputs)
        yield f"{indent}{'└─' if last else '├─'} {_describe(one)}"
        if one.lineage is not None:
            yield from _lines(one.lineage, indent + ("   " if last else "│  "))


def _left_out(excluded: Mapping[str, Any]) -> str:
    """Counts and names in one line."""
    parts = []
    for name, value in excluded.items():
        shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else f"{value:,}"
        parts.append(f"{name.replace('-', ' ')} {shown}")
    return "; ".join(parts)


def _describe(one: Input) -> str:
    kind = f" ({one.kind})" if one.kind else ""
    return f"{one.role}: {one.name}{kind}  sha256 {one.sha256}"
