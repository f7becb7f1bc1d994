"""``c10h attack``: perturb images within a budget, and say whether the result can be believed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from c10h.cli import network_options, options
from c10h.cli.console import say, show
from c10h.cli.progress_bar import progress
from c10h.stages.network_requests import ATTACKS, LOSSES, NORMS, AttackRequest

if TYPE_CHECKING:
    from c10h.records import Attack
    from c10h.views.answer import Amount

HOW = "How to attack"


def attack(
    paths: network_options.RunsAndImages,
    output: Annotated[str, options.record_option("the attack", prints=True)],
    method: Annotated[
        str, options.chosen([*ATTACKS], "--method", "Attack method; --list-methods describes them.")
    ] = AttackRequest.method,
    epsilon: Annotated[
        list[str] | None,
        typer.Option(
            "--epsilon",
            metavar="K/255",
            help="Budget, in pixels of [0, 1]: 4/255, or a decimal below 1; repeatable.  "
            "\\[default: 4/255]",
        ),
    ] = None,
    norm: Annotated[
        str, options.chosen(NORMS, "--norm", "Norm of the perturbation.")
    ] = AttackRequest.norm,
    loss: Annotated[
        str | None,
        options.chosen(
            LOSSES,
            "--loss",
            "Loss that the attack maximises; the default depends on the method.",
            rich_help_panel=HOW,
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            "--steps",
            min=1,
            metavar="N",
            help="Number of steps, or of queries for square; the default depends on the method.",
            rich_help_panel=HOW,
        ),
    ] = None,
    step_size: Annotated[
        str | None,
        typer.Option(
            "--step-size",
            metavar="K/255",
            help="Step size of pgd.  \\[default: 2.5 epsilon / steps, at most epsilon]",
            rich_help_panel=HOW,
        ),
    ] = None,
    restarts: Annotated[
        int,
        typer.Option(
            "--restarts",
            min=1,
            metavar="N",
            help="Number of attempts per image; the strongest is kept.",
            rich_help_panel=HOW,
        ),
    ] = AttackRequest.restarts,
    random_start: Annotated[
        bool | None,
        typer.Option(
            "--random-start/--no-random-start",
            help="Start at a random point within epsilon, or at the image.  \\[default: random for "
            f"{', '.join(name for name, attack in ATTACKS.items() if attack.starts_at_random)}]",
            rich_help_panel=HOW,
        ),
    ] = None,
    toward: Annotated[
        str,
        typer.Option(
            "--toward",
            metavar="least-likely|human-second|CLASS",
            autocompletion=lambda: ["least-likely", "human-second"],
            help="Targeted attack: toward the network's least likely class, what most people saw "
            "besides the true class, or one class for all images.",
            rich_help_panel=HOW,
        ),
    ] = AttackRequest.toward,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="RUN",
            help="Transfer attack: make the perturbations on this run's networks.",
            rich_help_panel=HOW,
        ),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            "--labels",
            metavar="FILE",
            help="Human labels to compare the result with.",
            autocompletion=options.complete_inputs,
        ),
    ] = None,
    skip_unlabeled: Annotated[
        bool,
        typer.Option(
            "--skip-unlabeled",
            help="Leave out images that the labels do not have.",
        ),
    ] = False,
    arch: network_options.ForeignArchitecture = None,
    weights: network_options.Weights = None,
    mean: network_options.Mean = None,
    std: network_options.Std = None,
    classes: options.Classes = None,
    held_out: Annotated[
        bool,
        typer.Option(
            "--held-out",
            help="Attack each image on the fold that did not see it; fail if there is none.",
        ),
    ] = False,
    members: Annotated[
        bool, typer.Option("--members", help="Attack each network separately, on all images.")
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", min=1, metavar="N", help="Attack only N images, drawn with --seed."
        ),
    ] = None,
    health: Annotated[
        int | None,
        typer.Option(
            "--health",
            min=0,
            metavar="N",
            help="Number of images for the health checks; 0 for none.  \\[default: up to 200, as "
            "many as take no longer than the attack]",
        ),
    ] = None,
    save_images: Annotated[
        bool,
        typer.Option(
            "--save-images",
            help="Keep the perturbed images, as float32.",
            rich_help_panel=options.OUTPUTS,
        ),
    ] = False,
    batch_size: network_options.BatchSize = AttackRequest.batch_size,
    seed: options.Seed = 0,
    device: network_options.Device = "auto",
    precision: network_options.Precision = "fp32",
    force: options.Force = False,
    skip_existing: options.SkipExisting = False,
    format_: Annotated[
        str | None, options.format_option(*options.SCORE_FORMATS, by_suffix=False)
    ] = None,
    json: options.Json = False,
    detail: options.Detail = False,
    quiet: options.Quiet = False,
    list_methods: Annotated[
        bool,
        options.listing(
            "--list-methods", "methods", "Print methods, their steps and losses, and exit."
        ),
    ] = False,
) -> None:
    """Attack networks, and check whether apparent robustness is real.

    Images are attacked away from their true class, each on the fold that did not see it. Health
    checks say whether the result can be believed, and repeat the attack at equal scale. The same
    command resumes an interrupted attack.

    [bold]c10h attack runs/human images.h5 --epsilon 8/255 --labels votes.h5 -o a.h5[/]

    [bold]c10h attack images.h5 --arch mynet:Net --weights mynet.pt -o a.h5[/]
    """
    from c10h import h5
    from c10h.cli.existing_output import check_free, is_made
    from c10h.cli.output_forms import form_of_printed
    from c10h.datasets.cache import open_input
    from c10h.datasets.catalogue import LABELS
    from c10h.files import check_distinct, check_single_stdin
    from c10h.formats.predictions_and_labels import open_labels
    from c10h.run_folder import open_run
    from c10h.stages.arguments import open_images
    from c10h.stages.network_arguments import NetworkOptions, check_named, open_networks

    form = form_of_printed(output, format_, json)
    amount = options.amount(detail=detail, quiet=quiet)
    *folders, last = paths
    foreign = NetworkOptions(arch, weights, classes, mean=mean, std=std)
    check_named(paths, foreign, held_out=held_out)
    inputs = [last, labels or "", weights or ""]
    check_single_stdin(inputs)
    check_distinct([output], inputs)
    check_free(output, force=force, skip_existing=skip_existing)
    images_file, images = open_images(last)
    labels_file, people, notes = None, None, list[str]()
    if labels is not None:
        labels_file = open_input(labels, LABELS)
        people = open_labels(labels_file, tell=notes.append)
    source = None if from_ is None else open_run(Path(from_))
    request = AttackRequest(
        images=images,
        images_file=images_file,
        networks=open_networks(folders, foreign, held_out=held_out, members=members, source=source),
        labels=people,
        labels_file=labels_file,
        method=method,
        epsilons=tuple(epsilon or AttackRequest.epsilons),
        norm=norm,
        loss=loss,
        steps=steps,
        step_size=step_size,
        restarts=restarts,
        random_start=random_start,
        toward=toward,
        source=source,
        source_name=from_ or "",
        skip_unlabeled=skip_unlabeled,
        limit=limit,
        examined=health,
        save_images=save_images,
        batch_size=batch_size,
        seed=seed,
        device=device,
        precision=precision,
        parts=None if output == "-" else Path(f"{output}.parts"),
        notes=tuple(notes),
    )
    if skip_existing and is_made(output, request):
        return

    from c10h.stages import attack as stage  # which imports torch

    with stage.attack(
        request, lambda what, work: progress(what, work, "image-steps"), say
    ) as record:
        h5.write(record, output)
    name = "attack" if output == "-" else Path(output).stem
    _print(record, name, form, amount, to_stderr=output == "-")


def _print(record: Attack, name: str, form: str, amount: Amount, *, to_stderr: bool) -> None:
    """Print what came of an attack, in one of SCORE_FORMATS."""
    from dataclasses import replace

    from c10h.stages.report import ReportRequest, report
    from c10h.views.report import Report

    view = Report(report(ReportRequest(attacks={name: record})))
    show(replace(view.display, charts=None, amount=amount), form, to_stderr=to_stderr)
