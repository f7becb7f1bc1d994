"""``c10h.build_labels``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from c10h.api.arguments import Names, words
from c10h.api.inputs import opened
from c10h.api.results import Result
from c10h.datasets.catalogue import IMAGES, JUDGMENTS, LABELS, PREDICTIONS
from c10h.errors import InputError, unknown_name
from c10h.formats.hints import AUTO, make_hints
from c10h.formats.known_column_names import Columns
from c10h.labels.judgment_filters import Filters
from c10h.labels.sources import SOURCES, Takes

# What is done with judgments without a label.
MISSING = ("refuse", "drop", "zero")


def build_labels(
    source: Any,
    what: str = "human",
    *,
    truth: Any = None,
    prior: float = 0.0,
    smoothing: float = 0.1,
    temperature: float = 1.0,
    seed: int = 0,
    annotator: str | None = None,
    item: str | None = None,
    label: str | None = None,
    check: str | None = None,
    correct: str | None = None,
    rt: str | None = None,
    true_label: str | None = None,
    where: Names = (),
    min_attention: float | None = None,
    rt_min: float | None = None,
    rt_max: float | None = None,
    missing: str = "refuse",
    drop_label: Names = (),
    drop_annotator: Names = (),
    min_votes: int = 0,
    classes: Names | None = None,
    columns: str | slice | Sequence[str] | None = None,
    header: bool | None = None,
    layout: str = AUTO,
    logits: bool = False,
    probs: bool = False,
    one_based: bool = False,
) -> Result:
    """Build soft labels: ``c10h labels build --as WHAT``.

    source: a table of judgments, votes (n, c), probabilities, or true classes; for distill a list
    of predictions. what: a name that ``c10h labels build --help`` lists. The other options are
    those of that command.
    The result is labels: ``probs`` float64 (n, c), and ``counts`` int32 (n, c) where there are
    votes.
    """
    from c10h.stages.labels_build import build_labels as build_stage
    from c10h.stages.labels_build_request import BuildRequest

    if missing not in MISSING:
        raise InputError(f"--missing: {unknown_name('value', missing, MISSING)}")
    several = what in SOURCES and SOURCES[what].takes is Takes.PREDICTIONS
    values = source if several and isinstance(source, list | tuple) else [source]
    forms = (PREDICTIONS,) if several else (JUDGMENTS, LABELS, IMAGES)
    with opened() as inputs:
        request = BuildRequest(
            what=what,
            sources=[inputs.open(value, "source", *forms) for value in values],
            truth=inputs.optional(truth, "truth", LABELS, IMAGES),
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
                zero=missing == "zero",
            ),
            columns=Columns(annotator, item, label, check, correct, rt, true_label),
            filters=Filters(
                min_attention,
                rt_min,
                rt_max,
                min_votes,
                missing == "drop",
                words(drop_label),
                words(drop_annotator),
                words(where),
            ),
            prior=prior,
            smoothing=smoothing,
            temperature=temperature,
            seed=seed,
        )
        notes: list[str] = []
        built = build_stage(request, tell=notes.append)
        return Result.of(built.labels, "labels", notes)
