"""What an attack is asked: where to lead, and what networks, losses and attacks are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from torch import Tensor

from c10h.attacks.budget import Budget


@dataclass(frozen=True)
class Goal:
    """Away from the true class, int64 (n), or, where there are targets, to those, int64 (n)."""

    truth: Tensor
    target: Tensor | None = None

    def take(self, rows: Tensor) -> Goal:
        """The goal of some of the items."""
        return Goal(self.truth[rows], None if self.target is None else self.target[rows])


# Logits (n, classes) of pixels in [0, 1], float32 (n, 3, h, w).
Network: TypeAlias = Callable[[Tensor], Tensor]
# From logits (n, c) and the goal to a figure an item (n) that the attack wants large.
Loss: TypeAlias = Callable[[Tensor, Goal], Tensor]
# From a network, clean pixels, goal, budget and loss to perturbed pixels within the budget and
# [0, 1]. Random numbers are torch's own, seeded by the caller. The first call of the network is
# with the start and call i with what there is after i steps, unless the method is by_best.
Attack: TypeAlias = Callable[[Network, Tensor, Goal, Budget, Loss], Tensor]
