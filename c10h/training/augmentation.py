"""Changes of images while a network trains, for a whole batch at once, on bytes."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from c10h.training.choices import AUGMENTATIONS, PADDINGS
from c10h.training.recipes import Recipe

# Side of the square that "strong" blanks out, as a share of the image's: 16 of 32 pixels.
CUTOUT = 0.5


def unchanged(batch: Tensor, flips: Tensor, recipe: Recipe, random: torch.Generator) -> Tensor:
    """The batch as it is."""
    return batch


def standard(batch: Tensor, flips: Tensor, recipe: Recipe, random: torch.Generator) -> Tensor:
    """Moved by up to as many pixels as the recipe says, some of them mirrored."""
    return shifted(batch, recipe.translate, flips, random, recipe.padding_mode)


def strong(batch: Tensor, flips: Tensor, recipe: Recipe, random: torch.Generator) -> Tensor:
    """As standard, and a black square in each."""
    return blanked(standard(batch, flips, recipe, random), random)


def augmented(
    batch: Tensor, rows: Tensor, epoch: int, recipe: Recipe, seed: int, random: torch.Generator
) -> Tensor:
    """A batch as one epoch shows it. rows: which items these are; epoch: from 0."""
    if recipe.alternating_flips:
        flips = alternating(rows, epoch, seed)
    else:
        flips = torch.rand(len(batch), generator=random, device=batch.device) < 0.5
    return AUGMENTATIONS[recipe.augment].change(batch, flips, recipe, random)


def shifted(
    batch: Tensor, pixels: int, flips: Tensor, generator: torch.Generator, padding: str = "constant"
) -> Tensor:
    """Each image moved by up to ``pixels`` pixels, and mirrored where ``flips`` (b) says so.

    batch: uint8 (b, h, w, 3). padding: what moves in from outside, a name in PADDINGS.
    """
    size, height, width, _ = batch.shape
    device = batch.device
    wide = PADDINGS[padding].pad(batch.permute(0, 3, 1, 2), pixels)
    wide = wide.permute(0, 2, 3, 1).contiguous()
    margin = (wide.shape[1] - height) // 2
    top, left = (
        torch.randint(0, 2 * margin + 1, (size, 1), generator=generator, device=device)
        for _ in range(2)
    )
    rows = top + torch.arange(height, device=device)
    across = torch.arange(width, device=device).expand(size, width)
    columns = left + torch.where(flips[:, None], width - 1 - across, across)
    # As places among all pixels of the batch: a fifth of the time that three indexes take.
    items = torch.arange(size, device=device)[:, None, None]
    places = (items * wide.shape[1] + rows[:, :, None]) * wide.shape[2] + columns[:, None, :]
    moved = wide.view(-1, wide.shape[3]).index_select(0, places.view(-1))
    return moved.view(size, height, width, -1)


def with_black(batch: Tensor, pixels: int) -> Tensor:
    """Images with black on all sides (He et al. 2016, section 4.2)."""
    return functional.pad(batch, (pixels,) * 4)


def mirrored(batch: Tensor, pixels: int) -> Tensor:
    """Images and what a mirror at their edges shows, which is as wide as an image less a pixel.

    Zagoruyko & Komodakis (2016, section 3).
    """
    pixels = min(pixels, batch.shape[2] - 1, batch.shape[3] - 1)
    # Reflection is not defined for bytes.
    return functional.pad(batch.float(), (pixels,) * 4, mode="reflect").to(batch.dtype)


def blanked(batch: Tensor, generator: torch.Generator) -> Tensor:
    """A black square at any place in each image, partly outside it perhaps.

    Cutout (DeVries & Taylor 2017, section 3.2).
    """
    size, height, width, _ = batch.shape
    inside = []
    for extent in (height, width):
        middle = torch.randint(0, extent, (size, 1), generator=generator, device=batch.device)
        half = max(1, round(extent * CUTOUT / 2))
        places = torch.arange(extent, device=batch.device)
        inside.append((places >= middle - half) & (places < middle + half))
    covered = inside[0][:, :, None] & inside[1][:, None, :]
    return batch.masked_fill(covered[..., None], 0)


def alternating(rows: Tensor, epoch: int, seed: int) -> Tensor:
    """Whether each item is mirrored: at random in the first epoch, then every other time.

    rows: int64 (b). Jordan (2024, section 3.6).
    """
    random = torch.Generator().manual_seed(seed)
    # A number for each item that does not depend on the batch it is in.
    salt = int(torch.randint(1 << 30, (1,), generator=random))
    mixed = ((rows + salt) * 2_654_435_761) % (1 << 32)
    mixed = ((mixed ^ (mixed >> 15)) * 2_246_822_519) % (1 << 32)
    return ((mixed >> 16) + epoch) % 2 == 0
