"""Help texts: what a command is for, how it is used, and its options in two columns."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

# Columns of the names of options; a longer one has a line of its own. A wider line is hard to read.
NAMES = 25
WIDEST = 100
LONGEST = 60
PANELS = {"argument": "Arguments", "option": "Options"}
# Panels that stand last, since what is in them is the same for many commands.
LAST = ("Output", "Machine", "Input formats", "Tables of judgments")


class Command(TyperCommand):
    """A command whose help fits terminals of 80 columns."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help."""
        print_help(self, ctx)


class Group(TyperGroup):
    """A group of commands whose help fits terminals of 80 columns."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help."""
        print_help(self, ctx)


def print_help(command: TyperCommand | TyperGroup, ctx: Any) -> None:
    """Usage, what the command does, then its options by their panels, and its commands."""
    from rich.text import Text

    from c10h.cli.console import rich_console

    console = rich_console(stderr=False)
    console.width = min(console.width, WIDEST)
    usage = " ".join([ctx.command_path, *command.collect_usage_pieces(ctx)])
    console.print(Text.assemble(("Usage: ", "bold"), usage), highlight=False)
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        console.print()
        _print_folded(console, paragraph)
    for title, rows in _panels(command, ctx):
        console.print(Text(f"\n{title}", style="bold"))
        for names, text in rows:
            _print_row(console, names, text)


def _panels(
    command: TyperCommand | TyperGroup, ctx: Any
) -> Iterator[tuple[str, Sequence[tuple[str, Text]]]]:
    """Titles with names and texts: arguments, options without and with a panel, commands."""
    from rich.text import Text

    panels: dict[str, list[tuple[str, Text]]] = {title: [] for title in PANELS.values()}
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is not None:
            named = getattr(parameter, "rich_help_panel", None)
            title = named or PANELS[parameter.param_type_name]
            names, text = _with_choices(record[0], _in_words(record[1]))
            panels.setdefault(title, []).append((names, Text(text)))
    if isinstance(command, TyperGroup):
        known = ((name, command.get_command(ctx, name)) for name in command.list_commands(ctx))
        panels["Commands"] = [
            (name, Text(one.get_short_help_str(limit=200))) for name, one in known if one
        ]
    titles = [*(title for title in panels if title not in LAST), *LAST]
    yield from ((title, panels[title]) for title in titles if panels.get(title))


def _with_choices(names: str, text: str) -> tuple[str, str]:
    """Names and text of an option, with choices that are too long for a line in the text."""
    flag, _, choices = names.rpartition(" ")
    if len(names) <= LONGEST or "|" not in choices:
        return names, text
    text, default, rest = text.partition("  [")
    return f"{flag} NAME", f"{text} One of {choices.replace('|', ', ')}.{default}{rest}"


def _in_words(text: str) -> str:
    """The text of an option, with the numbers that it takes in words."""
    text = text.replace("\\[", "[").strip()
    text = re.sub(r"; x>=[01](?=\])|\s*\[x>=[01]\]", "", text)
    text = re.sub(r"x>=(\d+)", r"at least \1", text)
    return re.sub(r"(\d+)<=x<=(\d+)", r"\1 to \2", text)


def _print_folded(console: Console, paragraph: str) -> None:
    """A paragraph of a docstring; an example is indented."""
    from rich.text import Text

    indent = "  " if paragraph.startswith("[bold]") else ""
    text = Text.from_markup(" ".join(paragraph.split()))
    for line in text.wrap(console, console.width - len(indent)):
        line.rstrip()
        console.print(Text.assemble(indent, line), soft_wrap=True, highlight=False)


def _print_row(console: Console, names: str, text: Text) -> None:
    """The names of an option, and beside them what it does."""
    from rich.text import Text

    first = Text(f"  {names}", style="bold cyan")
    if len(names) > NAMES - 2:
        console.print(first, soft_wrap=True)
        first = Text("")
    first.pad_right(NAMES + 2 - len(first))
    for number, line in enumerate(text.wrap(console, console.width - NAMES - 2)):
        line.rstrip()
        start = first if number == 0 else Text(" " * (NAMES + 2))
        console.print(Text.assemble(start, line), soft_wrap=True, highlight=False)
