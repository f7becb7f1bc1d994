"""``c10h labels``: make soft labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from c10h.cli import options
from c10h.cli.console import progress, say
from c10h.labels import SOURCES, Takes

if TYPE_CHECKING:
    from c10h.data.matrix import Selection
    from c10h.data.readers import Meaning
    from c10h.files import Source
    from c10h.records import Array, Labels, Predictions, Record

app = typer.Typer(no_args_is_help=True)
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
            metavar="SOURCE",
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
    from c10h.cli.inputs import lineage_of, meaning, selection, tell_positions
    from c10h.files import check_output
    from c10h.stages.labels_build import build_labels

    check_output(output, force=force)
    opened = _open(
        what, source, truth, classes, selection(columns, h5_path), meaning(logits, probs)
    )
    result = build_labels(
        what,
        labels=opened.labels,
        predictions=opened.predictions,
        truth=opened.truth,
        classes=opened.names,
        prior=prior,
        smoothing=smoothing,
        temperature=temperature,
    )
    tell_positions(opened.inputs(), result.classes)
    shaping = {
        "as": what,
        "prior": prior if what == "human" and prior else None,
        "smoothing": smoothing if what == "smooth" else None,
        "temperature": temperature if what == "distill" else None,
        "classes": ",".join(opened.names) if opened.names else None,
        "columns": columns,
        "h5-path": h5_path,
        "logits": logits,
        "probs": probs,
    }
    result = replace(result, lineage=lineage_of("labels build", shaping, opened.used))
    size, count = result.probs.shape
    with progress("writing labels", size * (1 + (result.counts is not None))) as advance:
        h5.write(result, output, advance)
    counts = "with" if result.counts is not None else "without"
    known = "with" if result.truth is not None else "without"
    say(
        f"{output}: {size:,} items, {count} classes, {what} labels {counts} vote counts, "
        f"{known} truth"
    )


@dataclass(frozen=True)
class _Opened:
    """The inputs of one command, opened; ``used`` lists them for the lineage."""

    labels: Labels | None
    predictions: list[Predictions]
    truth: Array | None
    names: tuple[str, ...] | None
    used: list[tuple[str, Source, Record | None]]

    def inputs(self) -> list[tuple[str, Labels | Predictions | None]]:
        """File names and records of the inputs that have classes."""
        records = [self.labels, *self.predictions]
        names = [file.name for role, file, _ in self.used if role != "truth"]
        return list(zip(names, (one for one in records if one is not None), strict=True))


def _open(
    what: str,
    source: list[str],
    truth: str | None,
    classes: str | None,
    selection: Selection,
    meaning: Meaning | None,
) -> _Opened:
    from c10h.data.classes import parse_classes
    from c10h.data.readers import is_vector, open_labels, open_predictions, open_truth
    from c10h.errors import InputError
    from c10h.files import Source, check_single_stdin
    from c10h.stages.join import common_classes

    takes = SOURCES[what].takes
    if takes is not Takes.PREDICTIONS and len(source) != 1:
        raise InputError(f"--as {what} takes {takes.value}, found {len(source)} SOURCE arguments")
    check_single_stdin([*source, *([truth] if truth else [])])
    names = parse_classes(classes) if classes else None
    files = [Source.open(argument) for argument in source]
    truth_file = Source.open(truth) if truth else None
    used: list[tuple[str, Source, Record | None]] = []
    people: Labels | None = None
    networks: list[Predictions] = []
    if takes is Takes.PREDICTIONS:
        networks = [open_predictions(file, selection, meaning) for file in files]
        used += [("predictions", file, one) for file, one in zip(files, networks, strict=True)]
    elif takes is Takes.TRUTH and is_vector(files[0]):
        if truth_file is not None:
            raise InputError(f"--truth: {files[0].name} holds the true classes already")
        truth_file = files[0]
    else:
        people = open_labels(files[0], selection)
        used.append(("source", files[0], people))
    order = names or common_classes([people] if people else networks)
    right = None
    if truth_file is not None:
        right = open_truth(truth_file, order)
        used.append(("truth", truth_file, None))
    return _Opened(people, networks, right, names, used)
