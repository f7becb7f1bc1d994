"""What a network is trained towards: ``--target`` and ``--mixup``.

A row of TARGETS makes, from labels and truth of the training part, one distribution an item. With
``sample`` a label is drawn from it each time that an item is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from c10h.errors import InputError
from c10h.records import Array
from c10h.truth import lacking


@dataclass(frozen=True)
class Target:
    """How to make a target.

    summary: one line for the help. make: distributions (n, c) from shares and truth. chosen_by: the
    figure of held-back items that chooses among learning rates; without people's labels for the
    target that does without them. needs_truth: of every item.
    """

    summary: str
    make: Callable[[Array, Array | None], Array]
    is_drawn: bool = False
    chosen_by: str = "loss"
    needs_truth: bool = False


def _soft(shares: Array, truth: Array | None) -> Array:
    return shares


def _hard(shares: Array, truth: Array | None) -> Array:
    return np.asarray(np.eye(shares.shape[1])[_known(truth, "hard")])


def _by_class(shares: Array, truth: Array | None) -> Array:
    """The mean distribution of each true class, over the training part alone."""
    known = _known(truth, "class")
    sums = np.zeros((shares.shape[1], shares.shape[1]))
    np.add.at(sums, known, shares)
    counts = np.bincount(known, minlength=shares.shape[1])
    return np.asarray((sums / np.maximum(counts, 1)[:, None])[known])


def _known(truth: Array | None, name: str) -> Array:
    """The truth of all items. Raises InputError where that is not known."""
    if truth is None:
        raise InputError(f"--target {name}: the true classes are not known (labels with --truth)")
    if missing := lacking(truth):
        raise InputError(
            f"--target {name} needs one true class for every item: {missing}; --target soft needs "
            "none"
        )
    return truth


def check_truth_for(name: str, truth: Array | None) -> None:
    """Raise InputError where a target needs true classes that are not known."""
    if TARGETS[name].needs_truth:
        _known(truth, name)


TARGETS: Mapping[str, Target] = {
    "soft": Target("cross-entropy with the labels' distribution", _soft),
    "hard": Target("the true class", _hard, chosen_by="ce_hard", needs_truth=True),
    "class": Target(
        "the mean distribution of the true class, over the training part",
        _by_class,
        needs_truth=True,
    ),
    "sample": Target("a label drawn from the distribution at each showing", _soft, is_drawn=True),
}


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
