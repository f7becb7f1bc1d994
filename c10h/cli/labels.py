"""``c10h labels``: make soft labels."""

from __future__ import annotations

from typing import Annotated

import typer

from c10h.cli import options
from c10h.cli.console import progress, say
from c10h.labels import SOURCES, Takes

app = typer.Typer(
    no_args_is_help=True,
    help="Make soft labels from people, truth or networks.",
)
_SOURCES_HELP = "What the labels are: " + "; ".join(
    f"{name}, {source.summary}" for name, source in SOURCES.items()
)


@app.callback()
def labels() -> None:
    """Make soft labels from people, truth or networks."""


@app.command()
def build(
    source: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE…",
            help="Vote counts or probabilities; true classes for hard and smooth; predictions "
            "for distill (several). Any foreign format or a c10h file; - is stdin.",
        ),
    ],
    output: Annotated[str, options.output_option("File of labels to write, - for stdout.")],
    what: Annotated[str, options.chosen(SOURCES, "--as", _SOURCES_HELP + ".")] = "human",
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
    columns: options.Columns = None,
    h5_path: options.H5Path = None,
    logits: options.AsLogits = False,
    probs: options.AsProbs = False,
    force: options.Force = False,
) -> None:
    """Build a file of soft labels: one probability distribution over classes for every item.

    [bold]c10h labels build counts.npy --truth y.npy --classes cifar10 -o human.h5[/]

    [bold]c10h labels build a.npy b.npy --as distill --temperature 2 -o - | c10h show -[/]
    """
    from dataclasses import replace

    from c10h import h5
    from c10h.cli.inputs import lineage_of, meaning, selection
    from c10h.data.classes import parse_classes
    from c10h.data.readers import is_vector, open_labels, open_predictions, open_truth
    from c10h.errors import InputError
    from c10h.files import Source, check_output, check_single_stdin
    from c10h.records import Labels, Predictions, Record
    from c10h.stages.labels_build import build_labels

    check_single_stdin([*source, *([truth] if truth else [])])
    check_output(output, force=force)
    chosen, takes = selection(columns, h5_path), SOURCES[what].takes
    if takes is not Takes.PREDICTIONS and len(source) != 1:
        raise InputError(f"--as {what} takes {takes.value}, found {len(source)} SOURCE arguments")
    files = [Source.open(argument) for argument in source]
    names = parse_classes(classes) if classes else None
    people: Labels | None = None
    networks: list[Predictions] = []
    truth_file = Source.open(truth) if truth else None
    inputs: list[tuple[str, Source, Record | None]] = []
    if takes is Takes.PREDICTIONS:
        networks = [open_predictions(file, chosen, meaning(logits, probs)) for file in files]
        inputs += [("predictions", file, one) for file, one in zip(files, networks, strict=True)]
    elif takes is Takes.TRUTH and is_vector(files[0]):
        if truth_file is not None:
            raise InputError(f"--truth: {files[0].name} holds the true classes already")
        truth_file = files[0]
    else:
        people = open_labels(files[0], chosen)
        inputs.append(("source", files[0], people))
    known = names or (people.classes if people else networks[0].classes if networks else None)
    true_classes = None if truth_file is None else open_truth(truth_file, known)
    if truth_file is not None:
        inputs.append(("truth", truth_file, None))
    labels_ = build_labels(
        what,
        labels=people,
        predictions=networks,
        truth=true_classes,
        classes=names,
        prior=prior,
        smoothing=smoothing,
        temperature=temperature,
    )
    shaping = {
        "as": what,
        "prior": prior if what == "human" and prior else None,
        "smoothing": smoothing if what == "smooth" else None,
        "temperature": temperature if what == "distill" else None,
        "classes": ",".join(names) if names else None,
        "columns": columns,
        "h5-path": h5_path,
    }
    result = replace(labels_, lineage=lineage_of("labels build", shaping, inputs))
    size, count = result.probs.shape
    with progress("writing labels", size * (1 + (result.counts is not None))) as advance:
        h5.write(result, output, advance)
    kept = "with vote counts" if result.counts is not None else "without vote counts"
    known_truth = "with truth" if result.truth is not None else "without truth"
    say(f"{output}: {size:,} items, {count} classes, {what} labels, {kept}, {known_truth}")
