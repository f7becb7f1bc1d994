"""``c10h score``: how human is a classifier's uncertainty?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from c10h.cli import options
from c10h.cli.console import say, show
from c10h.cli.progress_bar import progress
from c10h.metrics.strata import STRATA
from c10h.stages.score_request import MOST_TOP, RESCALE, ScoreRequest


def score(
    predictions: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME=]PRED…",
            help="Logits or probabilities in any format (docs/inputs.md), or a c10h file of "
            "predictions or an attack; FILE:ARRAY names one array of several; - means stdin. NAME "
            "names the run.",
        ),
    ],
    labels: Annotated[
        list[str] | None,
        typer.Option(
            "--labels",
            metavar="[DATA=]FILE",
            help="Human labels: a c10h file, counts or probabilities; DATA= for one data set "
            "alone; repeatable.",
            autocompletion=options.complete_inputs,
        ),
    ] = None,
    truth: Annotated[
        list[str] | None,
        typer.Option(
            "--truth",
            metavar="[DATA=]FILE",
            help="True classes, from a c10h file, or one number or name per item; DATA= for one "
            "data set alone; repeatable.",
            autocompletion=options.complete_inputs,
        ),
    ] = None,
    classes: options.Classes = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            "--metrics",
            metavar="NAME,…",
            help="Metrics to compute; repeatable; by default all possible. --list-metrics lists "
            "them.",
            autocompletion=options.complete_metrics,
        ),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(
            "--top",
            min=1,
            max=MOST_TOP,
            metavar="K",
            help="Compute accuracy_topK, whether the true class is among the K most probable, in "
            "place of accuracy_top5.",
        ),
    ] = None,
    by: Annotated[
        str | None,
        options.chosen(STRATA, "--by", "Also compute every metric for strata of the items."),
    ] = None,
    rescale: Annotated[
        str | None,
        options.chosen(
            RESCALE,
            "--rescale",
            "What the temperature of the rescaled reference is fitted to; by default people where "
            "there are any, else the truth.",
        ),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(
            "--tag",
            metavar="KEY=TEXT",
            autocompletion=lambda: ["network=", "training=", "data="],
            help="Tag for reports: network=…, training=… or data=…; repeatable.",
        ),
    ] = None,
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-if",
            metavar="'METRIC>X'",
            autocompletion=options.complete_metrics,
            help="Exit with status 3 if this holds for any run (>, >=, <, <=); repeatable.",
        ),
    ] = None,
    in_sample: Annotated[
        bool,
        typer.Option(
            "--in-sample", help="Allow scoring a network on items that it was trained on."
        ),
    ] = False,
    members: Annotated[
        bool,
        typer.Option(
            "--members",
            help="Score each network of a file of several as a run of its own, in place of the "
            "mean of their figures.",
        ),
    ] = False,
    ensemble: Annotated[
        bool,
        typer.Option(
            "--ensemble",
            help="Score the mean softmax of the networks of a file of several, in place of the "
            "mean of their figures.",
        ),
    ] = False,
    skip_unlabeled: Annotated[
        bool,
        typer.Option(
            "--skip-unlabeled",
            help="Leave out items that the labels do not have, by name or number.",
        ),
    ] = False,
    common: Annotated[
        bool,
        typer.Option(
            "--common",
            help="Leave out items that not all runs have, so that these can be compared.",
        ),
    ] = False,
    per_item: Annotated[
        bool, typer.Option("--per-item", help="Also store the values of every item in the file.")
    ] = False,
    resamples: Annotated[
        int, typer.Option("--resamples", min=0, metavar="B", help="Number of bootstrap resamples.")
    ] = ScoreRequest.resamples,
    seed: Annotated[
        int, typer.Option("--seed", min=0, metavar="N", help="Seed of the bootstrap.")
    ] = 0,
    columns: options.Columns = None,
    h5_path: options.ArrayName = None,
    item: options.ItemColumn = None,
    logits: options.AsLogits = False,
    probs: options.AsProbs = False,
    header: options.Header = None,
    layout: options.Layout = "auto",
    one_based: options.OneBased = False,
    min_votes: options.MinVotes = 0,
    output: Annotated[str | None, options.record_option("scores", prints=True)] = None,
    force: options.Force = False,
    skip_existing: options.SkipExisting = False,
    format_: Annotated[
        str | None, options.format_option(*options.SCORE_FORMATS, by_suffix=False)
    ] = None,
    json: options.Json = False,
    detail: options.Detail = False,
    quiet: options.Quiet = False,
    list_metrics: Annotated[
        bool,
        options.listing(
            "--list-metrics", "metrics", "Print every metric's name and definition, and exit."
        ),
    ] = False,
) -> None:
    """Compare predictions with people and with the truth, with 95 % bootstrap intervals over items.

    Files may be of several data sets, which their lineages or --tag name; runs of a data set
    without labels and truth of its own are scored against their own truth.
    Every metric that the inputs allow is computed, with its n and what people reach. Two or
    more files also give paired differences from the first. Calibration errors are biased upward
    for few items; their intervals allow for that. An attack file is scored before the attack and
    after it at each epsilon.

    [bold]c10h score logits.npy --labels labels.h5 --by human-entropy[/]

    [bold]c10h score hard=a.npy human=b.npy --labels labels.h5 --fail-if 'ce_human>0.6' --json[/]
    """
    from dataclasses import replace

    from c10h import h5
    from c10h.cli.existing_output import check_free, is_made
    from c10h.cli.output_forms import form_of_printed
    from c10h.datasets.cache import open_input
    from c10h.datasets.catalogue import IMAGES, LABELS
    from c10h.files import Source, check_distinct, check_single_stdin, name_member, split_name
    from c10h.formats.hints import make_hints
    from c10h.metrics.estimates import scored_runs
    from c10h.metrics.metrics import choose
    from c10h.records import Scores
    from c10h.stages.arguments import open_predictions_file
    from c10h.stages.fail_if import Gate, check_gates
    from c10h.stages.score import score as score_stage
    from c10h.views.answer import Amount
    from c10h.views.notes import misordered_notes
    from c10h.views.score import display, why_nothing

    form = form_of_printed(output, format_, json)
    amount = options.amount(detail=detail, quiet=quiet)
    check_free(output, force=force, skip_existing=skip_existing)
    gates = [Gate.parse(text) for text in fail_if or []]
    gated = [gate.metric for gate in gates]
    everything = choose((), top)
    computed: Sequence[str] = ()
    if metrics or not set(gated) <= set(everything):
        computed = choose([*(metrics or everything), *gated])
    named = [split_name(name_member(argument, h5_path)) for argument in predictions]
    people = [split_name(argument) for argument in labels or []]
    truths = [split_name(argument) for argument in truth or []]
    inputs = [path for _, path in (*named, *people, *truths)]
    check_single_stdin(inputs)
    check_distinct([output], inputs)
    files = [(name, open_predictions_file(path)) for name, path in named]
    request = ScoreRequest(
        predictions=[(name or file.stem, file) for name, file in files],
        labels=[(data or "", open_input(path, LABELS)) for data, path in people],
        truth=[(data or "", open_input(path, LABELS, IMAGES)) for data, path in truths],
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
        ),
        metrics=computed,
        top=top,
        by=by,
        rescale=rescale,
        tags=tuple(tag or ()),
        in_sample=in_sample,
        members=members,
        ensemble=ensemble,
        skip_unlabeled=skip_unlabeled,
        common=common,
        per_item=per_item,
        resamples=resamples,
        seed=seed,
        traced=bool(output),
    )
    if skip_existing and is_made(output, request):
        if gates:
            check_gates(h5.read(Source.open(str(output)), Scores), gates)
        return
    notes: list[str] = []
    result = score_stage(request, progress, notes.append)
    if output:
        h5.write(result.scores, output)
    for note in notes:
        say(note)
    title = (
        f"{', '.join(result.networks)} compared with "
        f"{' and '.join(result.references) or 'its own truth'} ({resamples} resamples, seed {seed})"
    )
    scored = scored_runs([result.scores])
    if why := why_nothing(scored):
        say(why)
    if form != "terminal" or amount is Amount.DETAIL:  # which have no answer to say it in
        for warning in misordered_notes(scored):
            say(warning)
    shown = display(scored, title, computed if metrics else (), by or "")
    show(replace(shown, amount=amount), form, to_stderr=output == "-")
    check_gates(result.scores, gates)
