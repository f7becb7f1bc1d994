"""Which items to show next, and how often."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from c10h.errors import InputError, counted
from c10h.formats.hints import Tell, silent
from c10h.formats.predictions_and_labels import LEFT_OUT
from c10h.labels.allocation import PRIOR_RANGE, allocate, fit_prior
from c10h.labels.people_model import MOST_CLASSES
from c10h.labels.plan_objectives import OBJECTIVES
from c10h.metrics.items_or_votes import disagreement
from c10h.records import Array, Labels
from c10h.stages.label_requests import PlanRequest
from c10h.stages.voted_labels import voted_labels_in

MOST_BUDGET = 10**12


@dataclass(frozen=True)
class Choice:
    """The same judgments on more items, or as more votes of these, spread evenly.

    votes: of an item now, on average. more_items: how many get as many votes each; more_votes: for
    each item. now, with_items, with_votes: standard errors of people's mean disagreement over
    items, the chance that two people choose differently.
    """

    votes: float
    more_items: float
    more_votes: float
    now: float
    with_items: float
    with_votes: float


@dataclass(frozen=True)
class Plan:
    """Further judgments of each item, and what they are expected to do.

    item: int64 (k), rows of the labels that get any, those that get most first; names: str (k),
    what they are called; judgments: int64 (k), how many each gets; votes: int64 (k), how many each
    has. objective: a name in OBJECTIVES. budget: all judgments. prior: pseudo-votes a class, None
    where people's distributions are modelled by class. now, planned, uniform: expected error
    before, after this plan, and after as many judgments spread evenly, means over all items. items:
    how many there are; left_out: how many more were left out of the labels for too few votes, and
    so of the plan. choice: more items or more votes; None where too few items have four votes.
    """

    item: Array
    names: Array
    judgments: Array
    votes: Array
    objective: str
    budget: int
    prior: float | None
    now: float
    planned: float
    uniform: float
    items: int
    left_out: int
    seed: int
    choice: Choice | None


def labels_plan(request: PlanRequest, tell: Tell = silent) -> Plan:
    """The plan that a request asks for.

    tell: called with lines on what was taken of the labels, and which items are not planned. Raises
    InputError for labels without votes and for numbers that make no sense.
    """
    labels = voted_labels_in(request.labels, None, request.hints, tell)
    plan = spread_judgments(
        labels,
        request.budget,
        objective=request.objective,
        prior=request.prior,
        limit=request.limit,
        seed=request.seed,
    )
    people = len(labels.annotators.get("id", ()))
    beyond = int((plan.votes + plan.judgments > people).sum())
    if people and beyond:
        tell(
            f"{request.labels.name}: {counted(beyond, 'item')} of the plan would have more "
            f"judgments than the labels have annotators, {people:,}: --max-per-item bounds them"
        )
    if plan.left_out:
        tell(
            f"{request.labels.name}: not planned: {counted(plan.left_out, 'item')} left out of the "
            "labels with too few votes, which may need judgments most"
        )
    return plan


def spread_judgments(
    labels: Labels,
    budget: int,
    *,
    objective: str = "squared",
    prior: float | None = None,
    limit: int | None = None,
    seed: int = 0,
) -> Plan:
    """Spread ``budget`` further judgments so that the expected error falls most.

    objective: a name in OBJECTIVES. prior: pseudo-votes a class of one Dirichlet; None models
    people's distributions from all items. limit: the most further judgments of one item. Raises
    InputError without vote counts or for numbers that make no sense.
    """
    if labels.counts is None:
        raise InputError("labels plan needs vote counts, found only probabilities")
    size = labels.counts.shape[0]
    if not 1 <= budget <= MOST_BUDGET:
        raise InputError(f"--budget {budget}: expected 1 to {MOST_BUDGET:,} judgments")
    if limit is not None and (limit < 1 or limit * size < budget):
        raise InputError(
            f"--max-per-item {limit}: {counted(size, 'item')} with at most "
            f"{counted(limit, 'judgment')} each cannot use up {budget:,}"
        )
    low, high = PRIOR_RANGE
    if prior is not None and not low <= prior <= high:
        raise InputError(f"--prior {prior:g}: expected {low:g} to {high:g} pseudo-votes per class")
    counts = np.asarray(labels.counts[0:size])
    if prior is None and counts.sum(axis=1).max() < 2:
        raise InputError(
            "labels plan: one vote per item does not show how much people agree: use --prior"
        )
    modelled = OBJECTIVES[objective].uses_model and counts.shape[1] <= MOST_CLASSES
    if prior is None and not modelled:
        prior = fit_prior(counts)
    expected = OBJECTIVES[objective].expected(counts, prior)
    further = allocate(expected, budget, limit, seed)
    chosen = np.flatnonzero(further)
    chosen = chosen[np.argsort(-further[chosen], kind="stable")]
    return Plan(
        item=chosen,
        names=chosen.astype(np.str_) if labels.ids is None else labels.ids[chosen],
        judgments=further[chosen],
        votes=counts[chosen].sum(axis=1),
        objective=objective,
        budget=budget,
        prior=prior,
        now=expected.mean(),
        planned=expected.mean(further),
        uniform=expected.mean_uniform(budget),
        items=size,
        left_out=int(labels.settings.get(LEFT_OUT, 0)),
        seed=seed,
        choice=_choice(counts, budget),
    )


def _choice(counts: Array, budget: int) -> Choice | None:
    """Both ways to spend the budget, from what the mean disagreement varies with."""
    spread = disagreement(counts)
    if spread is None:
        return None
    items, total = len(counts), int(counts.sum())
    votes = total / items
    more = budget / votes
    return Choice(
        votes=votes,
        more_items=more,
        more_votes=budget / items,
        now=spread.standard_error(items, votes),
        with_items=spread.standard_error(items + more, votes),
        with_votes=spread.standard_error(items, votes + budget / items),
    )
