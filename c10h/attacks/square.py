"""The square attack: Andriushchenko, Croce, Flammarion & Hein (2020), Square attack: a
query-efficient black-box adversarial attack via random search, arXiv 1912.00049.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from c10h.attacks.attack_types import Goal, Loss, Network
from c10h.attacks.budget import EUCLIDEAN, INFINITY, Budget
from c10h.attacks.losses import margin
from c10h.attacks.norm_balls import project, steepest

# Queries, of SCHEDULE, after which the share of pixels that change is halved: section 4.1 and, for
# 500, the authors' code.
HALVINGS = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
SCHEDULE = 10_000
# Of the pixels, at first: for robust networks in ℓ∞ by the authors, and for all networks in both
# norms by AutoAttack (Croce & Hein 2020, their code). The authors' code advises 0.1 for ordinary
# networks in ℓ2, with 10,000 queries; docs/attacks.md has what both left here.
SHARE = 0.8
# In ℓ2, tiles from edge to edge at first, and the side of the smallest window: the authors' code.
TILES, SMALLEST = 5, 3

# Rows and columns of a window of each item, as indices into (n, h, w).
Window: TypeAlias = tuple[Tensor, Tensor, Tensor]


def square(network: Network, pixels: Tensor, goal: Goal, budget: Budget, loss: Loss) -> Tensor:
    """Random search by squares: algorithm 1. Each is kept where it raises the loss of its item.

    budget.steps: queries, the first of which is with the beginning. The call before it, with clean
    pixels, is there so that what the attack has already is not given away: such items change only
    to others of that kind. Windows, signs and decisions are each item's own. budget.step_size and
    random_start are not used.
    """
    search = _SEARCHES[budget.norm]
    epsilon = budget.epsilon

    def evaluate(perturbed: Tensor) -> tuple[Tensor, Tensor]:
        logits = network(perturbed)
        return loss(logits, goal), margin(logits, goal) > 0

    with torch.no_grad():
        best = pixels
        values, reached = evaluate(pixels)
        for query in range(budget.steps):
            if query == 0:
                candidate = search.begin(pixels, epsilon)
            else:
                share = SHARE / 2 ** halvings(query - 1, budget.steps)
                candidate = search.change(best, pixels, epsilon, share)
            new, reaches = evaluate(candidate)
            takes = torch.where(reached == reaches, new > values, reaches)
            if query == 0:
                takes |= ~reached
            best = torch.where(takes[:, None, None, None], candidate, best)
            values, reached = torch.where(takes, new, values), torch.where(takes, reaches, reached)
    return best


def halvings(change: int, queries: int) -> int:
    """How often the share of pixels was halved before a change, counted from 0: section 4.1."""
    scheduled = change * SCHEDULE // queries
    return sum(scheduled > end for end in HALVINGS)


def _stripes(pixels: Tensor, epsilon: float) -> Tensor:
    """Vertical stripes one pixel wide, of -ε or ε in each channel: section 4.2."""
    items, channels, _, width = pixels.shape
    stripes = epsilon * _signs(items, channels, 1, width, pixels)
    return project(pixels + stripes, pixels, epsilon, INFINITY)


def _one_square(best: Tensor, pixels: Tensor, epsilon: float, share: float) -> Tensor:
    """A square of -ε or ε in each channel instead of what was there: algorithm 2.

    Adding -2ε or 2ε to what is at -ε or ε and projecting, as the paper has it, is the same.
    """
    items, channels, height, width = pixels.shape
    side = max(_side(share, height, width), 1)
    top, left = _corner(items, side, height, width, pixels.device)
    rows = torch.arange(height, device=pixels.device)
    columns = torch.arange(width, device=pixels.device)
    in_rows = (rows >= top[:, None]) & (rows < top[:, None] + side)
    in_columns = (columns >= left[:, None]) & (columns < left[:, None] + side)
    inside = (in_rows[:, :, None] & in_columns[:, None, :])[:, None]
    square = pixels + epsilon * _signs(items, channels, 1, 1, pixels)
    return project(torch.where(inside, square, best), pixels, epsilon, INFINITY)


def _tiles(pixels: Tensor, epsilon: float) -> Tensor:
    """A grid of bumps of either sign, of norm ε together: section 4.3."""
    items, channels, height, width = pixels.shape
    side = max(min(height, width) // TILES, 1)
    down, across = height // side, width // side
    tile = bumps(side, pixels)
    is_turned = torch.rand(items, 1, down, across, device=pixels.device) < 0.5
    grid = torch.where(
        _enlarged(is_turned, side), tile.T.repeat(down, across), tile.repeat(down, across)
    )
    grid = grid * _enlarged(_signs(items, channels, down, across, pixels), side)
    top, left = (height - down * side) // 2, (width - across * side) // 2
    perturbation = torch.zeros_like(pixels)
    perturbation[:, :, top : top + down * side, left : left + across * side] = grid
    moved = pixels + epsilon * steepest(perturbation, EUCLIDEAN)
    return project(moved, pixels, epsilon, EUCLIDEAN)


def _two_windows(best: Tensor, pixels: Tensor, epsilon: float, share: float) -> Tensor:
    """The norm of two windows, and what of ε is unused, goes to bumps in one: algorithm 3."""
    items, channels, height, width = pixels.shape
    side = max(_side(share, height, width), SMALLEST)
    side = min(side + 1 - side % 2, height, width)
    perturbation = (best - pixels).movedim(1, -1).clone()  # (n, h, w, 3), as windows (n, s, s, 3)
    squares = perturbation.square().sum(dim=(1, 2, 3), keepdim=True)
    unused = (epsilon**2 - squares).clamp(min=0)
    first = _window(items, side, height, width, pixels.device)
    second = _window(items, side, height, width, pixels.device)

    old = perturbation[first]
    available = _squares(old) + unused / channels
    perturbation[first] = 0  # counted once where the windows overlap
    available = available + _squares(perturbation[second])
    perturbation[second] = 0

    bump = bumps(side, pixels)
    is_turned = torch.rand(items, 1, 1, device=pixels.device) < 0.5
    bump = torch.where(is_turned, bump.T, bump)[..., None]
    new = _of_norm_one(bump * _signs(items, 1, 1, channels, pixels) + _of_norm_one(old))
    perturbation[first] = new * available.sqrt()
    return project(pixels + perturbation.movedim(-1, 1), pixels, epsilon, EUCLIDEAN)


def bumps(side: int, like: Tensor) -> Tensor:
    """η, (side, side), of norm 1: a bump in the upper half and its opposite in the lower: eq. 2."""
    upper = side // 2
    both = torch.cat([_bump(upper, side, like), -_bump(side - upper, side, like)])
    return both / both.square().sum().sqrt()


def _bump(height: int, width: int, like: Tensor) -> Tensor:
    """Concentric squares on each other, the k-th from the middle of 1 / k²: of norm 1."""
    rows = (torch.arange(height, device=like.device) - height // 2).abs()
    columns = (torch.arange(width, device=like.device) - width // 2).abs()
    # The k-th square covers what is at most k - 1 pixels from the middle.
    distance = torch.maximum(rows[:, None], columns[None, :])
    count = max(height // 2, width // 2) + 1
    layers = 1 / torch.arange(1, count + 1, device=like.device, dtype=like.dtype) ** 2
    bump = layers.flip(0).cumsum(0).flip(0)[distance]
    return bump / bump.square().sum().sqrt()


def _side(share: float, height: int, width: int) -> int:
    """The side of a square that has a share of all pixels, within the image."""
    return min(round(math.sqrt(share * height * width)), height, width)


def _corner(
    items: int, side: int, height: int, width: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    """The first row and column of a window of each item, int64 (n), all places as likely."""
    top = torch.randint(height - side + 1, (items,), device=device)
    left = torch.randint(width - side + 1, (items,), device=device)
    return top, left


def _window(items: int, side: int, height: int, width: int, device: torch.device) -> Window:
    top, left = _corner(items, side, height, width, device)
    steps = torch.arange(side, device=device)
    rows = (top[:, None] + steps)[:, :, None]
    columns = (left[:, None] + steps)[:, None, :]
    return torch.arange(items, device=device)[:, None, None], rows, columns


def _squares(windows: Tensor) -> Tensor:
    """The squared norm of each channel of windows (n, s, s, 3): (n, 1, 1, 3)."""
    return windows.square().sum(dim=(1, 2), keepdim=True)


def _of_norm_one(windows: Tensor) -> Tensor:
    """Windows (n, s, s, 3) with channels of norm 1, or 0 where they are."""
    norm = _squares(windows).sqrt()
    return windows / norm.where(norm > 0, 1)


def _signs(items: int, second: int, third: int, fourth: int, like: Tensor) -> Tensor:
    """-1 or 1, each as likely."""
    shape = (items, second, third, fourth)
    return torch.randint(2, shape, device=like.device).to(like.dtype) * 2 - 1


def _enlarged(values: Tensor, side: int) -> Tensor:
    """Values (n, ., rows, columns), each repeated over a square."""
    return values.repeat_interleave(side, 2).repeat_interleave(side, 3)


@dataclass(frozen=True)
class _Search:
    """How a norm's search begins, and what it changes."""

    begin: Callable[[Tensor, float], Tensor]
    change: Callable[[Tensor, Tensor, float, float], Tensor]


_SEARCHES: Mapping[str, _Search] = {
    INFINITY: _Search(_stripes, _one_square),
    EUCLIDEAN: _Search(_tiles, _two_windows),
}
