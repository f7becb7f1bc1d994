"""``c10h labels build``: make soft labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from c10h.cli import options
from c10h.cli.console import print_tables, say
from c10h.cli.progress_bar import progress, waiting
from c10h.errors import counted
from c10h.labels.sources import SOURCES, Takes

if TYPE_CHECKING:
    from c10h.records import Labels
    from c10h.stages.count_comparison import Comparison


def _names(takes: Takes) -> str:
    return " and ".join(name for name, row in SOURCES.items() if row.takes is takes)


# One warning for all models that estimate the truth.
_WARNING = (
    f"{', '.join(name for name, source in SOURCES.items() if source.warning)} (through crowd-kit: "
    "pip install 'c10h\\[crowd]') collapse people's disagreement to near certainty."
)
_DRAWN = ", ".join(name for name, source in SOURCES.items() if source.drawn)


def build(
    source: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE",
            help="A table of judgments, vote counts or probabilities; true classes for "
            f"{_names(Takes.TRUTH)}; predictions for {_names(Takes.PREDICTIONS)} (several). Any "
            "foreign format or a c10h file; - means stdin.",
            autocompletion=options.complete_inputs,
        ),
    ],
    output: Annotated[str, options.record_option("labels")],
    what: Annotated[str, options.chosen(SOURCES, "--as", f"Kind of labels. {_WARNING}")] = "human",
    truth: options.Truth = None,
    classes: options.Classes = None,
    prior: Annotated[
        float, typer.Option("--prior", metavar="A", help="Pseudo-votes per class (human).")
    ] = 0.0,
    smoothing: Annotated[
        float,
        typer.Option("--smoothing", metavar="S", help="Share spread over all classes (smooth)."),
    ] = 0.1,
    temperature: Annotated[
        float, typer.Option("--temperature", metavar="T", help="Divides the logits (distill).")
    ] = 1.0,
    seed: Annotated[int, typer.Option("--seed", min=0, help=f"Seed of --as {_DRAWN}.")] = 0,
    compare: Annotated[
        str | None,
        typer.Option(
            "--compare",
            metavar="COUNTS",
            help="Compare the votes with these counts; if they differ, print where and exit with "
            "status 3.",
        ),
    ] = None,
    annotator: options.Annotator = None,
    item: options.Item = None,
    label: options.Label = None,
    check: options.Check = None,
    correct: options.Correct = None,
    rt: options.ReactionTime = None,
    true_label: options.TrueLabel = None,
    where: options.Where = None,
    min_attention: options.MinAttention = None,
    rt_min: options.MinReactionTime = None,
    rt_max: options.MaxReactionTime = None,
    missing: options.MissingCells = "refuse",
    drop_label: options.DropLabel = None,
    drop_annotator: options.DropAnnotator = None,
    min_votes: options.MinVotes = 0,
    excluded: Annotated[
        str | None,
        typer.Option(
            "--excluded",
            metavar="FILE",
            help="Write everything that was left out to a .csv file; - means stdout.",
            rich_help_panel=options.JUDGMENTS,
        ),
    ] = None,
    columns: options.Columns = None,
    h5_path: options.ArrayName = None,
    header: options.Header = None,
    layout: options.Layout = "auto",
    one_based: options.OneBased = False,
    logits: options.AsLogits = False,
    probs: options.AsProbs = False,
    force: options.Force = False,
    skip_existing: options.SkipExisting = False,
) -> None:
    """Build a file of soft labels: one probability distribution over classes for every item.

    A table of judgments has one row each: who chose which label for which item.
    Its columns are recognised by their names: annotator, worker, rater; item, image, task; label,
    answer, choice and similar. Options set other names; an empty name ignores a column.

    [bold]c10h labels build cifar10h-raw.csv -o labels.h5 --compare cifar10h-counts.npy[/]

    [bold]c10h labels build t.csv.gz --annotator who --item pic --label said --classes 9 -o l.h5[/]

    [bold]c10h labels build counts.npy --truth y.npy --classes cifar10 -o human.h5[/]

    [bold]c10h labels build a.npy b.npy --as distill --temperature 2 -o - | c10h show -[/]
    """
    from c10h.cli.existing_output import check_free, is_made
    from c10h.datasets.cache import open_input
    from c10h.datasets.catalogue import IMAGES, JUDGMENTS, LABELS, PREDICTIONS
    from c10h.errors import InputError
    from c10h.files import check_distinct, check_single_stdin, name_member, write_text
    from c10h.formats.hints import make_hints
    from c10h.formats.known_column_names import Columns
    from c10h.labels.judgment_filters import Filters
    from c10h.stages.labels_build_request import BuildRequest

    if skip_existing and (excluded or compare):
        option = "--excluded" if excluded else "--compare"
        raise InputError(
            f"--skip-existing and {option} exclude each other: the file has no trace of it"
        )
    check_free(output, force=force, skip_existing=skip_existing)
    if excluded:
        _check_excluded(excluded, output, force=force)
    source = [name_member(argument, h5_path) for argument in source]
    check_distinct([output, excluded], [*source, truth, compare])
    check_single_stdin([*source, truth or "", compare or ""])
    takes_predictions = SOURCES[what].takes is Takes.PREDICTIONS
    forms = (PREDICTIONS,) if takes_predictions else (JUDGMENTS, LABELS, IMAGES)
    request = BuildRequest(
        what=what,
        sources=[open_input(argument, *forms) for argument in source],
        truth=open_input(truth, LABELS, IMAGES) if truth else None,
        published=open_input(compare, LABELS) if compare else None,
        hints=make_hints(
            columns=columns,
            item=item,
            classes=classes,
            header=header,
            layout=layout,
            logits=logits,
            probs=probs,
            one_based=one_based,
            min_votes=min_votes,
            zero=missing == "zero",
        ),
        columns=Columns(annotator, item, label, check, correct, rt, true_label),
        filters=Filters(
            min_attention,
            rt_min,
            rt_max,
            min_votes,
            missing == "drop",
            tuple(drop_label or ()),
            tuple(drop_annotator or ()),
            tuple(where or ()),
        ),
        prior=prior,
        smoothing=smoothing,
        temperature=temperature,
        seed=seed,
    )
    if skip_existing and is_made(output, request):
        return
    # Imported while the table is read.
    from c10h import h5
    from c10h.stages.labels_build import build_labels
    from c10h.views.left_out_judgments import exclusions_csv

    notes: list[str] = []
    result = build_labels(request, waiting, notes.append)
    if excluded and result.votes is None:
        raise InputError("--excluded needs a table of judgments as SOURCE")
    labels = result.labels
    size, count = labels.probs.shape
    tables = sum(rows is not None for rows in (labels.probs, labels.counts, labels.right))
    with progress("writing labels", size * tables) as advance:
        h5.write(labels, output, advance)
    if excluded and result.votes is not None:
        write_text(excluded, exclusions_csv(result.votes))
    for note in notes:
        say(note)
    written = "stdout" if output == "-" else output
    say(f"{written}: {counted(size, 'item')}, {count} classes, {what} labels {_contents(labels)}")
    if request.published is not None and result.comparison and result.counted:
        published = request.published.name
        _tell(result.comparison, result.counted, published, to_stderr=output == "-")


def _check_excluded(excluded: str, output: str, *, force: bool) -> None:
    """Raise InputError for a list of annotators that cannot be written, or not there."""
    from c10h.errors import InputError
    from c10h.files import check_output

    if excluded == output or Path(excluded).resolve() == Path(output).resolve():
        raise InputError(f"--excluded and -o are both {output}: expected two different files")
    if not excluded.endswith((".csv", ".txt")):
        raise InputError(
            f"--excluded {excluded}: expected the name of a .csv file, which will list the "
            "annotators that are left out"
        )
    check_output(excluded, force=force, binary=False)


def _contents(labels: Labels) -> str:
    """Whether labels have votes, and how many, and the truth."""
    from c10h.stages.labels_from_records import vote_range
    from c10h.truth import contents

    known = contents(labels.truth)
    if labels.counts is None:
        return f"without vote counts, {known}"
    total, fewest, most = vote_range(labels.counts)
    each = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
    return f"with {total:,} votes ({each} per item), {known}"


def _tell(found: Comparison, rebuilt: Labels, name: str, *, to_stderr: bool) -> None:
    """Print where votes differ from published ones. Raises GateError where they do."""
    from c10h.errors import GateError
    from c10h.views.count_comparison import table

    if not found.items:
        say(
            f"{name}: identical: {found.size:,} items, {found.votes:,} votes, matched by {found.by}"
        )
        return
    print_tables([table(found, rebuilt)], to_stderr=to_stderr)
    raise GateError(
        f"{name}: {found.items:,} of {found.size:,} items differ: {found.votes:,} votes built, "
        f"{found.other_votes:,} published (items matched by {found.by})"
    )
