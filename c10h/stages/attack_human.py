"""What an attack did, compared with people."""

from __future__ import annotations

import numpy as np

from c10h.metrics.strata import ALL
from c10h.records import Array, Attack, Predictions
from c10h.stages.attack_batches import second_classes
from c10h.stages.attack_runs import CLEAN_DISTANCE, DISTANCE, LANDED, RUNNER_UP, TURNED
from c10h.stages.network_metrics import evaluate
from c10h.stages.people import People

METRICS = {"accuracy": "accuracy", "ce_hard": "cross-entropy", "ce_human": DISTANCE}


def compare(attack: Attack, people: People) -> dict[str, Array]:
    """The group ``human`` of an attack file: figures (m, k) by name.

    "human cross-entropy": -Σ p log q after the attack, and before it. "landed on people's second":
    of the items that the attack turned from right to wrong and in which people saw another class,
    the share that it turned into what most people saw besides the true class; the share of which
    the network gave that the most besides the true class before; and how many those items are.
    Accuracy, cross-entropy and human cross-entropy also by strata of human entropy.
    people: about the items of the attack, in their order. Natural logarithms.
    """
    members, budgets = attack.logits.shape[:2]
    figures = {CLEAN_DISTANCE: np.full((members, budgets), np.nan)}
    for member in range(members):
        figures[CLEAN_DISTANCE][member] = _distance(attack, member, people)
        for k in range(budgets):
            for name, value in _figures(attack, member, k, people).items():
                array = figures.setdefault(name, np.full((members, budgets), np.nan))
                array[member, k] = value
    return figures


def _distance(attack: Attack, member: int, people: People) -> float:
    """The mean of -Σ p log q before the attack."""
    logits = np.asarray(attack.clean_logits[member, 0 : people.size])
    before = Predictions(classes=attack.classes, logits=logits[None], member=np.array([""]))
    evaluation = evaluate(before, 0, people, ["ce_human"], by=None, seed=0)
    ((values, _),) = evaluation.network.strata[ALL].evaluate().values()
    return float(values[0])


def _figures(attack: Attack, member: int, k: int, people: People) -> dict[str, float]:
    size = people.size
    logits = np.asarray(attack.logits[member, k, 0:size])
    after = Predictions(
        classes=attack.classes, logits=logits[None], member=np.array([""]), truth=attack.truth
    )
    evaluation = evaluate(after, 0, people, list(METRICS), by="human-entropy", seed=0)
    figures = {}
    for stratum, formulas in evaluation.network.strata.items():
        for metric, (values, items) in formulas.evaluate().items():
            where = "" if stratum == ALL else f", {stratum}"
            if metric == "ce_human" or where:
                figures[METRICS[metric] + where] = float(values[0])
            if metric == "accuracy" and where:
                figures[f"items{where}"] = float(items[0])
    figures |= _landed(attack, member, k, people, logits)
    return figures


def _landed(attack: Attack, member: int, k: int, people: People, logits: Array) -> dict[str, float]:
    """Whether the attack ended where people were in doubt; of people's ties, any will do."""
    assert people.truth is not None
    right = np.asarray(attack.correct[member, k])[[0, -1]]
    second = second_classes(people)
    turned = (right[0] == 1) & (right[1] == 0) & (second >= 0)
    votes_or_shares = people.counts if people.counts is not None else people.probs
    assert votes_or_shares is not None
    votes = np.asarray(votes_or_shares[0 : people.size], dtype=np.float64)
    items = np.arange(people.size)
    of_second = votes[items, np.maximum(second, 0)]
    landed = votes[items, logits.argmax(axis=1)] == of_second
    before = np.array(attack.clean_logits[member, 0 : people.size])
    before[items, np.maximum(people.truth, 0)] = -np.inf
    was_runner_up = votes[items, before.argmax(axis=1)] == of_second
    return {
        LANDED: float(landed[turned].mean()) if turned.any() else np.nan,
        RUNNER_UP: float(was_runner_up[turned].mean()) if turned.any() else np.nan,
        TURNED: float(turned.sum()),
    }
