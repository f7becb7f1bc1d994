"""Options and arguments that several commands share, each declared once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any, TypeAlias

import typer

SCORE_FORMATS = ("terminal", "markdown", "latex", "csv", "json")
INPUTS = "Input formats"
OUTPUTS = "Output"


def one_of(names: Iterable[str], flag: str) -> Callable[[str | None], str | None]:
    """A check that an option's value is one of ``names``, for a usage error that lists them."""
    known = list(names)

    def check(value: str | None) -> str | None:
        if value is not None and value not in known:
            raise typer.BadParameter(f"{value!r} is not one of {', '.join(known)}", param_hint=flag)
        return value

    return check


def chosen(names: Iterable[str], flag: str, help_text: str, **more: Any) -> Any:
    """An option that takes one of ``names``, with completion in the shell."""
    known = list(names)
    return typer.Option(
        flag,
        help=help_text,
        metavar="|".join(known),
        callback=one_of(known, flag),
        autocompletion=lambda: known,
        **more,
    )


Truth: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--truth",
        metavar="FILE",
        help="True classes: a vector of class numbers or names, or a c10h file that has them.",
    ),
]
Classes: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--classes",
        metavar="NAMES",
        help="Names for inputs without class names, in their order: cifar10, a,b,c, a file with "
        "one name a line, or a number of classes.",
    ),
]
Columns: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--columns",
        metavar="START:STOP",
        help="Columns of a wide table that are classes, as a half-open range from 0: 11:21.",
        rich_help_panel=INPUTS,
    ),
]
H5Path: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--h5-path",
        metavar="PATH",
        help="Array to read from a foreign .h5 (or .npz, .pt) file with several.",
        rich_help_panel=INPUTS,
    ),
]
AsLogits: TypeAlias = Annotated[
    bool,
    typer.Option("--logits", help="Foreign predictions are logits.", rich_help_panel=INPUTS),
]
AsProbs: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--probs",
        help="Foreign predictions are probabilities; rows are scaled to sum to 1.",
        rich_help_panel=INPUTS,
    ),
]
Force: TypeAlias = Annotated[
    bool,
    typer.Option("--force", help="Replace an existing output file.", rich_help_panel=OUTPUTS),
]
Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Short for --format json.", rich_help_panel=OUTPUTS)
]


def format_option(*names: str) -> Any:
    """``--format`` with the forms that a command has; the first is the default."""
    return chosen(names, "--format", "Form of the result.", rich_help_panel=OUTPUTS)


def output_option(help_text: str) -> Any:
    """``-o``: a file name, or - for stdout."""
    return typer.Option("-o", "--output", metavar="FILE", help=help_text, rich_help_panel=OUTPUTS)
