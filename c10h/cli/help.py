"""Help texts: what a command is for, how it is used, and its options in two columns.

A text of more than two screens is shortened: the options of panels are listed by name, and the
others have one sentence each. ``--help-all`` shows it whole.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

# Columns of the names of options; a longer one has a line of its own. A wider line is hard to read.
NAMES = 25
WIDEST = 100
LONGEST = 60
# Lines of two screens.
MOST_LINES = 48
PANELS = {"argument": "Arguments", "option": "Options"}
# Panels that are shown whole in any help text.
ALWAYS = (*PANELS.values(), "Commands")
# Panels that stand last, since what is in them is the same for many commands.
LAST = ("Output", "Machine", "Input formats", "Tables of judgments")


class Command(TyperCommand):
    """A command whose help fits terminals of 80 columns."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help, on two screens at most."""
        print_help(self, ctx)

    def get_params(self, ctx: Any) -> Any:
        """Its options, and those that all commands have."""

        def show(ctx: Any, parameter: Any, wanted: bool) -> None:
            if wanted:
                print_help(self, ctx, is_whole=True)
                raise typer.Exit

        help_all = _switch("--help-all", "Explain every option, and exit.", show)
        says = "Say on stderr what is being decided: files, devices, temperatures."
        verbose = _switch("--verbose", says, _be_verbose, rich_help_panel="Output")
        *options, help_ = super().get_params(ctx)
        return [*options, verbose, help_all, help_]


def _switch(flag: str, says: str, callback: Callable[..., None], **more: Any) -> TyperOption:
    """A switch that acts as it is read."""
    return TyperOption(
        param_decls=[flag], is_flag=True, is_eager=True, expose_value=False, callback=callback,
        help=says, **more,
    )  # fmt: skip


def _be_verbose(ctx: Any, parameter: Any, wanted: bool) -> None:
    if wanted:
        from c10h.cli.console import be_verbose

        be_verbose()


class Group(TyperGroup):
    """A group of commands whose help fits terminals of 80 columns."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help."""
        print_help(self, ctx)


def print_help(command: TyperCommand | TyperGroup, ctx: Any, *, is_whole: bool = False) -> None:
    """Usage, what the command does, then its options by their panels, and its commands.

    is_whole: also where that is more than two screens.
    """
    from c10h.cli.console import print_text, rich_console

    console = rich_console(stderr=False)
    console.width = min(console.width, WIDEST)
    with console.capture() as captured:
        _print_parts(console, command, ctx)
    if not is_whole and captured.get().count("\n") > MOST_LINES:
        with console.capture() as captured:
            _print_parts(console, command, ctx, is_short=True)
    print_text(captured.get())


def _print_parts(
    console: Console, command: TyperCommand | TyperGroup, ctx: Any, *, is_short: bool = False
) -> None:
    """The parts of a help text. is_short: as the top of this file says."""
    from rich.text import Text

    # Typer puts braces round the names of arguments that have to be given.
    pieces = [piece.strip("{}") for piece in command.collect_usage_pieces(ctx)]
    usage = " ".join([ctx.command_path, *pieces])
    console.print(Text.assemble(("Usage: ", "bold"), usage), highlight=False)
    before = ""
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        if not (_is_example(before) and _is_example(paragraph)):
            console.print()
        _print_folded(console, paragraph)
        before = paragraph
    listed: list[tuple[str, Text]] = []
    for title, rows in _panels(command, ctx):
        if is_short and title not in ALWAYS:
            listed.append((title, Text(", ".join(_flag(names, text) for names, text in rows))))
            continue
        console.print(Text(f"\n{title}", style="bold"))
        for names, text in rows:
            _print_row(console, names, _first_sentence(text) if is_short else text)
    if listed:
        console.print(Text("\nMore options", style="bold"))
        for title, flags in listed:
            _print_row(console, title, flags)
        console.print(f"\n{ctx.command_path} --help-all explains every option.", highlight=False)


def _flag(names: str, text: Text) -> str:
    """The first long name of an option, and whether it must be given."""
    flag = next((word for word in re.split(r"[ ,/]+", names) if word.startswith("--")), names)
    return f"{flag} [required]" if "[required]" in text.plain else flag


def _first_sentence(text: Text) -> Text:
    """The first sentence of what an option does, and its default."""
    from rich.text import Text

    sentences, _, default = text.plain.partition("  [")
    first, *others = re.split(r"(?<=[.])\s", sentences)
    names = [sentence for sentence in others if sentence.startswith("One of ")]
    first = " ".join([first, *names])
    return Text(f"{first}  [{default}" if default else first)


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


def _is_example(paragraph: str) -> bool:
    return paragraph.startswith("[bold]")


def _print_folded(console: Console, paragraph: str) -> None:
    """A paragraph of a docstring; an example is indented."""
    from rich.text import Text

    indent = "  " if _is_example(paragraph) else ""
    text = Text.from_markup(" ".join(paragraph.split()))
    # A line of an example that goes on is further in, so that the next example can be told.
    for number, line in enumerate(text.wrap(console, console.width - 2 * len(indent))):
        line.rstrip()
        start = indent * 2 if number else indent
        console.print(Text.assemble(start, line), soft_wrap=True, highlight=False)


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
