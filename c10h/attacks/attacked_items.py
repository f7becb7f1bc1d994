"""What is attacked: the networks, and the images of a batch as they need them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from c10h.attacks.attack_types import Goal
from c10h.attacks.attacked_network import Ensemble, RecordingNetwork, check_attackable, freeze
from c10h.attacks.budget import Budget
from c10h.attacks.restarts import Outcome, Plan, attack, call_on_clean
from c10h.records import Array, Rows

# Rows of an images file that are read at once.
BLOCK = 4096
# Images that a network is tried with before anything is computed.
TRIED = 4


@dataclass(frozen=True)
class AttackedItems:
    """n items and the networks that they are taken to.

    images: uint8 rows (all, h, w, 3). rows: which of them, int64 (n). truth: int64 (n). targets:
    the class that each item is led to, int64 (n), or None. least_likely: lead each to the class
    that its network finds least likely. networks: those under attack; sources: those that
    perturbations are made on, none for the same.
    """

    images: Rows
    rows: Array
    truth: Array
    networks: Sequence[nn.Module]
    sources: Sequence[nn.Module] = ()
    targets: Array | None = None
    least_likely: bool = False
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    _kept: dict[bool, tuple[tuple[int, ...], nn.Module]] = field(default_factory=dict)

    def check(
        self, names: Sequence[str], source: str | None = None, *, needs_gradient: bool
    ) -> None:
        """Raise InputError for a network that has no gradients, where they are needed.

        names: of the networks, or one for all; source: of the sources.
        """
        pixels = self.pixels(np.arange(min(TRIED, len(self.rows))))
        named = [
            (names[min(number, len(names) - 1)], network)
            for number, network in enumerate(self.networks)
        ] + [(source or "source", network) for network in self.sources]
        for name, network in named:
            frozen = freeze(network, self.device)
            check_attackable(frozen, pixels, name, needs_gradient=needs_gradient)

    def network(self, numbers: tuple[int, ...], *, source: bool = False) -> nn.Module:
        """Some of the networks, or of the sources, as one, frozen; the last is kept."""
        if source not in self._kept or self._kept[source][0] != numbers:
            modules = [(self.sources if source else self.networks)[number] for number in numbers]
            ensemble = modules[0] if len(modules) == 1 else Ensemble(modules)
            self._kept[source] = (numbers, freeze(ensemble, self.device))
        return self._kept[source][1]

    def pixels(self, items: Array) -> Tensor:
        """Some items as float32 (b, 3, h, w) in [0, 1]."""
        rows = self.rows[items]
        images = np.empty((len(rows), *self.images.shape[1:]), dtype=np.uint8)
        for block in np.unique(rows // BLOCK):
            in_block = rows // BLOCK == block
            first, last = int(rows[in_block].min()), int(rows[in_block].max())
            images[in_block] = np.asarray(self.images[first : last + 1])[rows[in_block] - first]
        pixels = torch.from_numpy(images).to(self.device).permute(0, 3, 1, 2).float() / 255
        return pixels.contiguous(memory_format=torch.channels_last)

    def away(self, items: Array) -> Goal:
        """The goal of leaving the true class of some items."""
        return Goal(torch.from_numpy(self.truth[items]).to(self.device))

    def goal(self, items: Array, clean: RecordingNetwork) -> Goal:
        """Where some items are led to. clean: their network, after a call with them."""
        truth = clean.truth
        if self.least_likely:
            without_truth = clean.logits.scatter(1, truth[:, None], torch.inf)
            return Goal(truth, without_truth.argmin(dim=1))
        if self.targets is None:
            return Goal(truth)
        return Goal(truth, torch.from_numpy(self.targets[items]).to(self.device))


@dataclass(frozen=True)
class Batch:
    """What came of some items: the clean call, the goal, and the outcome at each budget."""

    clean: RecordingNetwork
    goal: Goal
    outcomes: Sequence[Outcome]


def attack_items(
    attacked: AttackedItems,
    network: nn.Module,
    items: Array,
    budgets: Sequence[Budget],
    plan: Plan,
    seeds: Sequence[int],
) -> Batch:
    """Attack some items of a attacked at each budget, from the same random numbers."""
    pixels = attacked.pixels(items)
    clean = call_on_clean(network, pixels, attacked.away(items), plan.precision)
    goal = attacked.goal(items, clean)
    outcomes = [attack(network, pixels, goal, budget, plan, seeds, clean) for budget in budgets]
    return Batch(clean, goal, outcomes)
