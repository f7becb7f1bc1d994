"""``c10h labels annotators``: who judged, and how well."""

from __future__ import annotations

from typing import Annotated

import typer

from c10h.cli import options
from c10h.cli.console import say, show
from c10h.cli.progress_bar import waiting
from c10h.stages.label_requests import EPSILON, SORTS, AnnotatorsRequest

MODEL = "A model among the annotators"


def annotators(
    judgments: Annotated[
        str,
        typer.Argument(
            metavar="JUDGMENTS",
            help="A table of judgments, or - for stdin.",
            autocompletion=options.complete_inputs,
        ),
    ],
    classes: options.Classes = None,
    annotator: options.Annotator = None,
    item: options.Item = None,
    label: options.Label = None,
    check: options.Check = None,
    correct: options.Correct = None,
    rt: options.ReactionTime = None,
    true_label: options.TrueLabel = None,
    truth: options.Truth = None,
    where: options.Where = None,
    min_attention: options.MinAttention = None,
    rt_min: options.MinReactionTime = None,
    rt_max: options.MaxReactionTime = None,
    missing: options.Missing = "refuse",
    drop_label: options.DropLabel = None,
    drop_annotator: options.DropAnnotator = None,
    layout: options.Layout = "auto",
    header: options.Header = None,
    one_based: options.OneBased = False,
    columns: options.Columns = None,
    sort: Annotated[
        str, options.chosen(SORTS, "--sort", "Column to sort by, lowest first.")
    ] = "agreement",
    descending: Annotated[
        bool, typer.Option("--descending", help="Sort highest first; missing values stay last.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="Show only the first N rows.")
    ] = None,
    predictions: Annotated[
        str | None,
        typer.Option(
            "--predictions",
            metavar="FILE",
            help="A model's predictions: rank it among the annotators, and test for which of them "
            "it can stand in.",
            rich_help_panel=MODEL,
        ),
    ] = None,
    logits: options.AsLogits = False,
    probs: options.AsProbs = False,
    epsilon: Annotated[
        float,
        typer.Option(
            "--alternative-epsilon",
            metavar="E",
            help="Share of items by which annotators may be better than a model that stands in for "
            "them, since it costs less: 0.1 for crowd workers, 0.15 for skilled annotators, 0.2 "
            "for experts.",
            rich_help_panel=MODEL,
        ),
    ] = EPSILON,
    resamples: Annotated[
        int,
        typer.Option(
            "--resamples",
            min=0,
            metavar="B",
            help="Number of bootstrap resamples.",
            rich_help_panel=MODEL,
        ),
    ] = 1000,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Seed of the bootstrap.", rich_help_panel=MODEL)
    ] = 0,
    output: options.TextOutput = None,
    force: options.Force = False,
    skip_existing: options.SkipNewer = False,
    format_: Annotated[str | None, options.format_option(*options.SCORE_FORMATS)] = None,
    json: options.Json = False,
) -> None:
    """Show a table of annotators: trials, attention, agreement with the others, kappa, speed.

    agreement is the mean share of the other annotators who chose the same label; kappa corrects it
    for chance. An annotator's own judgments do not count among the others. In parentheses is
    agreement's 95 % interval over items: [bold]--sort agreement_high[/] begins with those
    whose low agreement is the most certain.

    With --predictions, a model is ranked by the same agreement, and the alternative annotator test
    (Calderon et al., ACL 2025) says for what share of the annotators it could stand in.

    [bold]c10h labels annotators cifar10h-raw.csv --limit 20[/]

    [bold]c10h labels annotators cifar10h-raw.csv --predictions network.csv --limit 20[/]

    [bold]c10h labels annotators t.csv --annotator who --item file --label said --format csv[/]
    """
    from c10h.cli.existing_output import check_free, is_newer
    from c10h.cli.output_forms import form_of_text
    from c10h.datasets.cache import open_input
    from c10h.datasets.catalogue import IMAGES, JUDGMENTS, LABELS, PREDICTIONS
    from c10h.files import check_distinct, check_single_stdin
    from c10h.formats.hints import make_hints
    from c10h.formats.known_column_names import Columns
    from c10h.labels.judgment_filters import Filters

    form = form_of_text(output, format_, json, *options.SCORE_FORMATS)
    check_distinct([output], [judgments, truth, predictions])
    check_free(output, force=force, skip_existing=skip_existing, binary=False)
    if skip_existing and is_newer(output, [judgments, truth, predictions]):
        return
    check_single_stdin([judgments, truth or "", predictions or ""])
    drop_missing = missing == "drop"
    request = AnnotatorsRequest(
        judgments=open_input(judgments, JUDGMENTS),
        hints=make_hints(
            columns=columns,
            classes=classes,
            header=header,
            layout=layout,
            one_based=one_based,
            logits=logits,
            probs=probs,
        ),
        columns=Columns(annotator, item, label, check, correct, rt, true_label),
        filters=Filters(
            min_attention,
            rt_min,
            rt_max,
            drop_missing=drop_missing,
            drop_labels=tuple(drop_label or ()),
            drop_annotators=tuple(drop_annotator or ()),
            where=tuple(where or ()),
        ),
        sort=sort,
        descending=descending,
        limit=limit,
        truth=open_input(truth, LABELS, IMAGES) if truth else None,
        predictions=open_input(predictions, PREDICTIONS) if predictions else None,
        epsilon=epsilon,
        resamples=resamples,
        seed=seed,
    )

    # Imported while the table is read.
    from c10h.stages.labels_annotators import labels_annotators
    from c10h.views.labels_annotators import display

    show(display(labels_annotators(request, waiting, say)), form, output)
