"""Tables as aligned text without colour or lines, for pipes and files."""

from __future__ import annotations

from collections.abc import Sequence

from c10h.views.table import Table


def to_plain(tables: Sequence[Table]) -> str:
    """Aligned text without colour or lines, for pipes and files."""
    parts = []
    for table in tables:
        texts = [list(table.header), *([cell.plain() for cell in row] for row in table.rows)]
        widths = [max(len(row[column]) for row in texts) for column in range(len(table.header))]
        lines = [table.title, ""] if table.title else []
        for row in texts:
            aligned = (
                text.ljust(size) if column < table.labels else text.rjust(size)
                for column, (text, size) in enumerate(zip(row, widths, strict=True))
            )
            lines.append("  ".join(aligned).rstrip())
        if table.notes:
            lines += ["", *table.notes]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)
