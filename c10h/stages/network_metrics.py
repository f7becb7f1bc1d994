"""The metrics and ceilings of one network, from one pass over its predictions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np

from c10h.errors import InputError, counted
from c10h.metrics import accuracy, second_best
from c10h.metrics.ceilings import (
    CEILINGS,
    NEEDS_NO_VOTES,
    SPLIT_HALF,
    Ceiling,
    split_half,
    split_half_name,
)
from c10h.metrics.item_block import Float
from c10h.metrics.metric_type import Metric, Term, count, known
from c10h.metrics.metrics import METRICS
from c10h.metrics.needed_inputs import Needs
from c10h.metrics.ranks import RankMetric
from c10h.metrics.strata import ALL, STRATA
from c10h.metrics.sums import Formulas, add_totals, sum_by_cell
from c10h.records import Array, Predictions
from c10h.stages.clipped_probabilities import clipping_notes, clipping_terms
from c10h.stages.people import People
from c10h.stages.prediction_pass import Tally, cut, stratify, tally

# Metrics that depend on the errors alone, and the number of errors from which their intervals hold.
OF_ERRORS, FEW_ERRORS = ("conf_wrong", "kappa_human", "aurc"), 20
# Why metrics of the truth do not exist where no item has one.
NO_TRUTH = "no item whose true class is known"


@dataclass(frozen=True)
class Evaluation:
    """What is known of one network, before any resampling.

    missing: why a metric cannot be computed, by metric.
    untold: strata without an item whose true class is known.
    strata: the metrics as formulas, and ceilings by (metric, method), of each stratum by name;
        the first is all items.
    """

    missing: Mapping[str, str]
    untold: Set[str]
    strata: Mapping[str, tuple[Formulas, dict[tuple[str, str], float]]]
    per_item: Mapping[str, Array]
    notes: str
    groups: int
    size: int


def evaluate(
    predictions: Predictions,
    member: int,
    people: People,
    metrics: Sequence[str],
    *,
    by: str | None,
    seed: int,
    per_item: bool,
    advance: Callable[[int], None],
) -> Evaluation:
    """Evaluate one member of predictions that are about the items of ``people``, in order.

    Raises InputError where the items cannot be divided by ``by``.
    """
    if by is not None and not people.has(STRATA[by].needs):
        raise InputError(f"--by {by} needs {STRATA[by].needs}")
    missing = {metric: why for metric in metrics if (why := _why_missing(metric, people))}
    chosen = {metric: METRICS[metric] for metric in metrics if metric not in missing}
    means = {key: metric for key, metric in chosen.items() if isinstance(metric, Metric)}
    ranked = {key: metric for key, metric in chosen.items() if isinstance(metric, RankMetric)}
    all_known = people.truth is None or people.known == people.size
    if all_known:  # then the items are counted once, for all metrics
        means = {key: _over_all(metric) for key, metric in means.items()}
        ranked = {key: replace(metric, over=count) for key, metric in ranked.items()}
    limits = _ceilings_for(chosen, people)
    noted = _terms_of_notes(chosen, predictions)
    terms: list[Term] = [count, *noted, *([] if all_known else [known])]
    terms += [term for metric in means.values() for term in metric.terms]
    terms += [term for ceiling in limits.values() for term in ceiling.terms]
    cells, strata = stratify(people, by, seed)
    tallied = tally(
        predictions.logits,
        member,
        people,
        cells,
        terms,
        retain=[
            term
            for metric in ranked.values()
            for term in (*metric.retains, metric.over)
            if term is not count
        ],
        per_item={key: metric for key, metric in means.items() if per_item and metric.per_item},
        seed=seed,
        advance=advance,
    )
    numbers = dict(zip([ALL, *strata], [None, *range(len(strata))], strict=True))
    return Evaluation(
        missing=missing,
        untold={name for name, number in numbers.items() if not _known_in(tallied, number)},
        strata={
            name: (
                _formulas(means, ranked, tallied, number),
                _ceilings(limits, chosen, tallied, number, seed),
            )
            for name, number in numbers.items()
        },
        per_item=tallied.per_item,
        notes="\n".join([*_notes_of_truth(chosen, people), *_notes(chosen, noted, tallied)]),
        groups=cells.groups,
        size=people.size,
    )


def _why_missing(name: str, people: People) -> str:
    """Why a metric cannot be computed of any item; empty where it can."""
    metric = METRICS[name]
    lacking = [need for need in metric.needs if not people.has(need)]
    if lacking:
        return f"needs {lacking[-1]}"
    if Needs.TRUTH not in metric.needs:
        return ""
    if not people.known:
        return NO_TRUTH
    alone = isinstance(metric, Metric) and metric.one_answer
    return "several right answers" if alone and people.has_several else ""


def _over_all(metric: Metric) -> Metric:
    """The same metric where every true class is known."""
    return replace(metric, terms=tuple(count if term is known else term for term in metric.terms))


def _formulas(
    means: Mapping[str, Metric],
    ranked: Mapping[str, RankMetric],
    tallied: Tally,
    stratum: int | None,
) -> Formulas:
    """The metrics of one stratum (None: of all items) as formulas over its cells' sums."""
    cells = _cells_in(tallied, stratum)
    formulas = Formulas(tallied.cells.group[cells], tallied.cells.groups)
    for name, metric in means.items():
        sums: dict[object, Float] = {term: tallied.totals[term][cells] for term in metric.terms}
        formulas.add(name, metric.combine, sums, metric.resampled)
    for name, rank_metric in ranked.items():
        over, items_over = rank_metric.over, tallied.totals[rank_metric.over][cells]
        inside = tallied.ranked_in(over, stratum)
        number, retained = tallied.cells.of_item, tallied.retained
        if inside is not None:
            number = number[inside] - cells.start
            retained = {term: retained[term][inside] for term in rank_metric.retains}
        if not len(number):
            formulas.add(name, _undefined, {over: items_over})
            continue
        fit = rank_metric.fit(*(retained[term] for term in rank_metric.retains))
        total: dict[Term, Float] = {}
        for items in cut(len(number)):
            part = sum_by_cell(fit.term(items), number[items], len(formulas.group))
            add_totals(total, {count: part})
        formulas.add(name, fit.combine, {name: total[count], over: items_over}, fit.resampled)
    return formulas


def _undefined(items: Float) -> Float:
    return np.full_like(items, np.nan)


def _known_in(tallied: Tally, stratum: int | None) -> bool:
    """Whether a stratum has an item whose true class is known, or all are known."""
    cells = _cells_in(tallied, stratum)
    return known not in tallied.totals or bool(tallied.totals[known][cells].any())


def _cells_in(tallied: Tally, stratum: int | None) -> slice:
    return slice(0, len(tallied.cells)) if stratum is None else tallied.cells.slice_of(stratum)


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
    stratum: int | None,
    seed: int,
) -> dict[tuple[str, str], float]:
    """Values by (metric, method), closed forms and split halves."""
    cells = _cells_in(tallied, stratum)
    values = {}
    for key, ceiling in limits.items():
        sums = (tallied.totals[term][cells].sum(axis=0, keepdims=True) for term in ceiling.terms)
        values[key] = float(ceiling.combine(*sums)[0])
    wanted = [metric for metric in SPLIT_HALF if metric in chosen]
    if tallied.votes is not None and wanted:
        votes, method = tallied.votes, split_half_name(tallied.votes)
        if stratum is not None:
            votes = votes[tallied.items_in(stratum)[tallied.voters]]
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
        if term is known and known not in tallied.totals:
            term = count  # that of all is
        return float(tallied.totals[term].sum()) if term in tallied.totals else 0.0

    ties = []
    if tied := int(total(second_best.second_tied)):
        items = counted(tied, "item")
        ties = [f"tied second-best logits in {items}: sba breaks ties at random, in expectation"]
    return [*clipping_notes(chosen, total), *_notes_of_errors(chosen, total), *ties]


def _notes_of_errors(chosen: Iterable[str], total: Callable[[Term], float]) -> list[str]:
    """That intervals are rough where few errors are all that they are of."""
    of_errors, errors = [name for name in OF_ERRORS if name in chosen], total(accuracy.wrong)
    if not of_errors or errors >= FEW_ERRORS:
        return []
    few = f"{', '.join(of_errors)}: of {counted(round(errors), 'error')}, "
    return [few + ("no interval" if errors < 2 else "so the interval is likely too short")]


def _notes_of_truth(chosen: Mapping[str, Metric | RankMetric], people: People) -> list[str]:
    """How many items the metrics of the truth are over, where not all, and what is right."""
    if people.truth is None or not any(Needs.TRUTH in metric.needs for metric in chosen.values()):
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
