"""Score runs, which are predictions under a name, against labels and truth."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from typing import Any, TypeAlias

import numpy as np

from c10h.errors import InputError, InSampleError
from c10h.formats.hints import Tell, brief, silent
from c10h.formats.lazy_rows import ensemble_of
from c10h.formats.predictions_and_labels import LEFT_OUT
from c10h.formats.truth_files import Truth, check_truth, in_order_of
from c10h.items import Items, align
from c10h.metrics.exposure import HELD_OUT, IN_SAMPLE, UNKNOWN, of_all
from c10h.metrics.metrics import METRICS
from c10h.metrics.needed_inputs import Needs
from c10h.metrics.over_networks import BY_FOLD, MEAN
from c10h.metrics.references import RESCALED
from c10h.records import Array, Labels, Predictions, Scores, Setting
from c10h.stages.class_order import common_classes, labels_in_order, predictions_in_order
from c10h.stages.collect_scores import EvaluatedRun, collect
from c10h.stages.network_metrics import Evaluation, evaluate
from c10h.stages.people import People, people_of_truth
from c10h.stages.predicted_items import digest_items, items_of, some_items
from c10h.stages.reference_fit import FittedReferences, fit_references, item_keys
from c10h.stages.score_request import NOTHING, PEOPLE, TRUTH
from c10h.stages.seen_in_training import exposure, learned_from_networks, seen_in_training

Advance: TypeAlias = Callable[[int], None]

TAUGHT = (
    "trained on labels that are predictions of networks: what those networks were trained on does "
    "not count as seen"
)
UNEDITED = (
    "held-out by pixels: no item is a training image, or made from one by c10h; copies that were "
    "mirrored, edited or saved again are not recognised"
)


@dataclass(frozen=True)
class Against:
    """What runs are scored against; their own truth where there is neither.

    digest: says which files these are, so that only runs scored against the same ones are paired.
    data: the data set that they are of, for messages; empty where they are for all.
    """

    labels: Labels | None = None
    truth: Truth | None = None
    digest: str = ""
    data: str = ""


@dataclass(frozen=True)
class Run:
    """Predictions to score under a name, with what their user says of them.

    not_rescaled: why no temperature is of use to them; empty where one is. against: what to score
    them against; None for what all runs are scored against.
    """

    name: str
    predictions: Predictions
    network: str = ""
    training: str = ""
    data: str = ""
    seed: str = ""
    not_rescaled: str = ""
    against: Against | None = None


@dataclass(frozen=True)
class Options:
    """What to compute. metrics: names in the order of METRICS. by: a name in STRATA, or None.

    rescale: one of RESCALE, what temperatures are fitted to; None: people where there are any, else
    the truth. Without any the references are left out. members: whether each member of a run is a
    run of its own, in place of their mean. ensemble: whether the mean softmax of the members is
    scored in its place. skip_unlabeled: leave items out that the labels do not have.
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
    known: dict[int, _Known | None] = {}
    for key, against in every.items():
        of_all = _known(against, classes, tell)
        if of_all is not None and options.skip_unlabeled:
            of_all = replace(of_all, may_lack=inf)
        known[key] = _with_truth_of_runs(of_all, [r for r in runs if r.against is against], tell)
    matched: dict[str, list[str]] = {}
    scored: list[EvaluatedRun] = []
    for run in runs:
        joined = _join(run, known[id(run.against)], classes)
        matched.setdefault(joined.told, []).append(run.name)
        if joined.people.truth is not None:
            check_truth(joined.people.truth, len(classes), f"{run.name}: truth")
        scored += _evaluate_run(joined, options, advance)
    for told, together in matched.items():
        if told:
            tell(f"{brief(together, 3)}: {told}")
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


@dataclass(frozen=True)
class _Known:
    """What labels and truth say, in the order of the labels, or else of the truth.

    are_labels: whether of labels. may_lack: how many items they need not have. note: what could
    not be compared.
    """

    people: People
    are_labels: bool
    may_lack: float
    note: str = ""
    data: str = ""

    @property
    def where(self) -> str:
        """What has them, for messages."""
        of_data = f" of {self.data}" if self.data else ""
        return ("the labels" if self.are_labels else "the truth") + of_data


def _known(against: Against, classes: tuple[str, ...], tell: Tell) -> _Known | None:
    """What there is to score against besides predictions; None for nothing."""
    known = _known_of(against, classes, tell)
    return None if known is None else replace(known, data=against.data)


def _known_of(against: Against, classes: tuple[str, ...], tell: Tell) -> _Known | None:
    labels, truth = against.labels, against.truth
    if labels is not None:
        labels = labels_in_order(labels, classes, "labels")
    if truth is not None:
        truth = in_order_of(truth, classes, "truth")
    if labels is None:
        if truth is None:
            return None
        return _Known(people_of_truth(truth, classes), are_labels=False, may_lack=inf)
    left_out = int(labels.settings.get(LEFT_OUT) or 0)
    if truth is None:
        return _Known(People.of(labels, None, classes), are_labels=True, may_lack=left_out)
    items, others = Items("the labels", labels.probs.shape[0], labels.ids), truth.items("the truth")
    matched = align(items, others, may_lack=inf if items.ids is not None else 0)
    tell(f"the labels: {matched.describe(items, others)}")
    truth = truth.at(matched.rows)
    people = People.of(labels, truth.values, classes, truth.right)
    return _Known(people, are_labels=True, may_lack=left_out, note=matched.note)


def _with_truth_of_runs(known: _Known | None, runs: Sequence[Run], tell: Tell) -> _Known | None:
    """With the true classes that some runs bring, where others of them have none.

    Else runs on the same items could not be compared. Raises MismatchError where they differ.
    """
    bringing = [run for run in runs if run.predictions.truth is not None]
    if known is None or known.people.truth is not None or not 0 < len(bringing) < len(runs):
        return known
    people = known.people
    for run in bringing:
        matched = align(items_of(run.predictions, run.name), people.items(known.where),
                        may_lack=known.may_lack)  # fmt: skip
        truth = np.full(people.size, -1, dtype=np.int64)
        rows = np.arange(people.size) if matched.rows is None else matched.rows
        truth[rows[rows >= 0]] = np.asarray(run.predictions.truth)[rows >= 0]
        people = people.agreeing(truth, run.name)
    tell(f"{known.where}: true classes from {brief([run.name for run in bringing], 3)}")
    return replace(known, people=people)


@dataclass(frozen=True)
class _Joined:
    """A run, and what is known of its items, in their order; rows: where they are in the labels.

    note: what could not be compared, or was left out. told: how the items were matched.
    """

    run: Run
    people: People
    rows: Array | None
    note: str = ""
    told: str = ""


def _join(run: Run, known: _Known | None, classes: tuple[str, ...]) -> _Joined:
    """Match the items of a run with those of labels and truth, and put them in their order.

    Predictions in another order are held in memory. Raises MismatchError.
    """
    own = run.predictions.truth
    if known is None:
        if own is None:
            raise InputError(
                f"{run.name}: nothing to compare with: use --labels, --truth or predictions "
                "that have a truth"
            )
        return _Joined(run, People.of(None, own, classes), run.predictions.index)
    items, others = items_of(run.predictions, run.name), known.people.items(known.where)
    # A truth need not know all items, but which those are only their names say.
    named = known.are_labels or items.ids is not None
    matched = align(
        items,
        others,
        may_lack=known.may_lack if named else 0,
        remedy="--skip-unlabeled leaves out items without labels" if known.are_labels else "",
    )
    rows, notes = matched.rows, [known.note, matched.note]
    if rows is not None and matched.absent:
        kept = rows >= 0
        lack = "labels" if known.are_labels else "true class"
        notes.append(f"{matched.absent:,} of {len(rows):,} items have no {lack} and are left out")
        run = replace(run, predictions=some_items(run.predictions, kept))
        rows = rows[kept]
    if rows is not None and (np.diff(rows) < 0).any():
        # In one order, runs are resampled alike: differences between them are paired.
        run = replace(run, predictions=some_items(run.predictions, np.argsort(rows)))
        rows = np.sort(rows)
    own = run.predictions.truth
    people = known.people.take(rows).agreeing(own, run.name)
    note = "\n".join(filter(None, notes))
    return _Joined(run, people, rows, note, matched.describe(items, others))


def _evaluate_run(joined: _Joined, options: Options, advance: Advance) -> list[EvaluatedRun]:
    """A run as a row of the result, or each of its networks as one where they stay apart."""
    run, people = joined.run, joined.people
    assert run.against is not None
    items = digest_items(people, joined.rows, run.against.digest)
    row = partial(EvaluatedRun, network=run.network, training=run.training, data=run.data,
                  seed=run.seed, items=items)  # fmt: skip
    predictions = run.predictions
    if predictions.logits.shape[0] == 1:
        numbers, fold = _folds(predictions)
        evaluation = _evaluate(joined, 0, run.name, options, advance, fold)
        exposure = _exposure(predictions, 0, run.name, options)
        alone = row(name=run.name, exposure=exposure, evaluations=[evaluation])
        return [alone if fold is None else replace(alone, **_by_fold(numbers, fold, items))]
    names = [f"{run.name}/{member}" for member in predictions.member]
    exposures = [_exposure(predictions, m, name, options) for m, name in enumerate(names)]
    if options.ensemble:
        joined = replace(joined, run=replace(run, predictions=_together(predictions, run.name)))
        evaluation = _evaluate(joined, 0, run.name, options, advance)
        return [row(name=run.name, exposure=of_all(exposures), evaluations=[evaluation])]
    evaluations = [_evaluate(joined, m, name, options, advance) for m, name in enumerate(names)]
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
    joined: _Joined,
    member: int,
    name: str,
    options: Options,
    advance: Advance,
    fold: Array | None = None,
) -> Evaluation:
    evaluation = evaluate(
        joined.run.predictions,
        member,
        joined.people,
        options.metrics,
        by=options.by,
        seed=options.seed,
        references=_fit(joined, member, options, name),
        fold=fold,
        per_item=options.per_item,
        advance=advance,
    )
    taught = learned_from_networks(joined.run.predictions.lineage)
    held_out = joined.run.predictions.fold is None and (
        exposure(joined.run.predictions, member) == HELD_OUT
    )
    notes = [
        joined.note,
        evaluation.notes,
        TAUGHT if taught else "",
        UNEDITED if held_out else "",
    ]
    return replace(evaluation, notes="\n".join(filter(None, notes)))


def _fit(joined: _Joined, member: int, options: Options, name: str) -> FittedReferences | None:
    """What references are made from, unless none are wanted."""
    people, rescale = joined.people, options.rescale
    if rescale == NOTHING:
        return None
    if rescale == PEOPLE and people.probs is None:
        raise InputError(f"{name}: --rescale people needs {Needs.PEOPLE}")
    if rescale == TRUTH and not people.known:
        raise InputError(f"{name}: --rescale truth needs {Needs.TRUTH}")
    references = fit_references(
        joined.run.predictions.logits,
        member,
        people,
        item_keys(people, joined.rows),
        to_people=people.probs is not None and rescale != TRUTH,
        seed=options.seed,
    )
    if not joined.run.not_rescaled:
        return references
    missing = {**references.missing, RESCALED: joined.run.not_rescaled}
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
