"""Tables as aligned text without colour or lines, for pipes and files."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

from c10h.views.answer import Amount, Answer
from c10h.views.table import GAP, Table, group_line, headings, one_line, split


def to_plain(tables: Sequence[Table], *, fold: bool = False) -> str:
    """Aligned text without colour or lines, for pipes and files.

    fold: whether headers take several lines where they are wider than what is below them.
    """
    parts = []
    for table in tables:
        header = _folded_header(table) if fold else [list(table.header)]
        texts = [*header, *([cell.plain() for cell in row] for row in table.rows)]
        widths = [max(len(row[column]) for row in texts) for column in range(len(table.header))]
        lines = [table.title, ""] if table.title else []
        if fold and (titles := group_line(table, widths)):
            lines.append(titles)
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


def _folded_header(table: Table) -> list[list[str]]:
    """The header in as many lines as its longest heading needs; headings stand at the bottom."""
    names = [name.splitlines() or [""] for name in headings(table)]
    height = max(map(len, names))
    padded = [[""] * (height - len(lines)) + lines for lines in names]
    return [list(line) for line in zip(*padded, strict=True)]


def answers_to_plain(answers: Sequence[Answer], amount: Amount, width: int) -> str:
    """Answers in lines of at most ``width`` characters, tables as far as their names allow."""
    return "\n".join(_answer(answer, amount, width) for answer in answers)


def _answer(answer: Answer, amount: Amount, width: int) -> str:
    blocks = [folded(answer.sentences, width)] if answer.sentences else []
    if answer.table is not None:
        blocks.append(to_plain(split(answer.table, width + GAP), fold=True))
    if amount is not Amount.QUIET:
        if answer.chart is not None:
            blocks.append(answer.chart(width))
        below = [*answer.notes, *filter(None, [answer.source])]
        blocks += [folded(below, width)] if below else []
    return "\n".join(blocks)


def folded(lines: Sequence[str], width: int, *, break_words: bool = False) -> str:
    """Each line in at most ``width`` characters where its words allow, and a line break.

    break_words: whether words that are longer than that are broken.
    """
    return "".join(
        fill(one_line(line), width, break_long_words=break_words, break_on_hyphens=False) + "\n"
        for line in lines
    )
