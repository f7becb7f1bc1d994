"""Options and arguments that several commands share, each declared once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, TypeAlias

import typer

from c10h.cli.console import print_tables
from c10h.cli.output_forms import check_record
from c10h.errors import InputError, unknown_name
from c10h.formats.hints import LAYOUTS
from c10h.views.answer import Amount
from c10h.views.forms.tables import TABLE_FORMS

SCORE_FORMATS = (*TABLE_FORMS, "csv", "json")
INPUTS = "Input formats"
JUDGMENTS = "Tables of judgments"
OUTPUTS, MACHINE = "Output", "Machine"


def one_of(names: Iterable[str], flag: str) -> Callable[[str | None], str | None]:
    """A check that an option's value is one of ``names``, for a usage error that lists them."""
    known = list(names)

    def check(value: str | None) -> str | None:
        if value is not None and value not in known:
            message = unknown_name("value", value, known)
            raise typer.BadParameter(message, param_hint=flag)
        return value

    return check


def chosen(names: Iterable[str], flag: str, help_text: str, **more: Any) -> Any:
    """An option that takes one of ``names``, with completion in the shell.

    names: alone, or a table, of which the help has the summaries too.
    """
    if isinstance(names, Mapping):
        help_text = f"{help_text} {summaries(names)}."
    known = list(names)
    return typer.Option(
        flag,
        help=help_text,
        metavar="|".join(known),
        callback=one_of(known, flag),
        autocompletion=lambda: known,
        **more,
    )


def summaries(table: Mapping[str, Any]) -> str:
    """What the rows of a table are, for a help text: each row is a summary or has one."""
    return "; ".join(f"{name}: {getattr(row, 'summary', row)}" for name, row in table.items())


def number(
    flag: str, *, above: float | None = None, at_least: float | None = None
) -> Callable[[Any], Any]:
    """A check that the value or values of an option are finite and not too small."""
    wanted = f"above {above:g}" if above is not None else f"of at least {at_least:g}"

    def check(value: Any) -> Any:
        values = value if isinstance(value, list) else [] if value is None else [value]
        for entry in values:
            large = entry > above if above is not None else at_least is None or entry >= at_least
            if not (math.isfinite(entry) and large):
                raise typer.BadParameter(f"{entry:g}: expected a number {wanted}", param_hint=flag)
        return value

    return check


def listing(flag: str, name: str, help_text: str) -> Any:
    """An option that prints the table ``name`` of :mod:`c10h.views.listings` and ends."""

    def print_table(wanted: bool) -> None:
        if wanted:
            from c10h.views import listings

            print_tables([getattr(listings, name)()])
            raise typer.Exit

    return typer.Option(flag, is_eager=True, callback=print_table, help=help_text)


def complete_datasets() -> list[str]:
    """Names of the catalogue, for completion in the shell."""
    from c10h.datasets.catalogue import CATALOGUE, GROUPS

    return [*CATALOGUE, *GROUPS]


def complete_inputs(incomplete: str) -> list[str]:
    """Names of the catalogue where a file could stand, too: with no name begun, files are shown."""
    return complete_datasets() if incomplete else []


def complete_metrics(incomplete: str) -> list[str]:
    """Names of metrics, the next one after a comma, for completion in the shell."""
    from c10h.metrics.metrics import METRICS

    before = incomplete.rpartition(",")[0]
    return [f"{before},{name}" if before else name for name in METRICS]


def complete_architectures() -> list[str]:
    """Names of networks of every family, for completion in the shell."""
    from c10h.models.architectures import ARCHITECTURES

    return [name for family in ARCHITECTURES.values() for name in family.examples]


def amount(*, detail: bool, quiet: bool) -> Amount:
    """How much a terminal shows. Raises InputError where both are asked for."""
    if detail and quiet:
        raise InputError("--detail and --quiet exclude each other")
    return Amount.DETAIL if detail else Amount.QUIET if quiet else Amount.SCREEN


Truth: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--truth",
        metavar="FILE",
        help="True classes: a vector of class numbers or names, or a c10h file that has them.",
        autocompletion=complete_inputs,
    ),
]
Classes: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--classes",
        metavar="NAMES",
        help="Class names, in order, for inputs without them: cifar10, a,b,c, a file with "
        "one name per line, or a number of classes.",
        autocompletion=lambda: ["cifar10"],
        rich_help_panel=INPUTS,
    ),
]
Columns: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--columns",
        metavar="COLUMNS",
        help="Columns of a wide table that are classes: names, such as cat,dog,bird, or a "
        "half-open range from 0, such as 11:21.",
        rich_help_panel=INPUTS,
    ),
]
ArrayName: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--h5-path",
        metavar="NAME",
        help="Array to read from each file of the first argument: the same as FILE:NAME.",
        rich_help_panel=INPUTS,
    ),
]
ItemColumn: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--item",
        metavar="COLUMN",
        help="Column of a table that names the items; by default found by its name, or as the "
        "only text column.",
        rich_help_panel=INPUTS,
    ),
]
AsLogits: TypeAlias = Annotated[
    bool,
    typer.Option("--logits", help="Read foreign predictions as logits.", rich_help_panel=INPUTS),
]
AsProbs: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--probs",
        help="Read foreign numbers as probabilities, or shares in any unit: rows are scaled to sum "
        "to 1.",
        rich_help_panel=INPUTS,
    ),
]
Header: TypeAlias = Annotated[
    bool | None,
    typer.Option(
        "--header/--no-header",
        help="Whether the first line of a text table is a header. Without one, columns are "
        "numbered from 0: --annotator 0 --item 1 --label 2.",
        show_default=False,
        rich_help_panel=INPUTS,
    ),
]
Layout: TypeAlias = Annotated[
    str,
    chosen(
        LAYOUTS,
        "--layout",
        "Layout of a table: one judgment per row (long), or one item per row and one class per "
        "column (wide) or one annotator per column, with classes as cells (matrix).",
        rich_help_panel=INPUTS,
    ),
]
OneBased: TypeAlias = Annotated[
    bool,
    typer.Option("--one-based", help="Class numbers begin at 1, not 0.", rich_help_panel=INPUTS),
]
MinVotes: TypeAlias = Annotated[
    int,
    typer.Option(
        "--min-votes",
        "--min-judgments",
        metavar="N",
        help="Leave out items with fewer votes; without this option, an item without votes is an "
        "error.",
        rich_help_panel=INPUTS,
    ),
]


def _column(part: str, help_text: str) -> Any:
    """An option that names a column of a table of judgments."""
    return typer.Option(f"--{part}", metavar="COLUMN", help=help_text, rich_help_panel=JUDGMENTS)


_NO_LABEL = "Judgments without a label (empty, NA, NaN, null, none, -1 among numbers)"
Missing: TypeAlias = Annotated[
    str,
    chosen(("refuse", "drop"), "--missing", f"{_NO_LABEL}.", rich_help_panel=JUDGMENTS),
]
MissingCells: TypeAlias = Annotated[
    str,
    chosen(
        ("refuse", "drop", "zero"),
        "--missing",
        f"{_NO_LABEL}; zero: empty cells of a wide table are 0 votes.",
        rich_help_panel=JUDGMENTS,
    ),
]
DropLabel: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--drop-label",
        metavar="NAME",
        help='Leave out judgments with this label, such as "can\'t tell"; repeatable.',
        rich_help_panel=JUDGMENTS,
    ),
]
DropAnnotator: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--drop-annotator",
        metavar="NAME",
        help="Leave out this annotator; repeatable.",
        rich_help_panel=JUDGMENTS,
    ),
]
Where: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="COLUMN=VALUE",
        help="Read only rows with this value in this column, such as trial_type=image-button-"
        "response, or with another one (COLUMN!=VALUE); repeatable: all must hold.",
        rich_help_panel=JUDGMENTS,
    ),
]
Annotator: TypeAlias = Annotated[str | None, _column("annotator", "Column of the annotator.")]
Item: TypeAlias = Annotated[
    str | None, _column("item", "Column of the item: numbers from 0, file names, any words.")
]
Label: TypeAlias = Annotated[
    str | None, _column("label", "Column of the chosen label: class names or numbers.")
]
Check: TypeAlias = Annotated[
    str | None,
    _column(
        "check",
        "Column that says whether a row is an attention check (0 or 1), or COLUMN=VALUE of those "
        "that are.",
    ),
]
Correct: TypeAlias = Annotated[
    str | None,
    _column(
        "correct",
        "Column that says whether the answer to a check was right (0 or 1), or majority: what most "
        "chose is. Without it, checks with a --true-label are compared with that.",
    ),
]
ReactionTime: TypeAlias = Annotated[
    str | None, _column("rt", "Column of the reaction time, in any unit.")
]
TrueLabel: TypeAlias = Annotated[
    str | None, _column("true-label", "Column of the item's true class.")
]
MinAttention: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--min-attention",
        metavar="SHARE",
        help="Leave out annotators who passed a smaller share of their checks.  \\[default: 0.75, "
        "where there are checks]",
        rich_help_panel=JUDGMENTS,
    ),
]
MinReactionTime: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--rt-min",
        metavar="TIME",
        help="Leave out judgments that took less time.",
        rich_help_panel=JUDGMENTS,
    ),
]
MaxReactionTime: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--rt-max",
        metavar="TIME",
        help="Leave out judgments that took more time.",
        rich_help_panel=JUDGMENTS,
    ),
]
Seed: TypeAlias = Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Random seed.")]
LabelsFile: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="LABELS",
        help="Labels with vote counts: a c10h file or any foreign format.",
        autocompletion=complete_inputs,
    ),
]
Force: TypeAlias = Annotated[
    bool,
    typer.Option("--force", help="Replace an existing output file.", rich_help_panel=OUTPUTS),
]
SkipExisting: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--skip-existing",
        help="Do nothing where the output is there, made by the same command with the same options "
        "from the same inputs; one that was made otherwise is refused.",
        rich_help_panel=OUTPUTS,
    ),
]
SkipNewer: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--skip-existing",
        help="Do nothing where the output is there and newer than all inputs, as make does; an "
        "older one is refused. Options are not compared.",
        rich_help_panel=OUTPUTS,
    ),
]
Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Short for --format json.", rich_help_panel=OUTPUTS)
]
Detail: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--detail",
        help="Show everything in the terminal, in place of the answer on one screen.",
        rich_help_panel=OUTPUTS,
    ),
]
Quiet: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", help="Show the sentences and the table alone.", rich_help_panel=OUTPUTS
    ),
]


def format_option(*names: str, by_suffix: bool = True) -> Any:
    """``--format`` with the forms that a command has. by_suffix: whether ``-o`` can say it."""
    default = "set by the suffix of -o" if by_suffix else "a table"
    help_text = f"Format of the result; by default {default}."
    return chosen(names, "--format", help_text, rich_help_panel=OUTPUTS)


def output_option(help_text: str, **more: Any) -> Any:
    """``-o``: a file name, or - for stdout."""
    return typer.Option(
        "-o", "--output", metavar="FILE", help=help_text, rich_help_panel=OUTPUTS, **more
    )


def record_option(what: str, *, prints: bool = False) -> Any:
    """``-o`` of an HDF5 file. prints: whether the command prints its result as a table, too."""
    printed = SCORE_FORMATS if prints else ()
    return output_option(
        f"File of {what} to write; - means stdout.",
        callback=lambda output: check_record(output, printed),
    )


TextOutput: TypeAlias = Annotated[
    str | None,
    output_option("File to write instead of stdout; its suffix sets the format: x.md, x.csv, …"),
]
