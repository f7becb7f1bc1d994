"""What several attacks on one network leave together: the images that stay right under all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from c10h.formats.class_names import match_order
from c10h.metrics.item_block import Float
from c10h.metrics.proportions import wilson_interval
from c10h.records import Array
from c10h.stages.attack_budgets import epsilon_name
from c10h.stages.attack_runs import AttackedNetwork

# How far logits of one network on one image may be apart, as a share of the largest: fp32 differs
# so much between devices and batch sizes.
SAME_NETWORK = 1e-3


@dataclass(frozen=True)
class WorstCase:
    """The accuracy of a network under several attacks, of which each image meets the worst.

    names: of the attacks. norm: as in their settings. epsilon: no attack counts that is larger.
    value, low, high: the share of the ``n`` images that are right before and after each of them,
    with Wilson's 95 % interval.
    """

    names: tuple[str, ...]
    norm: str
    epsilon: float
    value: float
    low: float
    high: float
    n: int

    @property
    def budget(self) -> str:
        """The size of the attacks as words."""
        return epsilon_name(self.epsilon)


def worst_cases(networks: Sequence[AttackedNetwork]) -> list[WorstCase]:
    """For each network that two attacks or more of one norm were made on, one of each size.

    These are one network where they answer the same on the same clean images. The worst of several
    attacks is the least upper bound on robustness that they give (Croce & Hein 2020, section 5).
    """
    return [case for group in _on_one_network(networks) for case in _cases(group)]


def _on_one_network(networks: Sequence[AttackedNetwork]) -> Iterator[list[AttackedNetwork]]:
    """The attacks of one norm on one network and the same items, where there are several."""
    groups: dict[tuple[str, str], list[list[AttackedNetwork]]] = {}
    for network in networks:
        of_items = groups.setdefault((str(network.setting("norm")), network.items), [])
        for group in of_items:
            if _answer_the_same(group[0], network):
                group.append(network)
                break
        else:
            of_items.append([network])
    return (group for of_items in groups.values() for group in of_items if len(group) > 1)


def _answer_the_same(a: AttackedNetwork, b: AttackedNetwork) -> bool:
    order = match_order(b.record.classes, a.record.classes, b.name)
    first, second = _clean_logits(a), _clean_logits(b)
    if order is not None:
        second = second[:, order]
    largest = np.max(np.abs(first), where=np.isfinite(first), initial=0)
    return np.allclose(first, second, rtol=0, atol=SAME_NETWORK * largest)


def _clean_logits(network: AttackedNetwork) -> Float:
    """Clean logits (n, c) in the order that files of the same items share."""
    logits = np.asarray(network.record.clean_logits[network.member, 0 : network.size])
    return logits[network.order].astype(np.float64)


def _cases(group: Sequence[AttackedNetwork]) -> Iterator[WorstCase]:
    """One for each size that two of the attacks reach; a smaller attack is within a larger size."""
    for epsilon in sorted({float(size) for network in group for size in network.record.epsilon}):
        right = [(network.name, still) for network in group
                 if (still := _right_within(network, epsilon)) is not None]  # fmt: skip
        if len(right) < 2:
            continue
        names, stay = zip(*right, strict=True)
        value = np.logical_and.reduce(stay).mean(dtype=np.float64, keepdims=True)
        size = group[0].size
        (low,), (high,) = wilson_interval(value, np.array([size], np.float64))
        norm = str(group[0].setting("norm"))
        yield WorstCase(names, norm, epsilon, float(value[0]), float(low), float(high), size)


def _right_within(network: AttackedNetwork, epsilon: float) -> Array | None:
    """Which items are right before and after each budget up to a size, bool (n); None without."""
    budgets = np.flatnonzero(network.record.epsilon <= epsilon)
    if not len(budgets):
        return None
    correct = network.record.correct
    steps = [correct[network.member, k, step] for k in budgets for step in (0, network.steps)]
    return np.asarray(np.logical_and.reduce(steps)[network.order])
