"""``c10h labels plan``: which items to show next, and how often."""

from __future__ import annotations

from typing import Annotated

import typer

from c10h.cli import options
from c10h.cli.console import say, show
from c10h.labels.plan_objectives import OBJECTIVES


def plan(
    labels: options.LabelsFile,
    budget: Annotated[
        int, typer.Option("--budget", metavar="B", help="Total number of further judgments.")
    ],
    objective: Annotated[
        str,
        options.chosen(OBJECTIVES, "--objective", "What to reduce."),
    ] = "squared",
    prior: Annotated[
        float | None,
        typer.Option(
            "--prior",
            metavar="A",
            help="Pseudo-votes per class of one Dirichlet that people's distributions are taken "
            "from; by default a mixture by class is fitted to the votes.",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--max-per-item", metavar="M", help="Maximum number of further judgments per item."
        ),
    ] = None,
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
) -> None:
    """Plan which items to show next and how often, so that the labels' expected error falls most.

    The output compares the plan with the same number of judgments spread evenly, and says what they
    would tell on more items. Collect in rounds: a plan made from more votes is better.

    [bold]c10h labels plan labels.h5 --budget 5000[/]

    [bold]c10h labels plan labels.h5 --budget 5000 --max-per-item 20 -o next.csv[/]
    """
    from c10h.cli.existing_output import check_free, is_newer
    from c10h.cli.output_forms import form_of_text
    from c10h.datasets.cache import open_input
    from c10h.datasets.catalogue import LABELS
    from c10h.files import check_distinct
    from c10h.formats.hints import make_hints
    from c10h.stages.label_requests import PlanRequest
    from c10h.stages.labels_plan import labels_plan
    from c10h.views.labels_plan import display, expectations

    form = form_of_text(output, format_, json, *options.SCORE_FORMATS)
    check_distinct([output], [labels])
    check_free(output, force=force, skip_existing=skip_existing, binary=False)
    if skip_existing and is_newer(output, [labels]):
        return
    request = PlanRequest(
        labels=open_input(labels, LABELS),
        budget=budget,
        hints=make_hints(
            columns=columns, item=item, header=header, layout=layout, min_votes=min_votes
        ),
        objective=objective,
        prior=prior,
        limit=limit,
        seed=seed,
    )
    plan = labels_plan(request, say)
    show(display(plan), form, output)
    if output not in (None, "-"):
        for line in expectations(plan):
            say(line)
        say(f"{output}: written")
