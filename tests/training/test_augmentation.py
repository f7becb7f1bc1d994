"""Changed pictures against all that they could be, made with numpy."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from c10h.records import Array
from c10h.training.augmentation import alternating, augmented, blanked, shifted
from c10h.training.choices import AUGMENTATIONS
from training.small import RECIPE, pictures


def crops(picture: Array, padding: int, mode: Any) -> dict[bytes, set[tuple[int, int, bool]]]:
    """Every picture that shifts and mirroring can make of one, by its bytes.

    Reflected edges make some of them in two ways.
    """
    height, width, _ = picture.shape
    wide = np.pad(picture, ((padding, padding), (padding, padding), (0, 0)), mode=mode)
    found: dict[bytes, set[tuple[int, int, bool]]] = defaultdict(set)
    for top, left in product(range(2 * padding + 1), repeat=2):
        crop = wide[top : top + height, left : left + width]
        found[crop.tobytes()].add((top, left, False))
        found[crop[:, ::-1].tobytes()].add((top, left, True))
    return found


@pytest.mark.parametrize("mode", ["constant", "reflect"])
def test_each_picture_is_one_of_all_possible_crops(mode: str) -> None:
    images = pictures(60, 5)[:, :, :4]  # not square
    flips = torch.arange(60) % 3 == 0
    random = torch.Generator().manual_seed(0)
    found = shifted(torch.from_numpy(images), 2, flips, random, mode).numpy()
    assert found.dtype == np.uint8
    for picture, changed, flip in zip(images, found, flips.tolist(), strict=True):
        assert flip in {one[2] for one in crops(picture, 2, mode)[changed.tobytes()]}


@pytest.mark.parametrize("flip", [False, True])
def test_all_positions_are_as_frequent(flip: bool) -> None:
    picture = pictures(1, 4)[0]
    batch = torch.from_numpy(picture).expand(9000, 4, 4, 3)
    known = crops(picture, 1, "constant")
    random = torch.Generator().manual_seed(1)
    found = shifted(batch, 1, torch.full((9000,), flip), random).numpy()
    places = [min(known[one.tobytes()]) for one in found]
    counts = [places.count((top, left, flip)) for top, left in product(range(3), repeat=2)]
    assert sum(counts) == 9000
    assert chisquare(counts).pvalue > 0.01


def test_reflection_in_a_picture_smaller_than_the_shift() -> None:
    images = pictures(10, 3)
    random = torch.Generator().manual_seed(0)
    found = shifted(torch.from_numpy(images), 4, torch.zeros(10).bool(), random, "reflect")
    for picture, changed in zip(images, found.numpy(), strict=True):
        assert changed.tobytes() in crops(picture, 2, "reflect")


def test_a_square_of_half_the_side_is_blanked_anywhere() -> None:
    batch = torch.full((4000, 8, 6, 3), 7, dtype=torch.uint8)
    found = blanked(batch, torch.Generator().manual_seed(0)).numpy()
    wanted = {}
    for row, column in product(range(8), range(6)):
        picture = np.full((8, 6, 3), 7, dtype=np.uint8)
        # Half of 8 is 4, half of 6 is 3: one pixel more or less on each side of the middle.
        picture[max(0, row - 2) : row + 2, max(0, column - 2) : column + 2] = 0
        wanted[picture.tobytes()] = 0
    for one in found:
        wanted[one.tobytes()] += 1
    assert min(wanted.values()) > 0
    assert chisquare(list(wanted.values())).pvalue > 0.01


def test_every_item_is_mirrored_every_other_epoch() -> None:
    rows = torch.arange(2000)
    epochs = [alternating(rows, epoch, seed=4) for epoch in range(4)]
    assert 0.46 < epochs[0].float().mean() < 0.54
    assert torch.equal(epochs[1], ~epochs[0])
    assert torch.equal(epochs[2], epochs[0])
    assert torch.equal(epochs[3], epochs[1])
    agreement = (alternating(rows, 0, seed=5) == epochs[0]).float().mean()
    assert 0.46 < agreement < 0.54


def test_an_item_is_mirrored_or_not_whatever_batch_it_is_in() -> None:
    rows = torch.randperm(100)
    assert torch.equal(alternating(rows, 1, 0), alternating(torch.arange(100), 1, 0)[rows])


def test_neighbours_are_mirrored_independently() -> None:
    first = alternating(torch.arange(4000), 0, 0).int()
    pairs = torch.bincount(first[::2] * 2 + first[1::2], minlength=4)
    assert chisquare(pairs.numpy()).pvalue > 0.01


class TestRecipes:
    """What an epoch shows."""

    batch = torch.from_numpy(pictures(400, 4))
    rows = torch.arange(400)

    def shown(self, epoch: int = 0, seed: int = 1, **changes: object) -> torch.Tensor:
        recipe = replace(RECIPE, **changes)  # type: ignore[arg-type]
        random = torch.Generator().manual_seed(seed)
        return augmented(self.batch, self.rows, epoch, recipe, 0, random)

    def mirrored(self, **changes: Any) -> torch.Tensor:
        """Which pictures are mirrored, where nothing is moved."""
        found = self.shown(translate=0, **changes)
        is_mirrored = (found == self.batch.flip(2)).flatten(1).all(dim=1)
        assert (is_mirrored | (found == self.batch).flatten(1).all(dim=1)).all()
        return is_mirrored

    def test_none_changes_nothing(self) -> None:
        assert torch.equal(self.shown(augment="none"), self.batch)

    def test_half_of_the_pictures_are_mirrored_anew_each_time(self) -> None:
        first, second = self.mirrored(seed=1), self.mirrored(seed=2)
        assert 0.4 < first.float().mean() < 0.6
        assert 0.4 < (first == second).float().mean() < 0.6

    def test_alternating_flips_go_by_the_epoch(self) -> None:
        first, second = (
            self.mirrored(alternating_flips=True, epoch=epoch, seed=epoch) for epoch in (0, 1)
        )
        assert torch.equal(first, ~second)

    def test_padding_is_the_recipes(self) -> None:
        black = (self.shown(translate=2) == 0).float().mean()
        assert black > 0.3
        assert (self.shown(translate=2, padding_mode="reflect") == 0).float().mean() < 0.01

    def test_strong_blanks_more(self) -> None:
        blank = [(self.shown(augment=name) == 0).float().mean() for name in ("standard", "strong")]
        assert blank[1] > blank[0] + 0.1

    @pytest.mark.parametrize("name", AUGMENTATIONS)
    def test_a_generator_decides_everything(self, name: str) -> None:
        assert torch.equal(self.shown(augment=name), self.shown(augment=name))
        if name != "none":
            assert not torch.equal(self.shown(augment=name), self.shown(augment=name, seed=2))
