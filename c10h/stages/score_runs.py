"""Score runs, which are predictions under a name, against labels and truth."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from c10h.errors import InputError, InSampleError
from c10h.formats.hints import Tell, brief, silent
from c10h.formats.lazy_rows import ensemble_of
from c10h.formats.truth_files import Truth
from c10h.metrics.estimates import EXCHANGED
from c10h.metrics.exposure import HELD_OUT, IN_SAMPLE, UNKNOWN, of_all
from c10h.metrics.metrics import METRICS
from c10h.metrics.needed_inputs import Needs
from c10h.metrics.over_networks import BY_FOLD, MEAN
from c10h.metrics.references import RESCALED
from c10h.records import Array, Labels, Predictions, Scores, Setting
from c10h.stages.class_order import common_classes, predictions_in_order
from c10h.stages.collect_scores import EvaluatedRun, collect
from c10h.stages.matched_runs import Against, MatchedRun, Run, matched_runs
from c10h.stages.network_metrics import Evaluation, evaluate
from c10h.stages.predicted_items import digest_items
from c10h.stages.reference_fit import FittedReferences, fit_references, item_keys
from c10h.stages.score_request import NOTHING, PEOPLE, TRUTH
from c10h.stages.seen_in_training import exposure, learned_from_networks, seen_in_training

Advance: TypeAlias = Callable[[int], None]

# Classes that a note of exchanged ones names.
MOST_EXCHANGED = 3
TAUGHT = (
    "trained on labels that are predictions of networks: what those networks were trained on does "
    "not count as seen"
)
UNEDITED = (
    "held-out by pixels: no item is a training image, or made from one by c10h; copies that were "
    "mirrored, edited or saved again are not recognised"
)


@dataclass(frozen=True)
class Options:
    """What to compute. metrics: names in the order of METRICS. by: a name in STRATA, or None.

    rescale: one of RESCALE, what temperatures are fitted to; None: people where there are any, else
    the truth. Without any the references are left out. members: whether each member of a run is a
    run of its own, in place of their mean. ensemble: whether the mean softmax of the members is
    scored in its place. skip_unlabeled: leave items out that the labels do not have. common: leave
    items out that not all runs of their data set have.
    """

    metrics: Sequence[str] = tuple(METRICS)
    by: str | None = None
    resamples: int = 1000
    seed: int = 0
    in_sample: bool = False
    per_item: bool = False
    labels_digest: str = ""
    rescale: str | None = None
    members: bool = False
    ensemble: bool = False
    skip_unlabeled: bool = False
    common: bool = False


DEFAULTS = Options()


def score_runs(
    runs: Sequence[Run],
    labels: Labels | None = None,
    truth: Truth | None = None,
    options: Options = DEFAULTS,
    classes: tuple[str, ...] | None = None,
    advance: Advance = lambda items: None,
    tell: Tell = silent,
) -> Scores:
    """Every chosen metric of every run; means over its members, where a run has several.

    labels, truth: what to score against, unless a run says otherwise; at least one, or predictions
        that carry their truth.
    classes: names for inputs without their own, in their order; else the first input's that has
        any. advance: called with numbers of items as they are scored. tell: called with a line on
        how items were matched.
    Raises MismatchError where inputs do not belong together, InSampleError for predictions on
    training items unless the options allow them, InputError where there is nothing to compare.
    """
    for_all = Against(labels, truth, options.labels_digest)
    every = {id(against): against for against in (run.against or for_all for run in runs)}
    classes = classes or common_classes(
        [
            *(against.labels for against in every.values() if against.labels is not None),
            *(run.predictions for run in runs),
        ]
    )
    if classes is None:
        raise InputError("nothing to score")
    runs = [
        replace(
            run,
            against=run.against or for_all,
            predictions=predictions_in_order(run.predictions, classes, run.name),
        )
        for run in runs
    ]
    told: dict[str, list[str]] = {}
    scored: list[EvaluatedRun] = []
    for matched in matched_runs(
        runs, classes, skip_unlabeled=options.skip_unlabeled, common=options.common, tell=tell
    ):
        told.setdefault(matched.told, []).append(matched.run.name)
        scored += _evaluate_run(matched, options, advance)
    for line, together in told.items():
        if line:
            tell(f"{brief(together, 3)}: {line}")
    for (name, data), count in Counter((run.name, run.data) for run in scored).items():
        if count > 1:
            on = f" on {data}" if data else ""
            raise InputError(f"two runs are called {name!r}{on}: name them with NAME=FILE")
    settings: dict[str, Setting] = {
        "seed": options.seed,
        "resamples": options.resamples,
        "by": options.by or "",
        "rescale": options.rescale or "",
    }
    return collect(scored, classes, options.metrics, settings, per_item=options.per_item)


def _evaluate_run(matched: MatchedRun, options: Options, advance: Advance) -> list[EvaluatedRun]:
    """A run as a row of the result, or each of its networks as one where they stay apart."""
    run, people = matched.run, matched.people
    assert run.against is not None
    items = digest_items(people, matched.rows, run.against.digest)
    row = partial(EvaluatedRun, network=run.network, training=run.training, data=run.data,
                  seed=run.seed, items=items)  # fmt: skip
    predictions = run.predictions
    if predictions.logits.shape[0] == 1:
        numbers, fold = _folds(predictions)
        evaluation = _evaluate(matched, 0, run.name, options, advance, fold)
        exposure = _exposure(predictions, 0, run.name, options)
        alone = row(name=run.name, exposure=exposure, evaluations=[evaluation])
        return [alone if fold is None else replace(alone, **_by_fold(numbers, fold, items))]
    names = [f"{run.name}/{member}" for member in predictions.member]
    exposures = [_exposure(predictions, m, name, options) for m, name in enumerate(names)]
    if options.ensemble:
        matched = replace(matched, run=replace(run, predictions=_together(predictions, run.name)))
        evaluation = _evaluate(matched, 0, run.name, options, advance)
        return [row(name=run.name, exposure=of_all(exposures), evaluations=[evaluation])]
    evaluations = [_evaluate(matched, m, name, options, advance) for m, name in enumerate(names)]
    if options.members:
        return [
            row(name=name, exposure=exposure, evaluations=[evaluation])
            for name, exposure, evaluation in zip(names, exposures, evaluations, strict=True)
        ]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two networks are called {name!r}")
    return [
        row(
            name=run.name,
            exposure=of_all(exposures),
            evaluations=evaluations,
            combined=MEAN,
            networks=_network_names(predictions),
            network_items=[items] * len(names),
        )
    ]


def _together(predictions: Predictions, name: str) -> Predictions:
    """The mean prediction of several networks as that of one."""
    logits = ensemble_of(predictions.logits)
    return replace(predictions, logits=logits, member=np.array([name]), member_fold=None)


def _folds(predictions: Predictions) -> tuple[list[int], Array | None]:
    """The folds whose networks predicted the items, and the place of each item's among them.

    None where no fold, or one alone, predicted them.
    """
    if predictions.fold is None or (predictions.fold < 0).any():
        return [], None
    folds, place = np.unique(predictions.fold, return_inverse=True)
    return (folds.tolist(), place) if len(folds) > 1 else ([], None)


def _by_fold(numbers: Sequence[int], fold: Array, items: str) -> dict[str, Any]:
    """What says that each item was predicted by the network of its fold."""
    rows = [hashlib.sha256(np.packbits(fold == at).tobytes()) for at in range(len(numbers))]
    return {
        "combined": BY_FOLD,
        "networks": [f"fold-{number}" for number in numbers],
        "network_items": [f"{items} {digest.hexdigest()}" for digest in rows],
    }


def _network_names(predictions: Predictions) -> list[str]:
    """The folds of a run's networks, by which those of two runs are compared; else their names."""
    folds = predictions.member_fold
    if folds is not None and (folds >= 0).all() and len(set(folds.tolist())) == len(folds):
        return [f"fold-{number}" for number in folds.tolist()]
    return [str(name) for name in predictions.member]


def _evaluate(
    matched: MatchedRun,
    member: int,
    name: str,
    options: Options,
    advance: Advance,
    fold: Array | None = None,
) -> Evaluation:
    references = _fit(matched, member, options, name)
    evaluation = evaluate(
        matched.run.predictions,
        member,
        matched.people,
        options.metrics,
        by=options.by,
        seed=options.seed,
        references=references,
        fold=fold,
        per_item=options.per_item,
        advance=advance,
    )
    taught = learned_from_networks(matched.run.predictions.lineage)
    held_out = matched.run.predictions.fold is None and (
        exposure(matched.run.predictions, member) == HELD_OUT
    )
    notes = [
        "" if references is None else _exchanged(references, matched.people.classes),
        matched.run.note,
        matched.note,
        evaluation.notes,
        TAUGHT if taught else "",
        UNEDITED if held_out else "",
    ]
    return replace(evaluation, notes="\n".join(filter(None, notes)))


def _exchanged(references: FittedReferences, classes: Sequence[str]) -> str:
    """That classes seem to be exchanged, which a wrong order of columns does; "" where none are."""
    if not references.exchanged:
        return ""
    pairs = [
        f"{classes[first]} is {classes[seen]} in most labels"
        for first, seen in references.exchanged
    ]
    return f"{EXCHANGED} {brief(pairs, MOST_EXCHANGED)}"


def _fit(matched: MatchedRun, member: int, options: Options, name: str) -> FittedReferences | None:
    """What references are made from, unless none are wanted."""
    people, rescale = matched.people, options.rescale
    if rescale == NOTHING:
        return None
    if rescale == PEOPLE and people.probs is None:
        raise InputError(f"{name}: --rescale people needs {Needs.PEOPLE}")
    if rescale == TRUTH and not people.known:
        raise InputError(f"{name}: --rescale truth needs {Needs.TRUTH}")
    references = fit_references(
        matched.run.predictions.logits,
        member,
        people,
        item_keys(people, matched.rows),
        to_people=people.probs is not None and rescale != TRUTH,
        seed=options.seed,
    )
    if not matched.run.not_rescaled:
        return references
    missing = {**references.missing, RESCALED: matched.run.not_rescaled}
    return replace(references, missing=missing)


def _exposure(predictions: Predictions, member: int, name: str, options: Options) -> str:
    """Whether a network was trained on the items that it predicts."""
    seen = seen_in_training(predictions, member)
    if seen is None:
        return UNKNOWN
    if not seen.any():
        return HELD_OUT
    if not options.in_sample:
        raise InSampleError(
            f"{name}: the network was trained on {int(seen.sum())} of these {len(seen)} items: "
            "score held-out predictions, or use --in-sample"
        )
    return IN_SAMPLE
