"""The loss at each step of an attack, as the paper's figure 4."""

from __future__ import annotations

import numpy as np

from c10h.stages.attack_runs import CROSS_ENTROPY, AttackedNetwork
from c10h.stages.report import Results
from c10h.views.attack import budgets_of, by_attack, different_items_notes
from c10h.views.figures.figure_type import Figure, Panel, Series


def pgd(results: Results) -> Figure:
    """A panel for each attack and size, a line a network; step 0 is before the attack.

    Attacks of a single step are left out where there are others.
    """
    results.expect("--figure pgd", attack=0)
    drawn = [network for network in results.attacked if network.steps > 1] or results.attacked
    groups = by_attack(drawn)
    panels = [
        Panel(
            f"ε = {budget}, {attack}" if len(groups) > 1 else f"ε = {budget}",
            "step",
            "cross-entropy, nats",
            [_line(network, budget) for network in group if budget in network.budgets],
        )
        for attack, group in groups.items()
        for budget in budgets_of(group)
    ]
    about = f": {next(iter(groups))}" if len(groups) == 1 else ""
    sizes = "ε: the size of the attack in pixels of [0, 1]. Means over items."
    title = f"Cross-entropy with the true class at each step{about}"
    return Figure("pgd", title, panels, [sizes, *different_items_notes(drawn)])


def _line(network: AttackedNetwork, budget: str) -> Series:
    curve = network.curve(CROSS_ENTROPY, network.budgets.index(budget))
    return Series(network.name, np.arange(len(curve), dtype=np.float64), curve)
