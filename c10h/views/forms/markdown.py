"""Tables as GitHub-flavoured Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from c10h.views.forms.tables import FOOT
from c10h.views.table import Cell, Table


def to_markdown(tables: Sequence[Table]) -> str:
    """GitHub-flavoured Markdown; the best of each kind in bold."""
    parts = []
    for table in tables:
        lines = [f"### {escape_markdown(table.title)}", ""] if table.title else []
        lines.append(_markdown_row(map(escape_markdown, table.header)))
        lines.append(
            _markdown_row(
                ":---" if column < table.labels else "---:" for column in range(len(table.header))
            )
        )
        lines += [_markdown_row(_markdown_cell(cell) for cell in row) for row in table.rows]
        for note in table.notes:
            lines += ["", escape_markdown(note)]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def add_foot(text: str, lines: Sequence[str]) -> str:
    """A text, and below it a list of lines on how it was made."""
    foot = f"\n### {FOOT}\n\n" if lines else ""
    return text + foot + "".join(f"- {escape_markdown(line)}\n" for line in lines)


def _markdown_row(texts: Iterable[str]) -> str:
    return "| " + " | ".join(texts) + " |"


def _markdown_cell(cell: Cell) -> str:
    text = escape_markdown(cell.text)
    text = f"**{text}**" if cell.best else text
    return f"{text} ({cell.small})" if cell.small else text


def escape_markdown(text: str) -> str:
    """A text in which Markdown finds nothing to do."""
    return "".join("\\" + letter if letter in "\\|*_`<[&~$" else letter for letter in text)
