"""What commands say: results on stdout, messages and progress on stderr."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from c10h.views.answer import Amount, Answer
    from c10h.views.display import Display
    from c10h.views.table import Table


def say(message: str) -> None:
    """One line for people, on stderr; on a terminal it is folded between words."""
    from c10h.views.table import one_line

    line = one_line(message)
    if sys.stderr.isatty():
        from c10h.views.forms.plain import folded

        line = folded([line], rich_console(stderr=True).width, break_words=True).rstrip("\n")
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def be_verbose() -> None:
    """Say on stderr what is being decided."""
    import logging

    from c10h.decisions import LOG

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            say(f"decided: {record.getMessage()}")

    if not LOG.handlers:
        LOG.addHandler(Lines())
    LOG.setLevel(logging.DEBUG)


def fail(message: str) -> None:
    """One line that says why the command ends."""
    from c10h.views.table import one_line

    console = rich_console(stderr=True)
    console.print("[bold red]error:[/] ", end="")
    console.print(one_line(message), soft_wrap=True, highlight=False, markup=False)


def print_tables(tables: Sequence[Table], *, to_stderr: bool = False) -> None:
    """Tables as a terminal shows them; aligned plain text where the output is no terminal."""
    from c10h.views.forms.plain import to_plain
    from c10h.views.table import GAP, split

    stream = sys.stderr if to_stderr else sys.stdout
    if not stream.isatty():
        stream.write(to_plain(tables))
        stream.flush()
        return
    console = rich_console(stderr=to_stderr)
    parts = [part for table in tables for part in split(table, console.width + GAP)]
    for number, part in enumerate(parts):
        if number:
            console.print()
        _print_rich(console, part)


def print_answers(answers: Sequence[Answer], amount: Amount, *, to_stderr: bool = False) -> None:
    """Answers, one below the other, in the room that the terminal has."""
    from c10h.views.answer import Amount
    from c10h.views.display import plain_width
    from c10h.views.forms.plain import answers_to_plain, folded
    from c10h.views.table import GAP, split

    stream = sys.stderr if to_stderr else sys.stdout
    if not stream.isatty():
        stream.write(answers_to_plain(answers, amount, plain_width()))
        stream.flush()
        return
    console = rich_console(stderr=to_stderr)

    def lines(texts: Sequence[str], style: str = "") -> None:
        text = folded(texts, console.width, break_words=True).rstrip("\n")
        console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

    for number, answer in enumerate(answers):
        if number:
            console.print()
        if answer.sentences:
            lines(answer.sentences, "bold")
        if answer.table is not None:
            for part in split(answer.table, console.width + GAP):
                if answer.sentences or part.title == "":
                    console.print()
                _print_rich(console, part)
        if amount is Amount.QUIET:
            continue
        if answer.chart is not None:
            console.print()
            stream.write(answer.chart(console.width))
        below = [*answer.notes, *filter(None, [answer.source])]
        if below:
            console.print()
            lines(below, "dim")


def print_text(text: str) -> None:
    """A finished text on stdout."""
    sys.stdout.write(text)
    sys.stdout.flush()


def write(output: str | None, text: str) -> None:
    """A finished text to a file, atomically, or to stdout."""
    from c10h.files import write_text

    if output is None:
        print_text(text)
    else:
        write_text(output, text)


def show(
    display: Display, form: str, output: str | None = None, *, to_stderr: bool = False
) -> None:
    """A result in one of its forms, to a file or to stdout; on a terminal in the room that it has.

    to_stderr: its tables alone, beside a file that goes to stdout.
    """
    answers = display.shown_answers() if form == "terminal" and output is None else None
    if answers is not None:
        print_answers(answers, display.amount, to_stderr=to_stderr)
    elif to_stderr:
        print_tables(display.tables(), to_stderr=True)
    elif form == "terminal" and output is None and (shown := terminal()) is not None:
        tables = display.terminal_tables()
        print_tables(tables)
        print_text(display.below(tables, shown[0]))
    else:
        write(output, display.text(form))


def terminal() -> tuple[int, str | None] | None:
    """Width and colours (as rich calls them) of the terminal at stdout; None where it is none."""
    if not sys.stdout.isatty():
        return None
    console = rich_console(stderr=False)
    return console.width, None if console.no_color else console.color_system


def rich_console(*, stderr: bool) -> Console:
    """Rich's console for stdout or stderr."""
    from rich.console import Console

    return Console(stderr=stderr, emoji=False)


def _print_rich(console: Console, table: Table) -> None:
    """A table in the width of the console: names fold, and so do numbers that need too much."""
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    from c10h.views.table import GAP, group_line, headings, sizes_of

    if table.title:
        console.print(Text(f"{table.title}\n", style="bold"))
    drawn = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    taken = sum(_characters(table, column) + GAP for column in range(table.labels))
    room = console.width - min(taken, console.width // 2)
    for column, name in enumerate(headings(table)):
        if column < table.labels:
            drawn.add_column(Text(name), overflow="fold")
        else:
            drawn.add_column(Text(_folded(name, room)), justify="right", no_wrap=True)
    for row in table.rows:
        names = [Text(cell.text, style="bold" if cell.best else "") for cell in row[: table.labels]]
        numbers = []
        for cell in row[table.labels :]:
            text = Text(_folded(cell.text, room), style="bold" if cell.best else "")
            if cell.small:
                text.append(f"\n{_folded(cell.small, room)}", style="dim")
            numbers.append(text)
        drawn.add_row(*names, *numbers)
    if (titles := group_line(table, sizes_of(table))) and len(titles) <= console.width:
        console.print(Text(titles, style="bold"))
    console.print(drawn)
    if table.notes:
        console.print()
    for note in table.notes:
        console.print(Text(note, style="dim"))


def _characters(table: Table, column: int) -> int:
    """How wide a column of names is that does not fold."""
    return max(len(table.header[column]), *(len(row[column].text) for row in table.rows), 0)


def _folded(text: str, width: int) -> str:
    """Lines of at most ``width`` characters."""
    from textwrap import fill

    lines = text.splitlines()
    return "\n".join(line if len(line) <= width else fill(line, max(1, width)) for line in lines)
