"""Score predictions against people and truth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from c10h.data.readers import FROM_PROBS
from c10h.data.rows import SMALLEST
from c10h.errors import InputError, InSampleError
from c10h.metrics import METRICS, second_best
from c10h.metrics.block import Block, Float
from c10h.metrics.bootstrap import interval, weights
from c10h.metrics.ceilings import (
    CEILINGS,
    NEEDS_NO_VOTES,
    SPLIT_HALF,
    Ceiling,
    split_half,
    split_half_name,
)
from c10h.metrics.metric import Metric, Needs, Term, count
from c10h.metrics.ranks import RankMetric
from c10h.metrics.strata import ALL, STRATA
from c10h.metrics.sums import Formulas, add_totals, sum_by_cell
from c10h.records import Array, Labels, Predictions, Scores
from c10h.stages.join import (
    HELD_OUT,
    IN_SAMPLE,
    UNKNOWN,
    People,
    agreed_truth,
    common_classes,
    digest_items,
    labels_in_order,
    match_items,
    predictions_in_order,
    seen_in_training,
)
from c10h.stages.tally import Tally, cut, stratify, tally

Advance: TypeAlias = Callable[[int], None]


@dataclass(frozen=True)
class Run:
    """Predictions to score under a name, with what their user says of them."""

    name: str
    predictions: Predictions
    network: str = ""
    training: str = ""
    data: str = ""


@dataclass(frozen=True)
class Options:
    """What to compute. metrics: names in the order of METRICS. by: a name in STRATA, or None."""

    metrics: Sequence[str] = tuple(METRICS)
    by: str | None = None
    resamples: int = 1000
    seed: int = 0
    in_sample: bool = False
    per_item: bool = False
    labels_digest: str = ""


DEFAULTS = Options()


def score(
    runs: Sequence[Run],
    labels: Labels | None = None,
    truth: Array | None = None,
    options: Options = DEFAULTS,
    classes: tuple[str, ...] | None = None,
    advance: Advance = lambda items: None,
) -> Scores:
    """Every chosen metric of every run (of every member, where a run has several).

    labels, truth: what to score against, at least one, or predictions that carry their truth.
    classes: names for inputs without their own, in their order; else the first input's that has
        any. advance: called with numbers of items as they are scored.
    Raises MismatchError where inputs do not belong together, InSampleError for predictions on
    training items unless the options allow them, InputError where there is nothing to compare.
    """
    inputs: list[Labels | Predictions] = [
        *([labels] if labels else []),
        *(run.predictions for run in runs),
    ]
    classes = classes or common_classes(inputs)
    if classes is None:
        raise InputError("nothing to score")
    if labels is not None:
        labels = labels_in_order(labels, classes, "labels")
    scored: list[_Scored] = []
    for run in runs:
        predictions = predictions_in_order(run.predictions, classes, run.name)
        run = replace(run, predictions=predictions)
        people, rows = _people_of(run, labels, truth, classes)
        scored += [
            _score_member(run, member, people, rows, options, advance)
            for member in range(predictions.logits.shape[0])
        ]
    return _collect(scored, classes, options)


def _people_of(
    run: Run, labels: Labels | None, truth: Array | None, classes: tuple[str, ...]
) -> tuple[People, Array | None]:
    """What is known of the items of a run, in its order, and their rows in the labels."""
    own = run.predictions.truth
    if labels is None and truth is None:
        if own is None:
            raise InputError(
                f"{run.name}: nothing to score against: give --labels, --truth or predictions "
                "with a truth"
            )
        return People.of(None, own, classes), run.predictions.index
    people = People.of(labels, truth, classes)
    rows = match_items(run.predictions, people, run.name)
    people = people.take(rows)
    if own is not None:
        if people.truth is not None:
            agreed_truth(people.truth, own, run.name)
        people = replace(people, truth=own)
    return people, rows


@dataclass
class _Scored:
    """One row of the result: per stratum (first all items), formulas and ceilings by metric."""

    run: Run
    name: str
    items: str
    exposure: str
    notes: str
    missing: Mapping[str, str]
    strata: list[str]
    formulas: list[Formulas]
    ceilings: list[dict[tuple[str, str], float]]
    per_item: Mapping[str, Array]
    groups: int
    size: int


def _score_member(
    run: Run, member: int, people: People, rows: Array | None, options: Options, advance: Advance
) -> _Scored:
    predictions = run.predictions
    name = run.name
    if predictions.logits.shape[0] > 1:
        name = f"{name}/{predictions.member[member]}"
    exposure = _exposure(predictions, member, name, options)
    missing = {
        metric: f"needs {need}"
        for metric in options.metrics
        for need in METRICS[metric].needs
        if not people.has(need)
    }
    chosen = {metric: METRICS[metric] for metric in options.metrics if metric not in missing}
    means = {key: metric for key, metric in chosen.items() if isinstance(metric, Metric)}
    ranked = {key: metric for key, metric in chosen.items() if isinstance(metric, RankMetric)}
    limits = _ceilings_for(chosen, people)
    told = _terms_of_notes(chosen, predictions)
    if options.by is not None and not people.has(STRATA[options.by].needs):
        raise InputError(f"--by {options.by} needs {STRATA[options.by].needs}")
    cells, strata = stratify(people, options.by, options.seed)
    terms: list[Term] = [count, *told]
    terms += [term for metric in means.values() for term in metric.terms]
    terms += [term for ceiling in limits.values() for term in ceiling.terms]
    found = tally(
        predictions.logits,
        member,
        people,
        cells,
        terms,
        [term for metric in ranked.values() for term in metric.retains],
        {key: metric for key, metric in means.items() if options.per_item and metric.per_item},
        options.seed,
        advance,
    )
    numbers = [None, *range(len(strata))]
    return _Scored(
        run=run,
        name=name,
        items=digest_items(people, rows, options.labels_digest),
        exposure=exposure,
        notes=_notes(told, found),
        missing=missing,
        strata=strata,
        formulas=[_formulas(means, ranked, found, number) for number in numbers],
        ceilings=[_ceilings(limits, chosen, found, number, options.seed) for number in numbers],
        per_item=found.per_item,
        groups=cells.groups,
        size=people.size,
    )


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
            "score held-out predictions, or say --in-sample"
        )
    return IN_SAMPLE


def _formulas(
    means: Mapping[str, Metric],
    ranked: Mapping[str, RankMetric],
    found: Tally,
    stratum: int | None,
) -> Formulas:
    """The metrics of one stratum (None: of all items) as formulas over its cells' sums."""
    cells = _cells_in(found, stratum)
    formulas = Formulas(found.cells.group[cells], found.cells.groups)
    for name, metric in means.items():
        formulas.add(
            name, metric.combine, {term: found.totals[term][cells] for term in metric.terms}
        )
    number = found.cells.of_item
    if stratum is not None and ranked:
        number = number[found.items_in(stratum)] - cells.start
    for name, rank_metric in ranked.items():
        if not len(number):
            formulas.add(name, _undefined, {count: found.totals[count][cells]})
            continue
        fit = rank_metric.fit(*(found.retained_in(term, stratum) for term in rank_metric.retains))
        total: dict[Term, Float] = {}
        for items in cut(len(number)):
            part = sum_by_cell(fit.term(items), number[items], len(formulas.group))
            add_totals(total, {count: part})
        formulas.add(name, fit.combine, {name: total[count], count: found.totals[count][cells]})
    return formulas


def _undefined(items: Float) -> Float:
    return np.full_like(items, np.nan)


def _cells_in(found: Tally, stratum: int | None) -> slice:
    return slice(0, len(found.cells)) if stratum is None else found.cells.slice_of(stratum)


def _ceilings_for(chosen: Iterable[str], people: People) -> dict[tuple[str, str], Ceiling]:
    """Closed-form ceilings by (metric, method) that can be computed."""
    return {
        (metric, method): ceiling
        for metric in chosen
        for method, ceiling in CEILINGS.get(metric, {}).items()
        if people.has(Needs.PEOPLE if method == NEEDS_NO_VOTES else Needs.COUNTS)
    }


def _ceilings(
    limits: Mapping[tuple[str, str], Ceiling],
    chosen: Iterable[str],
    found: Tally,
    stratum: int | None,
    seed: int,
) -> dict[tuple[str, str], float]:
    """Values by (metric, method), closed forms and split halves."""
    cells = _cells_in(found, stratum)
    values = {}
    for key, ceiling in limits.items():
        sums = (found.totals[term][cells].sum(axis=0, keepdims=True) for term in ceiling.terms)
        values[key] = float(ceiling.combine(*sums)[0])
    wanted = [metric for metric in SPLIT_HALF if metric in chosen]
    if found.votes is not None and wanted:
        votes, method = found.votes, split_half_name(found.votes)
        if stratum is not None:
            votes = votes[found.items_in(stratum)[found.voters]]
        split = split_half(votes, seed)
        values.update({(metric, method): split[metric] for metric in wanted})
    return values


def _clipped(block: Block) -> Float:
    """How many probabilities of an item were 0 and are taken as the smallest float32."""
    return np.asarray((block.logits <= np.log(SMALLEST)).sum(axis=0, dtype=np.float64))


# Terms that a reader should know of where they are not 0.
_NOTES: Mapping[Term, str] = {
    _clipped: "{:,} probabilities of 0, taken as 1.2e-38, the smallest normal float32",
    second_best.second_tied: "{:,} items whose second-best logits tie: sba in expectation",
}


def _terms_of_notes(chosen: Iterable[str], predictions: Predictions) -> list[Term]:
    told: list[Term] = [_clipped] if predictions.settings.get(FROM_PROBS) else []
    return told + ([second_best.second_tied] if "sba" in chosen else [])


def _notes(told: Iterable[Term], found: Tally) -> str:
    sums = {term: round(float(found.totals[term].sum())) for term in told}
    return "\n".join(_NOTES[term].format(total) for term, total in sums.items() if total)


def _collect(scored: Sequence[_Scored], classes: tuple[str, ...], options: Options) -> Scores:
    """Values, intervals, reasons and ceilings of all runs as one record."""
    strata = list(dict.fromkeys([ALL, *(name for one in scored for name in one.strata)]))
    shape = (len(scored), len(options.metrics), len(strata))
    value, n = np.full(shape, np.nan), np.zeros(shape, dtype=np.int64)
    limits: dict[str, Array] = {}
    for r, one in enumerate(scored):
        for name, formulas, ceiling in zip(
            [ALL, *one.strata], one.formulas, one.ceilings, strict=True
        ):
            t = strata.index(name)
            for metric, (values, items) in formulas.evaluate().items():
                q = options.metrics.index(metric)
                value[r, q, t], n[r, q, t] = values[0], round(float(items[0]))
            for (metric, method), limit in ceiling.items():
                array = limits.setdefault(method, np.full(shape, np.nan))
                array[r, options.metrics.index(metric), t] = limit
    samples = _resample(scored, strata, options)
    low, high = interval(samples)
    known = np.isfinite(value) | np.isinf(value)
    return Scores(
        classes=classes,
        settings={"seed": options.seed, "resamples": options.resamples, "by": options.by or ""},
        value=value,
        low=np.where(known, low, np.nan),
        high=np.where(known, high, np.nan),
        n=n,
        why=_reasons(scored, strata, options, known),
        ceilings=limits,
        run=np.array([one.name for one in scored]),
        network=np.array([one.run.network for one in scored]),
        training=np.array([one.run.training for one in scored]),
        data=np.array([one.run.data for one in scored]),
        items=np.array([one.items for one in scored]),
        exposure=np.array([one.exposure for one in scored]),
        notes=np.array([one.notes for one in scored]),
        metric=np.array(options.metrics),
        stratum=np.array(strata),
        samples=samples,
        per_item=_per_item(scored, options),
    )


def _resample(scored: Sequence[_Scored], strata: Sequence[str], options: Options) -> Array:
    """Bootstrap values, float32 (r, q, t, B). Runs over equally many items share their weights."""
    shape = (len(scored), len(options.metrics), len(strata), options.resamples)
    samples = np.full(shape, np.nan, dtype=np.float32)
    for count_ in {one.groups for one in scored}:
        mine = [r for r, one in enumerate(scored) if one.groups == count_]
        for block, drawn in weights(count_, options.resamples, options.seed):
            for r in mine:
                for name, formulas in zip(
                    [ALL, *scored[r].strata], scored[r].formulas, strict=True
                ):
                    for metric, (values, _) in formulas.evaluate(drawn).items():
                        q, t = options.metrics.index(metric), strata.index(name)
                        samples[r, q, t, block] = values
    return samples


def _reasons(
    scored: Sequence[_Scored], strata: Sequence[str], options: Options, known: Array
) -> Array:
    """Why a value does not exist, "" where it does."""
    reasons = np.full(known.shape, "", dtype=object)
    for r, q, t in np.argwhere(~known):
        metric = options.metrics[q]
        there = strata[t] == ALL or strata[t] in scored[r].strata
        absent = METRICS[metric].absent if there else "the run has no such stratum"
        reasons[r, q, t] = scored[r].missing.get(metric, absent)
    return reasons.astype(np.str_)


def _per_item(scored: Sequence[_Scored], options: Options) -> Array | None:
    if not options.per_item:
        return None
    if len({one.size for one in scored}) > 1:
        raise InputError("--per-item: expected runs over equally many items; score them apart")
    values = np.full((len(scored), len(options.metrics), scored[0].size), np.nan, np.float32)
    for r, one in enumerate(scored):
        for metric, items in one.per_item.items():
            values[r, options.metrics.index(metric)] = items
    return values
