"""The loss at each step of an attack, as the paper's figure 4."""

from __future__ import annotations

import numpy as np

from c10h.views.attack_pairs import items_notes
from c10h.views.attacks import CROSS_ENTROPY, Attacked, budgets_of, by_attack
from c10h.views.figures.figure import Figure, Panel, Series
from c10h.views.given import Given


def pgd(given: Given) -> Figure:
    """A panel for each attack and size, a line a network; step 0 is before the attack.

    Attacks of a single step are left out where there are others.
    """
    given.expect("--figure pgd", attack=0)
    drawn = [one for one in given.attacked if one.steps > 1] or given.attacked
    groups = by_attack(drawn)
    panels = [
        Panel(
            f"ε = {budget}, {what}" if len(groups) > 1 else f"ε = {budget}",
            "step",
            "cross-entropy, nats",
            [_line(one, budget) for one in alike if budget in one.budgets],
        )
        for what, alike in groups.items()
        for budget in budgets_of(alike)
    ]
    about = f": {next(iter(groups))}" if len(groups) == 1 else ""
    sizes = "ε: the size of the attack in pixels of [0, 1]. Means over items."
    title = f"Cross-entropy with the true class at each step{about}"
    return Figure("pgd", title, panels, [sizes, *items_notes(drawn)])


def _line(one: Attacked, budget: str) -> Series:
    curve = one.curve(CROSS_ENTROPY, one.budgets.index(budget))
    return Series(one.run, np.arange(len(curve), dtype=np.float64), curve)
