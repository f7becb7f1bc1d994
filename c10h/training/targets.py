"""What a network is trained towards: ``--target`` and ``--mixup``."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from c10h.errors import InputError
from c10h.labels.majority import first_choice
from c10h.records import Array
from c10h.training.choices import TARGETS
from c10h.truth import lacking


def soft(shares: Array, truth: Array | None) -> Array:
    """The labels' distributions, (n, c)."""
    return shares


def hard(shares: Array, truth: Array | None) -> Array:
    """The true classes, one-hot (n, c). Raises InputError where they are not known."""
    return np.asarray(np.eye(shares.shape[1])[_known_truth(truth, "hard")])


def majority(shares: Array, truth: Array | None) -> Array:
    """People's first choice, one-hot (n, c); shared equally where several classes tie for it."""
    return first_choice(shares)


def by_class(shares: Array, truth: Array | None) -> Array:
    """The mean distribution of each item's true class, (n, c), over the training part alone.

    Raises InputError where the true classes are not known.
    """
    classes = _known_truth(truth, "class")
    sums = np.zeros((shares.shape[1], shares.shape[1]))
    np.add.at(sums, classes, shares)
    counts = np.bincount(classes, minlength=shares.shape[1])
    return np.asarray((sums / np.maximum(counts, 1)[:, None])[classes])


def _known_truth(truth: Array | None, name: str) -> Array:
    """The truth of all items. Raises InputError where that is not known."""
    if truth is None:
        raise InputError(f"--target {name}: the true classes are not known (labels with --truth)")
    if missing := lacking(truth):
        raise InputError(
            f"--target {name} needs one true class for every item: {missing}; --target soft needs "
            "no true classes"
        )
    return truth


def check_truth_for(name: str, truth: Array | None) -> None:
    """Raise InputError where a target needs true classes that are not known."""
    if TARGETS[name].needs_truth:
        _known_truth(truth, name)


def draw(shares: Tensor, generator: torch.Generator) -> Tensor:
    """One label an item, one-hot (b, c), drawn from distributions (b, c)."""
    level = torch.rand(len(shares), 1, generator=generator, device=shares.device)
    sums = shares.cumsum(dim=1)
    # The last sum, not 1 and not shares.sum(), which may be larger by rounding: a level between
    # them would draw the last class, whatever its share.
    chosen = (sums <= level * sums[:, -1:]).sum(dim=1)
    return torch.nn.functional.one_hot(chosen, shares.shape[1]).to(shares.dtype)


def mix(pixels: Tensor, targets: Tensor, share: float, order: Tensor) -> tuple[Tensor, Tensor]:
    """Mixup (Zhang et al. 2018, section 2): each item with another one of the batch.

    pixels: (b, 3, h, w) in [0, 1]; targets: (b, c); share: λ, of the item itself; order: (b).
    """
    mixed = share * pixels + (1 - share) * pixels[order]
    return mixed, share * targets + (1 - share) * targets[order]
