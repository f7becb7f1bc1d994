"""``c10h attack``: perturb images within a budget, and say whether the result can be believed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from c10h.cli import options
from c10h.cli.console import print_tables

# The names in c10h.attacks.ATTACKS and LOSSES, which a help text does not wait for torch for; a
# test compares.
METHOD_NAMES = ("fgsm", "pgd", "apgd", "md", "square")
LOSS_NAMES = ("ce", "margin", "dlr")
NORM_NAMES = ("inf", "2")
EPSILON = "4/255"
EXAMINED = 200


def _list_methods(wanted: bool) -> None:
    """Print the table of methods and exit, for ``--list-methods``."""
    if not wanted:
        return
    from c10h.attacks import ATTACKS
    from c10h.report.table import Cell, Table

    rows = [
        [Cell(name), Cell(str(one.steps)), Cell(", ".join(one.losses)),
         Cell(" ".join(one.takes)), Cell(one.summary)]
        for name, one in ATTACKS.items()
    ]  # fmt: skip
    header = ["method", "steps", "losses", "also takes", "what it does"]
    print_tables([Table("", header, rows, labels=5)])
    raise typer.Exit


def attack(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="[RUN…] IMAGES",
            help="Run folders of c10h train, and the images; with --arch the images alone.",
        ),
    ],
    output: Annotated[str, options.record_option("the attack", prints=True)],
    method: Annotated[
        str, options.chosen(METHOD_NAMES, "--method", "How to attack; --list-methods tells more.")
    ] = "pgd",
    epsilon: Annotated[
        list[str] | None,
        typer.Option(
            "--epsilon",
            metavar="K/255",
            help="How far, in pixels of [0, 1]: 4/255, or a decimal under 1; repeatable.  "
            "[default: 4/255]",
        ),
    ] = None,
    norm: Annotated[str, options.chosen(NORM_NAMES, "--norm", "How distance is measured.")] = "inf",
    loss: Annotated[
        str | None,
        options.chosen(LOSS_NAMES, "--loss", "What the attack maximises, if not its own default."),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option("--steps", min=1, metavar="N", help="Steps, or queries of square."),
    ] = None,
    step_size: Annotated[
        str | None,
        typer.Option(
            "--step-size",
            metavar="K/255",
            help="Of a step of pgd.  [default: 2.5 epsilon / steps, at most epsilon]",
        ),
    ] = None,
    restarts: Annotated[
        int,
        typer.Option("--restarts", min=1, metavar="N", help="Tries, of which the worst is kept."),
    ] = 1,
    random_start: Annotated[
        bool | None,
        typer.Option(
            "--random-start/--no-random-start",
            help="Begin anywhere within epsilon, or at the image.  [default: pgd, apgd and md do]",
        ),
    ] = None,
    toward: Annotated[
        str,
        typer.Option(
            "--toward",
            metavar="least-likely|human-second|CLASS",
            help="Lead to a class instead of away from the true one: the network's least likely, "
            "what most people saw besides the true class, or one for all.",
        ),
    ] = "",
    from_: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="RUN", help="Make the perturbations on this run's networks: transfer."
        ),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option("--labels", metavar="FILE", help="Human labels, to hold the result against."),
    ] = None,
    arch: options.ForeignArchitecture = None,
    weights: options.Weights = None,
    classes: options.Classes = None,
    held_out: Annotated[
        bool,
        typer.Option(
            "--held-out",
            help="Demand what happens anyway with images that a run was trained on: each is taken "
            "to the fold that did not see it.",
        ),
    ] = False,
    members: Annotated[
        bool, typer.Option("--members", help="Each network by itself, on all images.")
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, metavar="N", help="Attack N images, drawn by --seed."),
    ] = None,
    health: Annotated[
        int,
        typer.Option(
            "--health",
            min=0,
            metavar="N",
            help="Images that the attack itself is examined on; 0 for none.",
        ),
    ] = EXAMINED,
    save_images: Annotated[
        bool, typer.Option("--save-images", help="Keep the perturbed images, as float32.")
    ] = False,
    batch_size: Annotated[
        int, typer.Option("--batch-size", metavar="B", min=1, help="Images at a time.")
    ] = 250,
    seed: options.Seed = 0,
    device: options.Device = "auto",
    precision: options.NetworkPrecision = "fp32",
    force: options.Force = False,
    format_: Annotated[str | None, options.format_option(*options.SCORE_FORMATS)] = None,
    json: options.Json = False,
    list_methods: Annotated[
        bool,
        typer.Option(
            "--list-methods",
            is_eager=True,
            callback=_list_methods,
            help="Print every method with its steps and losses, and exit.",
        ),
    ] = False,
) -> None:
    """Attack networks, and tell robustness from its look-alikes.

    Images are attacked away from their true class, each on the fold that did not see it. The health
    block says whether the result can be believed: vanishing gradients, stronger attacks, a very
    large epsilon, and losses at one scale of confidence. A broken-off attack goes on when the same
    command is given again.

    [bold]c10h attack runs/human images.h5 --epsilon 4/255 --epsilon 8/255 -o adv.h5[/]

    [bold]c10h attack runs/human images.h5 --method apgd --loss dlr --labels labels.h5 -o adv.h5[/]
    """
    from c10h.cli.attacking import carry_out, prepare, show
    from c10h.cli.forms import form_of_printed

    form = form_of_printed(output, format_, json)
    prepared = prepare(
        paths=paths,
        output=output,
        method=method,
        epsilons=epsilon or [EPSILON],
        norm=norm,
        loss=loss,
        steps=steps,
        step_size=step_size,
        restarts=restarts,
        random_start=random_start,
        toward=toward,
        source=from_,
        labels=labels,
        arch=arch,
        weights=weights,
        classes=classes,
        held_out=held_out,
        members=members,
        limit=limit,
        examined=health,
        save_images=save_images,
        batch_size=batch_size,
        seed=seed,
        device=device,
        precision=precision,
        force=force,
    )
    found = carry_out(prepared, output)
    name = "attack" if output == "-" else Path(output).stem
    show(found, name, form, to_stderr=output == "-")
