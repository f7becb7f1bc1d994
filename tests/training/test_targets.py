"""What networks are trained towards, by hand and by chance."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from c10h.errors import InputError
from c10h.training.choices import TARGETS
from c10h.training.targets import check_truth_for, draw, mix

SHARES = np.array([[0.5, 0.3, 0.2], [0.1, 0.9, 0.0], [0.7, 0.1, 0.2], [0.0, 0.6, 0.4]])
TRUTH = np.array([0, 1, 0, 1])


def test_soft_and_sample_are_the_labels() -> None:
    for name in ("soft", "sample"):
        np.testing.assert_array_equal(TARGETS[name].make(SHARES, None), SHARES)
    assert [name for name, row in TARGETS.items() if row.is_drawn] == ["sample"]


def test_hard_is_the_truth() -> None:
    wanted = [[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 1, 0]]
    np.testing.assert_array_equal(TARGETS["hard"].make(SHARES, TRUTH), wanted)


def test_majority_is_the_first_choice_whatever_the_truth() -> None:
    shares = np.array([[0.5, 0.3, 0.2], [0.1, 0.9, 0.0], [0.4, 0.2, 0.4], [1 / 3, 1 / 3, 1 / 3]])
    wanted = [[1, 0, 0], [0, 1, 0], [0.5, 0, 0.5], [1 / 3, 1 / 3, 1 / 3]]
    for truth in (None, np.array([2, -1, 1, 0])):
        check_truth_for("majority", truth)
        np.testing.assert_array_equal(TARGETS["majority"].make(shares, truth), wanted)


def test_class_is_the_mean_of_each_true_class() -> None:
    cat, dog = [0.6, 0.2, 0.2], [0.05, 0.75, 0.2]
    np.testing.assert_allclose(TARGETS["class"].make(SHARES, TRUTH), [cat, dog, cat, dog])


@pytest.mark.parametrize("name", ["hard", "class"])
def test_targets_that_need_the_truth(name: str) -> None:
    with pytest.raises(InputError, match=f"--target {name}: the true classes are not known"):
        TARGETS[name].make(SHARES, None)


@pytest.mark.parametrize("name", ["hard", "class"])
def test_they_need_it_of_every_item(name: str) -> None:
    truth = np.array([0, -1, 0, 1])
    message = (
        f"--target {name} needs one true class for every item: 1 of 4 .* item 1; --target soft"
    )
    for call in (check_truth_for, lambda name, truth: TARGETS[name].make(SHARES, truth)):
        with pytest.raises(InputError, match=message):
            call(name, truth)
    with pytest.raises(InputError, match="the true classes are not known"):
        check_truth_for(name, None)
    check_truth_for(name, TRUTH)


@pytest.mark.parametrize("name", ["soft", "sample"])
def test_the_others_need_none(name: str) -> None:
    for truth in (None, np.array([0, -1, 0, 1])):
        check_truth_for(name, truth)
        np.testing.assert_array_equal(TARGETS[name].make(SHARES, truth), SHARES)


def test_draws_are_one_hot_and_as_frequent_as_they_should_be() -> None:
    shares = torch.tensor([0.05, 0.0, 0.6, 0.35, 0.0]).expand(20_000, 5)
    drawn = draw(shares, torch.Generator().manual_seed(1))
    assert drawn.dtype == shares.dtype
    assert ((drawn == 0) | (drawn == 1)).all()
    assert (drawn.sum(dim=1) == 1).all()
    found = drawn.sum(dim=0).numpy()
    assert found[1] == found[4] == 0
    assert chisquare(found[[0, 2, 3]], 20_000 * np.array([0.05, 0.6, 0.35])).pvalue > 0.01


def test_draws_of_items_do_not_depend_on_each_other() -> None:
    drawn = draw(torch.full((20_000, 2), 0.5), torch.Generator().manual_seed(2))[:, 0]
    pairs = drawn[::2] * 2 + drawn[1::2]
    assert chisquare(torch.bincount(pairs.int(), minlength=4).numpy()).pvalue > 0.01


@pytest.mark.parametrize("level", [0.0, 1 - 2**-24])
def test_what_nobody_chose_is_never_drawn(level: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the ends of the range, where rounding could add to a share of 0."""
    shares = torch.zeros(5000, 12)
    shares[:, 1:11] = torch.from_numpy(
        np.random.default_rng(0).dirichlet(np.ones(10), 5000)
    ).float()
    monkeypatch.setattr(torch, "rand", lambda *size, **_: torch.full(size, level))
    drawn = draw(shares, torch.Generator())
    assert (drawn.sum(dim=1) == 1).all()
    assert not drawn[:, [0, 11]].any()


def test_mixup_by_hand() -> None:
    pixels = torch.tensor([0.0, 1.0, 0.5]).view(3, 1, 1, 1).expand(3, 3, 1, 1)
    mixed, targets = mix(pixels, torch.eye(3), 0.75, torch.tensor([1, 2, 0]))
    assert mixed[:, 0, 0, 0].tolist() == [0.25, 0.875, 0.375]
    assert targets.tolist() == [[0.75, 0.25, 0], [0, 0.75, 0.25], [0.25, 0, 0.75]]
