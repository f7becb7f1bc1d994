"""What several attacks on one network leave together: the images that stay right under all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

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
# How the roles of inputs begin that networks are made of.
OF_NETWORKS = ("network", "weights", "code")


@dataclass(frozen=True)
class WorstCase:
    """The accuracy of a network under several attacks, of which each image meets the worst.

    names: of the attacks. norm: as in their settings. epsilon: no attack counts that is larger.
    n: how many images all of them have. value, low, high: the share of these that is right before
    and after each of them, with Wilson's 95 % interval.
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

    Over the items that all of them have. The worst of several attacks is the lowest bound from
    above on robustness that they give (Croce & Hein 2020, section 5).
    """
    return [case for group in _on_one_network(networks) for case in _cases(group)]


def _on_one_network(networks: Sequence[AttackedNetwork]) -> Iterator[list[AttackedNetwork]]:
    """The attacks of one norm on one network, where there are several.

    These are one network where they come from the same files, and answer the same on the same clean
    images.
    """
    by_origin: dict[object, list[list[AttackedNetwork]]] = {}
    for network in networks:
        groups = by_origin.setdefault((network.setting("norm"), _origin(network)), [])
        for group in groups:
            if _answer_the_same(group[0], network):
                group.append(network)
                break
        else:
            groups.append([network])
    return (group for groups in by_origin.values() for group in groups if len(group) > 1)


def _origin(network: AttackedNetwork) -> tuple[str, frozenset[str]]:
    """What a network is called in its file, and the files of networks that the attack was made of.

    Without a lineage nothing is known of these.
    """
    lineage, members = network.record.lineage, network.record.member
    inputs = () if lineage is None else lineage.inputs
    files = frozenset(file.sha256 for file in inputs if file.role.startswith(OF_NETWORKS))
    return "" if members is None else str(members[network.member]), files


def _answer_the_same(a: AttackedNetwork, b: AttackedNetwork) -> bool:
    rows = _common_rows([a, b])
    if not len(rows[0]):
        return False
    first, second = (_clean_logits(n)[of_n] for n, of_n in zip((a, b), rows, strict=True))
    order = match_order(b.record.classes, a.record.classes, b.name)
    if order is not None:
        second = second[:, order]
    largest = np.max(np.abs(first), where=np.isfinite(first), initial=0)
    return np.allclose(first, second, rtol=0, atol=SAME_NETWORK * largest)


def _common_rows(networks: Sequence[AttackedNetwork]) -> list[Array]:
    """The rows of the items that all have, in one order, int64 (k) each.

    They are known by ids where all have them, else by index; whether the images are the same, the
    logits tell.
    """
    known = [network.record.ids for network in networks]
    names = [ids for ids in known if ids is not None]
    if len(names) < len(networks):
        names = [network.record.index for network in networks]
    common: Array = reduce(np.intersect1d, names)
    return [np.intersect1d(common, of_one, return_indices=True)[2] for of_one in names]


def _clean_logits(network: AttackedNetwork) -> Float:
    """Logits before the attack (n, c), in the order of the file."""
    logits = network.record.clean_logits[network.member, 0 : network.size]
    return np.asarray(logits, dtype=np.float64)


def _cases(group: Sequence[AttackedNetwork]) -> Iterator[WorstCase]:
    """One for each size that two of the attacks reach; a smaller attack is within a larger size."""
    rows = _common_rows(group)
    size = len(rows[0])
    for epsilon in sorted({float(of_one) for each in group for of_one in each.record.epsilon}):
        right = [
            (network.name, still[of_network])
            for network, of_network in zip(group, rows, strict=True)
            if (still := _right_within(network, epsilon)) is not None
        ]
        if len(right) < 2 or not size:
            continue
        names, stay = zip(*right, strict=True)
        value = np.logical_and.reduce(stay).mean(dtype=np.float64, keepdims=True)
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
    return np.asarray(np.logical_and.reduce(steps))
