"""``c10h labels build``: make soft labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from c10h.cli import options
from c10h.cli.console import print_tables, progress, say, waiting
from c10h.labels.sources import SOURCES, Takes

if TYPE_CHECKING:
    from c10h.files import Source
    from c10h.records import Labels
    from c10h.stages.count_comparison import Comparison


def _names(takes: Takes) -> str:
    return " and ".join(name for name, row in SOURCES.items() if row.takes is takes)


# One warning for all models that estimate the truth.
_WARNING = (
    f"{', '.join(name for name, one in SOURCES.items() if one.warning)} (through crowd-kit: pip "
    "install 'c10h\\[crowd]') collapse the disagreement between people to near certainty."
)
_DRAWN = ", ".join(name for name, one in SOURCES.items() if one.drawn)


def build(
    source: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE",
            help="A table of judgments, vote counts or probabilities; true classes for "
            f"{_names(Takes.TRUTH)}; predictions for {_names(Takes.PREDICTIONS)} (several). Any "
            "foreign format or a c10h file; - is stdin.",
        ),
    ],
    output: Annotated[str, options.record_option("labels")],
    what: Annotated[
        str, options.chosen(SOURCES, "--as", f"What the labels are. {_WARNING}")
    ] = "human",
    truth: options.Truth = None,
    classes: options.Classes = None,
    prior: Annotated[
        float, typer.Option("--prior", metavar="A", help="Pseudo-votes a class (human).")
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
            help="Print where the votes differ from these counts, and end with status 3 if they "
            "do.",
        ),
    ] = None,
    annotator: options.Annotator = None,
    item: options.Item = None,
    label: options.Label = None,
    check: options.Check = None,
    correct: options.Correct = None,
    rt: options.ReactionTime = None,
    true_label: options.TrueLabel = None,
    min_attention: options.MinAttention = None,
    rt_min: options.MinReactionTime = None,
    rt_max: options.MaxReactionTime = None,
    missing: options.MissingCells = "refuse",
    drop_label: options.DropLabel = None,
    min_votes: options.MinVotes = 0,
    excluded: Annotated[
        str | None,
        typer.Option(
            "--excluded",
            metavar="FILE",
            help="Write a .csv of everything that was left out; - is stdout.",
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
) -> None:
    """Build a file of soft labels: one probability distribution over classes for every item.

    A table of judgments has one row each: who chose which label for which item.
    Its columns are recognised by their names: annotator, worker, rater; item, image, task; label,
    answer, choice and the like. Others are named by options; an empty name leaves a column out.

    [bold]c10h labels build cifar10h-raw.csv -o labels.h5 --compare cifar10h-counts.npy[/]

    [bold]c10h labels build t.csv.gz --annotator who --item pic --label said --classes 9 -o l.h5[/]

    [bold]c10h labels build counts.npy --truth y.npy --classes cifar10 -o human.h5[/]

    [bold]c10h labels build a.npy b.npy --as distill --temperature 2 -o - | c10h show -[/]
    """
    from pathlib import Path

    from c10h.cli.forms import form_of_text
    from c10h.cli.inputs import name_array
    from c10h.datasets.cache import open_input
    from c10h.datasets.catalogue import IMAGES, JUDGMENTS, LABELS, PREDICTIONS
    from c10h.errors import InputError
    from c10h.files import (
        check_distinct,
        check_output,
        check_single_stdin,
        write_text,
    )
    from c10h.formats.column_names import Columns
    from c10h.formats.hints import AUTO, LONG, Hints, parse_columns
    from c10h.formats.judgment_columns import Reading, begin, hash_ahead

    source = [name_array(argument, h5_path) for argument in source]
    check_output(output, force=force)
    if excluded:
        if excluded == output or Path(excluded).resolve() == Path(output).resolve():
            raise InputError(f"--excluded and -o are both {output}: expected two files")
        form_of_text(excluded, None, False, "csv", "terminal")  # its name may be x.txt, not x.json
        check_output(excluded, force=force, binary=False)
    check_single_stdin([*source, *(one for one in (truth, compare) if one)])
    takes = SOURCES[what].takes
    if takes is not Takes.PREDICTIONS and len(source) != 1:
        raise InputError(f"--as {what} takes {takes.value}, found {len(source)} SOURCE arguments")
    forms = (PREDICTIONS,) if takes is Takes.PREDICTIONS else (JUDGMENTS, LABELS, IMAGES)
    files = [open_input(argument, *forms) for argument in source]
    truth_file = open_input(truth, LABELS, IMAGES) if truth else None
    published = open_input(compare, LABELS) if compare else None
    named = Columns(annotator, item, label, check, correct, rt, true_label)
    chosen = parse_columns(columns)
    reading = None
    if takes is not Takes.PREDICTIONS:
        if takes is Takes.JUDGMENTS and layout == AUTO:
            layout = LONG
        reading = begin(
            files[0],
            named,
            layout=layout,
            header=header,
            chosen=chosen,
            times=rt_min is not None or rt_max is not None,
        )
    if reading is not None:
        check_distinct([output, excluded], [*source, truth, compare])
    if isinstance(reading, Reading):
        hash_ahead(reading)

    # Imported while the table is read.
    from dataclasses import replace

    from c10h import h5
    from c10h.cli.inputs import meaning, tell_classes
    from c10h.cli.label_sources import open_sources, tell_votes
    from c10h.formats.class_names import parse_classes
    from c10h.labels.filters import Filters
    from c10h.lineage import lineage_of
    from c10h.stages.labels_build import build_labels
    from c10h.views.exclusions import exclusions_csv

    hints = Hints(
        columns=chosen,
        item=item,
        classes=parse_classes(classes) if classes else None,
        header=header,
        layout=layout,
        meaning=meaning(logits, probs),
        one_based=one_based,
        min_votes=min_votes,
        zero=missing == "zero",
    )
    opened = open_sources(
        what,
        files,
        truth_file,
        hints,
        reading=reading,
        filters=Filters(
            min_attention, rt_min, rt_max, min_votes, missing == "drop", tuple(drop_label or ())
        ),
    )
    if excluded and opened.votes is None:
        raise InputError("--excluded needs a table of judgments as the SOURCE")
    comparison = None if published is None else _compare(opened.labels, published)
    with waiting(f"estimating ({what})", SOURCES[what].takes is Takes.JUDGMENTS):
        result = build_labels(
            what,
            labels=opened.labels,
            votes=opened.votes,
            predictions=opened.predictions,
            truth=opened.truth,
            classes=opened.names,
            prior=prior,
            smoothing=smoothing,
            temperature=temperature,
            seed=seed,
            tell=opened.told.append,
        )
    if opened.votes is not None:
        tell_votes(files[0].name, opened.votes)
    if SOURCES[what].warning:
        say(f"warning: {SOURCES[what].warning}")
    tell_classes(opened.inputs(), result.classes)
    shaping = {
        "as": what,
        "prior": prior if what == "human" and prior else None,
        "smoothing": smoothing if what == "smooth" else None,
        "temperature": temperature if what == "distill" else None,
        "classes": ",".join(opened.names) if opened.names else None,
        **{part.replace("_", "-"): column for part, column in named.named().items()},
        "min-attention": min_attention,
        "rt-min": rt_min,
        "rt-max": rt_max,
        "min-votes": min_votes or None,
        "missing": None if missing == "refuse" else missing,
        "drop-label": drop_label,
        "columns": columns,
        "header": header,
        "no-header": header is False,
        "layout": None if layout == AUTO else layout,
        "one-based": one_based,
        "logits": logits,
        "probs": probs,
    }
    result = replace(
        result,
        lineage=lineage_of(
            "labels build",
            shaping,
            opened.used,
            seed if SOURCES[what].drawn else None,
            opened.votes.summary() if opened.votes else None,
        ),
    )
    size, count = result.probs.shape
    tables = sum(one is not None for one in (result.probs, result.counts, result.right))
    with progress("writing labels", size * tables) as advance:
        h5.write(result, output, advance)
    if excluded and opened.votes is not None:
        write_text(excluded, exclusions_csv(opened.votes))
    for line in opened.told:
        say(line)
    where = "stdout" if output == "-" else output
    say(f"{where}: {size:,} items, {count} classes, {what} labels {_contents(result)}")
    if published is not None and comparison is not None and opened.labels is not None:
        _tell(comparison, opened.labels, published.name, to_stderr=output == "-")


def _contents(labels: Labels) -> str:
    """Whether labels have votes, and how many, and the truth."""
    from c10h.stages.labels_build import vote_range
    from c10h.truth import contents

    known = contents(labels.truth)
    if labels.counts is None:
        return f"without vote counts, {known}"
    total, fewest, most = vote_range(labels.counts)
    each = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
    return f"with {total:,} votes ({each} an item), {known}"


def _compare(rebuilt: Labels | None, published: Source) -> Comparison:
    from c10h.errors import InputError
    from c10h.formats.hints import WIDE, Hints
    from c10h.formats.predictions_and_labels import open_labels
    from c10h.stages.count_comparison import compare_counts

    if rebuilt is None:
        raise InputError("--compare needs judgments or vote counts as the SOURCE")
    return compare_counts(rebuilt, open_labels(published, Hints(layout=WIDE)), published.name)


def _tell(found: Comparison, rebuilt: Labels, name: str, *, to_stderr: bool) -> None:
    """Print where votes differ from published ones. Raises GateError where they do."""
    from c10h.errors import GateError
    from c10h.views.count_comparison import table

    if not found.items:
        say(
            f"{name}: equal to the last vote: {found.size:,} items, {found.votes:,} votes, "
            f"matched by {found.by}"
        )
        return
    print_tables([table(found, rebuilt)], to_stderr=to_stderr)
    raise GateError(
        f"{name}: {found.items:,} of {found.size:,} items differ: {found.votes:,} votes rebuilt, "
        f"{found.other_votes:,} published (items matched by {found.by})"
    )
