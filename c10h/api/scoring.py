"""``c10h.score``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from c10h.api.arguments import Names, words
from c10h.api.inputs import opened
from c10h.api.results import Result
from c10h.cli.progress_bar import progress
from c10h.datasets.catalogue import IMAGES, LABELS, PREDICTIONS
from c10h.files import Source
from c10h.formats.hints import AUTO, make_hints
from c10h.metrics.estimates import scored_runs
from c10h.views.notes import misordered_notes


def score(
    predictions: Any,
    labels: Any = None,
    truth: Any = None,
    *,
    metrics: Names = (),
    top: int | None = None,
    by: str | None = None,
    rescale: str | None = None,
    tags: Mapping[str, str] | None = None,
    in_sample: bool = False,
    members: bool = False,
    ensemble: bool = False,
    skip_unlabeled: bool = False,
    common: bool = False,
    per_item: bool = False,
    resamples: int = 1000,
    seed: int = 0,
    classes: Names | None = None,
    columns: str | slice | Sequence[str] | None = None,
    item: str | None = None,
    header: bool | None = None,
    layout: str = AUTO,
    logits: bool = False,
    probs: bool = False,
    one_based: bool = False,
    min_votes: int = 0,
) -> Result:
    """Score predictions against people and truth: ``c10h score``.

    predictions: logits or probabilities, (n, c) or (m, n, c), labels or an attack; several runs as
    a mapping from their names, or as a list of paths. labels: human labels, counts (n, c) or
    probabilities. truth: class numbers or names (n); both also as mappings from data sets. The
    options are those of ``c10h score --help``.
    The result is scores: a table, a row for each value, and the JSON of ``c10h score --json``.
    Raises InSampleError for predictions of items that the network was trained on.
    """
    from c10h.stages.score import score as score_stage
    from c10h.stages.score_request import ScoreRequest

    if isinstance(predictions, Mapping):
        runs = [*predictions.items()]
    elif isinstance(predictions, list) and all(isinstance(p, str | Path) for p in predictions):
        runs = [("", path) for path in predictions]
    else:
        runs = [("", predictions)]
    with opened() as inputs:
        files = [
            (name, inputs.open(value, name or "predictions", PREDICTIONS)) for name, value in runs
        ]
        request = ScoreRequest(
            predictions=[(name or _run_name(file), file) for name, file in files],
            labels=inputs.by_data_set(labels, "labels", LABELS),
            truth=inputs.by_data_set(truth, "truth", LABELS, IMAGES),
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
            metrics=words(metrics),
            top=top,
            by=by,
            rescale=rescale,
            tags=tuple(f"{key}={text}" for key, text in (tags or {}).items()),
            in_sample=in_sample,
            members=members,
            ensemble=ensemble,
            skip_unlabeled=skip_unlabeled,
            common=common,
            per_item=per_item,
            resamples=resamples,
            seed=seed,
        )
        notes: list[str] = []
        scored = score_stage(request, progress, notes.append)
        notes += misordered_notes(scored_runs([scored.scores]))
        chosen = [str(name) for name in scored.scores.metric] if metrics else ()
        return Result.of(scored.scores, "scores", notes, chosen)


def _run_name(file: Source) -> str:
    """What a run is called that nobody named: as its file, or what it is."""
    return file.stem.removesuffix(" (array)").removesuffix(" (frame)")
