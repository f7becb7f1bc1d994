"""The metrics and ceilings of one network, from one pass over its predictions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np

from c10h.errors import InputError, counted
from c10h.metrics import accuracy, divergence, second_best
from c10h.metrics.ceilings import (
    CEILINGS,
    NEEDS_NO_VOTES,
    SPLIT_HALF,
    Ceiling,
    miller_madow_bias,
    plug_in_entropy,
    split_half,
    split_half_name,
)
from c10h.metrics.item_block import Float
from c10h.metrics.metric_type import Metric, Term, count, known
from c10h.metrics.metrics import METRICS
from c10h.metrics.needed_inputs import Needs
from c10h.metrics.ranks import Ranked, RankMetric
from c10h.metrics.references import REFERENCES, RESCALED, Fitted, scale_share
from c10h.metrics.strata import ALL, STRATA
from c10h.metrics.sums import Formulas, add_totals, sum_by_cell
from c10h.records import Array, Predictions
from c10h.stages.clipped_probabilities import clipping_notes, clipping_terms
from c10h.stages.people import People
from c10h.stages.prediction_pass import NETWORK, Key, Part, Tally, cut, key, stratify, tally
from c10h.stages.reference_fit import FittedReferences

# Metrics that depend on the errors alone, and the number of errors from which their intervals hold.
OF_ERRORS, FEW_ERRORS = ("conf_wrong", "kappa_human", "aurc"), 20
# Why metrics of the truth do not exist where no item has one.
NO_TRUTH = "no item whose true class is known"
# How the reason begins of a metric that an input is missing for.
NEEDS = "needs "
# What the formula of :attr:`Evaluation.scale` is called.
SCALE = "scale"


# Why a reference without any uncertainty has no value of metrics of logarithms.
INFINITE = "infinite where a probability is 0"


@dataclass(frozen=True)
class ModelMetrics:
    """A network or one of its references: metrics as formulas, by stratum; the first is all items.

    missing: why a metric cannot be computed, by metric. folds: the same of all items of each fold.
    """

    missing: Mapping[str, str]
    strata: Mapping[str, Formulas]
    folds: Sequence[Formulas] = ()


@dataclass(frozen=True)
class Evaluation:
    """What is known of one network, before any resampling.

    network, references: the metrics of the network and of each of its references by name.
    without: why a reference does not exist, by name. fitted: what references are made from.
    scale: how much of the distance is scale, as a formula over all items.
    untold: strata without an item whose true class is known.
    ceilings: by (metric, method), of each stratum by name.
    """

    network: ModelMetrics
    references: Mapping[str, ModelMetrics]
    without: Mapping[str, str]
    fitted: Fitted | None
    scale: Formulas
    untold: Set[str]
    ceilings: Mapping[str, dict[tuple[str, str], float]]
    per_item: Mapping[str, Array]
    notes: str
    groups: int
    size: int

    def models(self) -> dict[str, ModelMetrics]:
        """The network and its references, by name."""
        return {NETWORK: self.network, **self.references}


@dataclass(frozen=True)
class _Chosen:
    """Metrics that can be computed of a model, and why others cannot."""

    means: Mapping[str, Metric]
    ranked: Mapping[str, RankMetric]
    missing: Mapping[str, str]

    def terms(self, model: str) -> list[Key]:
        return [key(model, term) for metric in self.means.values() for term in metric.terms]

    def retained(self, model: str) -> list[Key]:
        return [
            key(model, term)
            for metric in self.ranked.values()
            for term in (*metric.retains, metric.over)
            if term is not count
        ]

    def without_logarithms(self) -> _Chosen:
        """Those that are finite where a probability is 0."""
        infinite = {name for name, metric in self.means.items() if metric.of_logarithms}
        means = {name: metric for name, metric in self.means.items() if name not in infinite}
        return _Chosen(means, self.ranked, {**self.missing, **dict.fromkeys(infinite, INFINITE)})


def evaluate(
    predictions: Predictions,
    member: int,
    people: People,
    metrics: Sequence[str],
    *,
    by: str | None,
    seed: int,
    references: FittedReferences | None = None,
    fold: Array | None = None,
    per_item: bool = False,
    advance: Callable[[int], None] = lambda items: None,
) -> Evaluation:
    """Evaluate one member of predictions that are about the items of ``people``, in order.

    references: what was fitted to the same items; None for none. fold: the number of each item's
    fold, from 0, where items of different folds are of different networks. Raises InputError where
    the items cannot be divided by ``by``.
    """
    if by and (lacking := [need for need in STRATA[by].needs if not people.has(need)]):
        raise InputError(f"--by {by} needs {lacking[-1]}")
    chosen = _choose(metrics, people)
    computed = [*chosen.means, *chosen.ranked]
    models = {NETWORK: chosen, **_of_references(chosen, references)}
    limits, scale = _ceilings_for(computed, people), _scale_terms(people, models)
    noted = _terms_of_notes(computed, predictions)
    own = [count, *noted, *(term for ceiling in limits.values() for term in ceiling.terms)]
    if not _all_known(people):
        own.append(known)
    folds = 0 if fold is None else int(fold.max()) + 1
    cells, strata = stratify(people, by, seed, fold, max(1, folds))
    tallied = tally(
        predictions.logits,
        member,
        people,
        cells,
        [
            *(key(NETWORK, term) for term in own),
            *(term for model, of_model in models.items() for term in of_model.terms(model)),
            *scale,
        ],
        fitted=None if references is None else references.fitted,
        retain=[term for model, of_model in models.items() for term in of_model.retained(model)],
        per_item={k: metric for k, metric in chosen.means.items() if per_item and metric.per_item},
        seed=seed,
        advance=advance,
    )
    parts = {ALL: Part()} | {name: Part(stratum=at) for at, name in enumerate(strata)}
    evaluated = _evaluated(models, tallied, parts, folds)
    return Evaluation(
        network=evaluated.pop(NETWORK),
        references=evaluated,
        without={} if references is None else references.missing,
        fitted=None if references is None else references.fitted,
        scale=_scale_formula(scale, tallied),
        untold={name for name, part in parts.items() if not _known_in(tallied, part)},
        ceilings={
            name: _ceilings(limits, computed, tallied, part, seed) for name, part in parts.items()
        },
        per_item=tallied.per_item,
        notes="\n".join([*_notes_of_truth(computed, people), *_notes(computed, noted, tallied)]),
        groups=cells.groups,
        size=people.size,
    )


def _of_references(chosen: _Chosen, references: FittedReferences | None) -> dict[str, _Chosen]:
    """What is computed of each reference that there is."""
    if references is None:
        return {}
    return {
        name: chosen.without_logarithms() if reference.certain else chosen
        for name, reference in REFERENCES.items()
        if name not in references.missing
    }


def _evaluated(
    models: dict[str, _Chosen], tallied: Tally, parts: Mapping[str, Part], folds: int
) -> dict[str, ModelMetrics]:
    """The metrics of the network and of its references, whose terms are then forgotten."""
    evaluated: dict[str, ModelMetrics] = {}
    for model, of_model in reversed(models.items()):  # the network last, as references share terms
        evaluated[model] = ModelMetrics(
            of_model.missing,
            {name: _formulas(of_model, model, tallied, part) for name, part in parts.items()},
            [_formulas(of_model, model, tallied, Part(fold=at)) for at in range(folds)],
        )
        tallied.forget(model)
    return evaluated


def _choose(metrics: Sequence[str], people: People) -> _Chosen:
    """Metrics by their kind, and why some of them cannot be computed."""
    missing = {metric: why for metric in metrics if (why := _why_missing(metric, people))}
    chosen = {metric: METRICS[metric] for metric in metrics if metric not in missing}
    means = {name: metric for name, metric in chosen.items() if isinstance(metric, Metric)}
    ranked = {name: metric for name, metric in chosen.items() if isinstance(metric, RankMetric)}
    if _all_known(people):  # then the items are counted once, for all metrics
        means = {name: _over_all(metric) for name, metric in means.items()}
        ranked = {name: replace(metric, over=count) for name, metric in ranked.items()}
    return _Chosen(means, ranked, missing)


def _all_known(people: People) -> bool:
    return people.truth is None or people.known == people.size


def _scale_terms(people: People, models: Mapping[str, _Chosen]) -> list[Key]:
    """The cross-entropy of the network and of it rescaled, and what the least is made of."""
    if RESCALED not in models:
        return []
    if people.probs is None:
        return [key(model, divergence.ce_hard) for model in (NETWORK, RESCALED)]
    floor = [plug_in_entropy] + ([miller_madow_bias] if people.counts is not None else [])
    return [
        *(key(model, divergence.ce_human) for model in (NETWORK, RESCALED)),
        *(key(NETWORK, term) for term in floor),
    ]


def _scale_formula(terms: Sequence[Key], tallied: Tally) -> Formulas:
    formulas = Formulas(tallied.cells.group, tallied.cells.groups)
    if terms:
        sums = {term: tallied.totals[term] for term in [*terms, key(NETWORK, count)]}
        formulas.add(SCALE, _share_of_scale, sums)
    return formulas


def _share_of_scale(value: Float, rescaled: Float, *floor_and_items: Float) -> Float:
    *floor, _ = floor_and_items
    return scale_share(value, rescaled, sum(floor, np.zeros_like(value)))


def _why_missing(name: str, people: People) -> str:
    """Why a metric cannot be computed of any item; empty where it can."""
    metric = METRICS[name]
    lacking = [need for need in metric.needs if not people.has(need)]
    if lacking:
        return f"{NEEDS}{lacking[-1]}"
    if isinstance(metric, Metric) and len(people.classes) <= metric.more_classes_than:
        return f"{NEEDS}more than {metric.more_classes_than} classes"
    if Needs.TRUTH not in metric.needs:
        return ""
    if not people.known:
        return NO_TRUTH
    alone = isinstance(metric, Metric) and metric.one_answer
    return "several right answers" if alone and people.has_several else ""


def _over_all(metric: Metric) -> Metric:
    """The same metric where every true class is known."""
    return replace(metric, terms=tuple(count if term is known else term for term in metric.terms))


def _formulas(chosen: _Chosen, model: str, tallied: Tally, part: Part) -> Formulas:
    """The metrics of a part of the items as formulas over its cells' sums."""
    cells = part.cells(tallied.cells)
    formulas = Formulas(tallied.cells.group[cells], tallied.cells.groups)
    for name, metric in chosen.means.items():
        keys = [key(model, term) for term in metric.terms]
        sums = {term: tallied.totals[term][cells] for term in keys}
        formulas.add(name, metric.combine, sums, metric.resampled)
    for name, rank_metric in chosen.ranked.items():
        over = key(model, rank_metric.over)
        items_over = tallied.totals[over][cells]
        inside = tallied.ranked_in(over, part)
        number = _numbers_among(cells, len(tallied.cells))[tallied.cells.of_item]
        keys = [key(model, term) for term in rank_metric.retains]
        ranked = [tallied.retained[term] for term in keys]
        if inside is not None:
            number = number[inside]
            ranked = [Ranked(of_term.values[inside]) for of_term in ranked]
        if not len(number):
            formulas.add(name, _undefined, {over: items_over})
            continue
        fit = rank_metric.fit(*ranked)
        total: dict[str, Float] = {}
        for items in cut(len(number)):
            sums_of_items = sum_by_cell(fit.term(items), number[items], len(formulas.group))
            add_totals(total, {name: sums_of_items})
        formulas.add(name, fit.combine, {name: total[name], over: items_over}, fit.resampled)
    return formulas


def _undefined(items: Float) -> Float:
    return np.full_like(items, np.nan)


def _numbers_among(chosen: slice | Array, cells: int) -> Array:
    """The place of each cell among the chosen ones, int32 (cells); 0 for the others."""
    places = np.zeros(cells, dtype=np.int32)
    count_of_chosen = len(places[chosen])
    places[chosen] = np.arange(count_of_chosen, dtype=np.int32)
    return places


def _known_in(tallied: Tally, part: Part) -> bool:
    """Whether a part has an item whose true class is known, or all are known."""
    sums = tallied.totals.get(key(NETWORK, known))
    return sums is None or bool(sums[part.cells(tallied.cells)].any())


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
    tallied: Tally,
    part: Part,
    seed: int,
) -> dict[tuple[str, str], float]:
    """Values by (metric, method), closed forms and split halves."""
    cells = part.cells(tallied.cells)
    values = {}
    for about, ceiling in limits.items():
        totals = (tallied.totals[key(NETWORK, term)] for term in ceiling.terms)
        sums = (total[cells].sum(axis=0, keepdims=True) for total in totals)
        values[about] = float(ceiling.combine(*sums)[0])
    wanted = [metric for metric in SPLIT_HALF if metric in chosen]
    if tallied.votes is not None and wanted:
        votes, method = tallied.votes, split_half_name(tallied.votes)
        if not part.is_everything:
            votes = votes[tallied.items_in(part)[tallied.voters]]
        split = split_half(votes, seed)
        values.update({(metric, method): split[metric] for metric in wanted})
    return values


def _terms_of_notes(chosen: Iterable[str], predictions: Predictions) -> list[Term]:
    """What is summed for notes alone."""
    noted = clipping_terms(chosen, predictions)
    noted += [accuracy.wrong] if any(name in chosen for name in OF_ERRORS) else []
    return noted + ([second_best.second_tied] if "sba" in chosen else [])


def _notes(chosen: Iterable[str], noted: Sequence[Term], tallied: Tally) -> list[str]:
    """What a reader should know of, where it occurs."""

    def total(term: Term) -> float:
        about = key(NETWORK, term)
        if term is known and about not in tallied.totals:
            about = key(NETWORK, count)  # that of all is
        return float(tallied.totals[about].sum()) if about in tallied.totals else 0.0

    ties = []
    if tied := int(total(second_best.second_tied)):
        items = counted(tied, "item")
        ties = [f"tied second-best logits in {items}: sba breaks ties at random, in expectation"]
    return [*clipping_notes(chosen, total), *_notes_of_errors(chosen, total), *ties]


def _notes_of_errors(chosen: Iterable[str], total: Callable[[Term], float]) -> list[str]:
    """That intervals are rough, or do not exist, where there are few errors."""
    of_errors, errors = [name for name in OF_ERRORS if name in chosen], total(accuracy.wrong)
    if not of_errors or errors >= FEW_ERRORS:
        return []
    few = f"{', '.join(of_errors)}: of {counted(round(errors), 'error')}, "
    return [few + ("no interval" if errors < 2 else "so that intervals are rough")]


def _notes_of_truth(chosen: Iterable[str], people: People) -> list[str]:
    """How many items the metrics of the truth are over, where not all, and what is right."""
    if people.truth is None or not any(Needs.TRUTH in METRICS[name].needs for name in chosen):
        return []
    notes = []
    if people.known < people.size:
        notes.append(
            f"the true class of {people.known:,} of {people.size:,} items is known: metrics that "
            "need it are over these items"
        )
    if people.right is not None and people.has_several:
        several = int((people.right.sum(axis=1) > 1).sum())
        notes.append(f"several right answers for {counted(several, 'item')}: any of them is right")
    return notes
