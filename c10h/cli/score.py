"""``c10h score``: how human is a classifier's uncertainty?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from c10h.cli import options
from c10h.cli.console import progress, say, show
from c10h.metrics.strata import STRATA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from c10h.files import Source
    from c10h.formats.hints import Hints
    from c10h.formats.truth_files import Truth
    from c10h.records import Attack, Labels, Predictions, Record, Scores
    from c10h.stages.score import Run


def _complete_metrics() -> list[str]:
    from c10h.metrics.metrics import METRICS

    return list(METRICS)


def score(
    predictions: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME=]PRED",
            help="Logits or probabilities in any format (docs/inputs.md), or a c10h file of "
            "predictions or an attack; FILE:ARRAY names one array of several, - is stdin. NAME is "
            "what the run is called.",
        ),
    ],
    labels: Annotated[
        str | None,
        typer.Option(
            "--labels", metavar="FILE", help="Human labels: a c10h file, counts or probabilities."
        ),
    ] = None,
    truth: options.Truth = None,
    classes: options.Classes = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            "--metrics",
            metavar="NAME,…",
            help="Metrics to compute (all that can be); repeatable. --list-metrics tells them.",
            autocompletion=_complete_metrics,
        ),
    ] = None,
    by: Annotated[
        str | None,
        options.chosen(STRATA, "--by", "Also every metric for parts of the items."),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(
            "--tag",
            metavar="KEY=TEXT",
            help="network=…, training=… or data=… for reports; repeatable.",
        ),
    ] = None,
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-if",
            metavar="'METRIC>X'",
            help="Exit with status 3 where this holds of a run (>, >=, <, <=); repeatable.",
        ),
    ] = None,
    in_sample: Annotated[
        bool, typer.Option("--in-sample", help="Score a network on items it was trained on.")
    ] = False,
    per_item: Annotated[
        bool, typer.Option("--per-item", help="Keep the value of every item in the file.")
    ] = False,
    resamples: Annotated[
        int, typer.Option("--resamples", min=0, metavar="B", help="Bootstrap resamples.")
    ] = 1000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the bootstrap.")] = 0,
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
    format_: Annotated[str | None, options.format_option(*options.SCORE_FORMATS)] = None,
    json: options.Json = False,
    list_metrics: Annotated[
        bool,
        options.listing(
            "--list-metrics", "metrics", "Print every metric's name and definition, and exit."
        ),
    ] = False,
) -> None:
    """Score predictions against people and truth, with 95 % bootstrap intervals over items.

    Every metric that the inputs allow is computed, with its n and with what people reach; two or
    more files also give paired differences to the first. Calibration errors are biased upward
    for few items. An attack file is scored before the attack and after it at each epsilon.

    [bold]c10h score logits.npy --labels labels.h5 --by human-entropy[/]

    [bold]c10h score hard=a.npy human=b.npy --labels labels.h5 --fail-if 'ce_human>0.6' --json[/]
    """
    from dataclasses import replace

    from c10h import h5
    from c10h.cli.forms import form_of_printed
    from c10h.cli.inputs import meaning, name_array
    from c10h.files import check_output
    from c10h.formats.class_names import parse_classes
    from c10h.formats.hints import AUTO, Hints, parse_columns
    from c10h.lineage import lineage_of
    from c10h.metrics.estimates import scored_runs
    from c10h.metrics.metrics import choose
    from c10h.stages.gate import Gate, check_gates
    from c10h.stages.score import Options
    from c10h.stages.score import score as score_runs
    from c10h.views.scores import display, why_nothing

    form = form_of_printed(output, format_, json)
    if output:
        check_output(output, force=force)
    gates = [Gate.parse(text) for text in fail_if or []]
    computed = choose([*(metrics or []), *(gate.metric for gate in gates if metrics)])
    hints = Hints(
        columns=parse_columns(columns),
        item=item,
        classes=parse_classes(classes) if classes else None,
        header=header,
        layout=layout,
        meaning=meaning(logits, probs),
        one_based=one_based,
        min_votes=min_votes,
    )
    files = [name_array(argument, h5_path) for argument in predictions]
    opened = _open(files, labels, truth, hints)
    runs = opened.runs(tag or [])
    settings = Options(
        metrics=computed,
        by=by,
        resamples=resamples,
        seed=seed,
        in_sample=in_sample,
        per_item=per_item,
        labels_digest=opened.labels_digest() if output else "",
    )
    total = sum(run.predictions.logits.shape[0] * run.predictions.logits.shape[1] for run in runs)
    with progress("scoring", total) as advance:
        scores = score_runs(
            runs, opened.labels, opened.truth, settings, opened.names, advance, opened.told.append
        )
    if output:
        shaping = {
            "metrics": computed if metrics else None,
            "by": by,
            "tag": tag,
            "in-sample": in_sample,
            "per-item": per_item,
            "resamples": resamples,
            "classes": ",".join(opened.names) if classes and opened.names else None,
            "columns": columns,
            "item": item,
            "logits": logits,
            "probs": probs,
            "no-header": header is False,
            "header": header,
            "layout": None if layout == AUTO else layout,
            "one-based": one_based,
            "min-votes": min_votes or None,
        }
        lineage = lineage_of("score", shaping, opened.used(), seed=seed)
        h5.write(replace(scores, lineage=lineage), output)
    opened.tell_assumptions(scores.classes)
    scored = scored_runs([scores])
    if why := why_nothing(scored):
        say(why)
    show(display(scored, opened.title(scores)), form, to_stderr=output == "-")
    check_gates(scores, gates)


@dataclass(frozen=True)
class _Network:
    """A file of predictions or of an attack, and the runs that it gives, each with its name."""

    file: Source
    record: Predictions | Attack
    runs: list[tuple[str, Predictions]]


@dataclass(frozen=True)
class _Opened:
    """The inputs of one command, opened."""

    networks: Mapping[str, _Network]
    labels_file: Source | None
    labels: Labels | None
    truth_file: Source | None
    truth: Truth | None
    told: list[str]
    names: tuple[str, ...] | None

    def runs(self, tags: list[str]) -> list[Run]:
        """The runs to score, with what ``--tag`` says of all of them."""
        from c10h.errors import InputError
        from c10h.stages.score import Run

        about = {}
        for tag in tags:
            key, equals, text = tag.partition("=")
            if not equals or key not in ("network", "training", "data"):
                raise InputError(f"--tag {tag}: expected network=…, training=… or data=…")
            about[key] = text
        return [
            Run(name, predictions, **about)
            for network in self.networks.values()
            for name, predictions in network.runs
        ]

    def used(self) -> list[tuple[str, Source, Record | None]]:
        """The inputs for the lineage: role, file, record."""
        found: list[tuple[str, Source, Record | None]] = [
            (f"{one.record.kind} {name}", one.file, one.record)
            for name, one in self.networks.items()
        ]
        if self.labels_file is not None:
            found.append(("labels", self.labels_file, self.labels))
        if self.truth_file is not None:
            found.append(("truth", self.truth_file, None))
        return found

    def labels_digest(self) -> str:
        """Digest of the files that say what is right, so that equal items can be recognised."""
        files = (self.labels_file, self.truth_file)
        return " ".join(file.sha256 for file in files if file is not None)

    def title(self, scores: Scores) -> str:
        """What was scored against what."""
        against = [file.name for file in (self.labels_file, self.truth_file) if file is not None]
        runs = ", ".join(self.networks)
        settings = scores.settings
        return (
            f"{runs} against {' and '.join(against) or 'its own truth'} "
            f"({settings['resamples']} resamples, seed {settings['seed']})"
        )

    def tell_assumptions(self, classes: tuple[str, ...]) -> None:
        """Say what was taken and how names of classes were matched, and warn of uneven clipping."""
        from c10h.cli.inputs import tell_classes
        from c10h.formats.predictions_and_labels import FROM_PROBS

        for line in self.told:
            say(line)
        records = {name: one.runs[0][1] for name, one in self.networks.items()}
        tell_classes([*records.items(), ("labels", self.labels)], classes)
        kinds = {bool(record.settings.get(FROM_PROBS)) for record in records.values()}
        if len(kinds) > 1:
            say(
                "warning: logits and probabilities side by side: probabilities that were rounded "
                "to 0 are clipped, which caps their cross-entropy at 87.3 an item"
            )


def _open(predictions: list[str], labels: str | None, truth: str | None, hints: Hints) -> _Opened:
    from dataclasses import replace

    from c10h.cli.inputs import split_name
    from c10h.cli.meant import check_predictions
    from c10h.datasets.cache import open_input
    from c10h.datasets.catalogue import IMAGES, LABELS, PREDICTIONS
    from c10h.errors import InputError
    from c10h.files import check_single_stdin
    from c10h.formats.class_names import are_default
    from c10h.formats.hints import WIDE
    from c10h.formats.predictions_and_labels import open_labels, open_scored, recorded_classes
    from c10h.formats.truth_files import open_truth
    from c10h.stages.attack_runs import runs_of
    from c10h.stages.class_order import common_classes

    named = [split_name(argument) for argument in predictions]
    check_single_stdin([*(path for _, path in named), *(one for one in (labels, truth) if one)])
    told: list[str] = []
    networks: dict[str, _Network] = {}
    for name, path in named:
        check_predictions(path)
        file = open_input(path, PREDICTIONS)
        name = name or file.stem
        if name in networks:
            raise InputError(f"two runs are called {name!r}: name them with NAME=FILE")
        # Layout and votes are about people; predictions have a row an item.
        record = open_scored(file, replace(hints, layout=WIDE, min_votes=0), told.append)
        networks[name] = _Network(file, record, runs_of(name, record))
    labels_file = open_input(labels, LABELS) if labels else None
    people = None
    if labels_file is not None:
        people = open_labels(labels_file, replace(hints, meaning=None), told.append)
    truth_file = open_input(truth, LABELS, IMAGES) if truth else None
    names = hints.classes
    records: list[Labels | Predictions] = [
        *([people] if people else []),
        *(predictions for one in networks.values() for _, predictions in one.runs),
    ]
    order = names or common_classes(records)
    if truth_file is not None and names is None and order is not None and are_default(order):
        names = recorded_classes(truth_file)
        order = names or order
    right = None if truth_file is None else open_truth(truth_file, order, hints, told.append)
    if names is None and right is not None and order is not None and are_default(order):
        names = None if are_default(right.classes) else right.classes
    return _Opened(networks, labels_file, people, truth_file, right, told, names)
