"""``c10h labels noise``: how noisy are labels, and what would fewer votes have told?"""

from __future__ import annotations

from typing import Annotated

import typer

from c10h.cli import options
from c10h.cli.console import say, show
from c10h.cli.progress_bar import progress


def noise(
    labels: options.LabelsFile,
    truth: options.Truth = None,
    votes: Annotated[
        str | None,
        typer.Option(
            "--votes",
            metavar="N,N,…",
            help="Numbers of votes per item.  \\[default: 1,2,5,10,20,… and all]",
        ),
    ] = None,
    draws: Annotated[
        int,
        typer.Option("--draws", min=2, help="Draws of votes for values without a closed form."),
    ] = 16,
    seed: options.Seed = 0,
    columns: options.Columns = None,
    item: options.ItemColumn = None,
    header: options.Header = None,
    layout: options.Layout = "auto",
    min_votes: options.MinVotes = 0,
    output: options.TextOutput = None,
    force: options.Force = False,
    skip_existing: options.SkipNewer = False,
    format_: Annotated[str | None, options.format_option(*options.SCORE_FORMATS)] = None,
    json: options.Json = False,
    detail: options.Detail = False,
    quiet: options.Quiet = False,
) -> None:
    """Show how noisy labels are: what they and people's ceilings would be with n votes per item.

    The last column, all, has the ceilings of [bold]c10h score[/]. Values are exact where there is a
    closed form, otherwise means over draws of votes without replacement.

    Miller-Madow and squared error estimate how far the labels are from the population. The output
    has Krippendorff's alpha, too, and what the same number of judgments would tell about more items
    with fewer votes each, or fewer items with more.

    [bold]c10h labels noise labels.h5[/]

    [bold]c10h labels noise counts.npy --votes 3,10,30 --format csv[/]
    """
    from dataclasses import replace

    from c10h.cli.existing_output import check_free, is_newer
    from c10h.cli.output_forms import form_of_text
    from c10h.datasets.cache import open_input
    from c10h.datasets.catalogue import IMAGES, LABELS
    from c10h.errors import InputError
    from c10h.files import check_distinct, check_single_stdin
    from c10h.formats.hints import make_hints
    from c10h.stages.label_requests import NoiseRequest
    from c10h.stages.labels_noise import labels_noise
    from c10h.views.labels_noise import display

    form = form_of_text(output, format_, json, *options.SCORE_FORMATS)
    amount = options.amount(detail=detail, quiet=quiet)
    check_distinct([output], [labels, truth])
    check_free(output, force=force, skip_existing=skip_existing, binary=False)
    if skip_existing and is_newer(output, [labels, truth]):
        return
    try:
        numbers = sorted({int(part) for part in votes.split(",")}) if votes else []
    except ValueError:
        raise InputError(f"--votes {votes}: expected numbers, such as 1,2,5,10") from None
    check_single_stdin([labels, truth or ""])
    request = NoiseRequest(
        labels=open_input(labels, LABELS),
        truth=open_input(truth, LABELS, IMAGES) if truth else None,
        hints=make_hints(
            columns=columns, item=item, header=header, layout=layout, min_votes=min_votes
        ),
        votes=numbers,
        draws=draws,
        seed=seed,
    )
    result = labels_noise(request, lambda what, total: progress(what, total, "columns"), say)
    show(replace(display(result), amount=amount), form, output)
