"""A table of annotators: how much they judged, how attentively, how well they agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from c10h.errors import InputError
from c10h.formats.hints import Hints, Tell, silent
from c10h.formats.judgments import Judgments
from c10h.formats.predictions_and_labels import open_predictions
from c10h.formats.truth_files import Truth, open_truth
from c10h.labels.agreement import agreement, median_by_annotator
from c10h.labels.alternative_annotator import Alternative, alternative_annotator
from c10h.labels.judgment_filtering import annotators_to_drop, attention_of
from c10h.labels.judgment_filters import Filters
from c10h.labels.votes import Votes, count_votes
from c10h.records import Array
from c10h.stages.label_requests import EPSILON, AnnotatorsRequest
from c10h.stages.labels_build import Wait, judgments_in
from c10h.stages.labels_from_records import with_truth
from c10h.stages.model_choices import Model
from c10h.stages.votes_notes import left_out_notes

# The truth of items, for the names of classes in the order in which they are numbered.
TruthInOrder: TypeAlias = Callable[[tuple[str, ...]], Truth]


@dataclass(frozen=True)
class ModelAmong:
    """A model among annotators.

    kappa, accuracy: as those of annotators, NaN where there is none. test: its rank, and for whom
    it can stand in, with a share ``epsilon`` in its favour. resamples, seed: of the intervals.
    """

    name: str
    kappa: float
    accuracy: float
    test: Alternative
    epsilon: float
    resamples: int
    seed: int

    @property
    def passes(self) -> bool:
        """Whether it can stand in for half of the annotators or more."""
        return self.test.winning_rate.value >= 0.5


@dataclass(frozen=True)
class Annotators:
    """One row an annotator, sorted.

    columns: arrays (a) by name, in this order, as far as the judgments tell: annotator str, trials
    int64, attention, agreement (with agreement_low and agreement_high, its 95 % interval), kappa
    and accuracy float64, NaN where there is no such value, rt float64 in the unit of the table,
    excluded bool. threshold: on attention. by_name: whether some are left out by name. total: how
    many annotators there are. median: of the agreement of those who are not excluded. below: of
    these, those whose whole interval is below it, the worst first. judged, items: how many items
    have a true class, of how many. votes: the judgments compared. model: where a model is among
    them.
    """

    columns: Mapping[str, Array]
    threshold: float
    by_name: bool
    total: int
    median: float
    below: Sequence[str]
    judged: int
    items: int
    votes: Votes
    model: ModelAmong | None = None


def labels_annotators(
    request: AnnotatorsRequest, wait: Wait = nullcontext, tell: Tell = silent
) -> Annotators:
    """The annotators of a table of judgments.

    wait: shows that reading takes its time. tell: called with lines on what was taken and what was
    left out. Raises InputError for judgments that cannot be, and what :func:`describe_annotators`
    does.
    """
    notes: list[str] = []
    judgments = judgments_in(request.reading, wait)
    annotators = describe_annotators(
        judgments,
        request.filters,
        request.hints.classes,
        one_based=request.hints.one_based,
        sort=request.sort,
        descending=request.descending,
        limit=request.limit,
        truth=_truth(request, notes.append),
        model=_model(request, notes.append),
        epsilon=request.epsilon,
        resamples=request.resamples,
        seed=request.seed,
        tell=notes.append,
    )
    name, votes = request.judgments.name, annotators.votes
    for note in (f"{name}: {votes.taken}", *left_out_notes(name, votes), *notes):
        tell(note)
    return annotators


def _truth(request: AnnotatorsRequest, tell: Tell) -> TruthInOrder | None:
    """The truth of a request, once it is known which classes the judgments have."""
    source = request.truth
    return None if source is None else lambda names: open_truth(source, names, request.hints, tell)


def _model(request: AnnotatorsRequest, tell: Tell) -> Model | None:
    """The model that a request has predictions of."""
    if request.predictions is None:
        return None
    hints = Hints(meaning=request.hints.meaning, classes=request.hints.classes)
    return Model(request.predictions.name, open_predictions(request.predictions, hints, tell))


def describe_annotators(
    judgments: Judgments,
    filters: Filters,
    classes: tuple[str, ...] | None = None,
    *,
    one_based: bool = False,
    sort: str = "agreement",
    descending: bool = False,
    limit: int | None = None,
    truth: TruthInOrder | None = None,
    model: Model | None = None,
    epsilon: float = EPSILON,
    resamples: int = 1000,
    seed: int = 0,
    tell: Tell = silent,
) -> Annotators:
    """The table, the lowest values of the column ``sort`` first, or the highest; missing ones last.

    limit: how many rows to keep. truth: the true classes, where the table has none. model: to rank
    among them, and to test for whom it can stand in, with a share ``epsilon`` in its favour;
    resamples, seed: of its intervals; tell: called with lines on how it was matched.
    All annotators are in it; those under ``filters.min_attention`` or left out by name are marked,
    and the others are not compared with them. Raises InputError for a column that the table does
    not have.
    """
    everybody = replace(filters, min_votes=1, drop_annotators=())
    if attention_of(judgments, filters) is not None:
        everybody = replace(everybody, min_attention=0.0)
    if model is not None:
        classes = classes or model.classes_for(judgments)
    # The order of classes, and those that nobody chose, matter to no figure of annotators.
    ordered = model is not None or truth is not None
    votes = count_votes(judgments, everybody, classes, one_based=one_based, ordered=ordered)
    if truth is not None:
        true = truth(votes.labels.classes)
        labels = with_truth(votes.labels, true, tell, from_names=True)
        votes = replace(votes, labels=labels)
    who = votes.labels.annotators
    dropped = judgments.annotator.words[annotators_to_drop(judgments, filters)]
    excluded = np.isin(who["id"], dropped)
    if "attention" in who:
        excluded |= who["attention"] < filters.least_attention
    agreed = agreement(votes, ~excluded)
    among = None
    if model is not None:
        choices = model.choices(votes, tell)
        among = _model_among(votes, ~excluded, model.name, choices, epsilon, resamples, seed)
    columns = {
        "annotator": who["id"],
        "trials": who["trials"],
        "attention": who.get("attention"),
        "agreement": agreed.rest,
        "agreement_low": agreed.low,
        "agreement_high": agreed.high,
        "kappa": agreed.kappa,
        "accuracy": agreed.truth,
        "rt": None if votes.rt is None else median_by_annotator(votes),
        "excluded": excluded if "attention" in who or excluded.any() else None,
        "advantage": None if among is None else among.test.advantage,
        "p_value": None if among is None else among.test.p_value,
        "replaced": None if among is None else among.test.replaced,
    }
    median = _median(agreed.rest[~excluded])
    low = ~excluded & (agreed.high < median)
    known = {name: values for name, values in columns.items() if values is not None}
    if sort not in known:
        raise InputError(f"--sort {sort}: expected one of {', '.join(known)} for this table")
    key = np.arange(len(excluded)) if sort == "annotator" else known[sort].astype(np.float64)
    order = np.argsort(-key if descending else key, kind="stable")[:limit]
    return Annotators(
        {name: values[order] for name, values in known.items()},
        filters.least_attention,
        bool(filters.drop_annotators),
        len(excluded),
        median,
        who["id"][low][np.argsort(agreed.high[low], kind="stable")].tolist(),
        judged=0 if votes.labels.truth is None else int((votes.labels.truth >= 0).sum()),
        items=votes.labels.probs.shape[0],
        votes=votes,
        model=among,
    )


def _median(agreement: Array) -> float:
    """The median of those that are known, NaN without one."""
    known = agreement[~np.isnan(agreement)]
    return float(np.median(known)) if len(known) else float("nan")


def _model_among(
    votes: Votes,
    trusted: Array,
    name: str,
    choices: Array,
    epsilon: float,
    resamples: int,
    seed: int,
) -> ModelAmong:
    """The model as one more annotator, whom nobody is compared with."""
    answered = np.flatnonzero(choices >= 0).astype(np.uint32)
    with_model = replace(
        votes,
        annotator=np.append(votes.annotator, np.full(len(answered), len(trusted), np.uint32)),
        item=np.append(votes.item, answered),
        label=np.append(votes.label, choices[answered].astype(np.uint32)),
    )
    agreed = agreement(with_model, np.append(trusted, False))
    return ModelAmong(
        name,
        float(agreed.kappa[-1]),
        float("nan") if agreed.truth is None else float(agreed.truth[-1]),
        alternative_annotator(
            votes, trusted, choices, epsilon=epsilon, resamples=resamples, seed=seed
        ),
        epsilon,
        resamples,
        seed,
    )
