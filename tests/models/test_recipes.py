"""Recipes are what the papers say, for every family."""

from __future__ import annotations

import pytest

from c10h.models.architectures import ARCHITECTURES
from c10h.training.recipes import DEFAULT, RECIPES, Recipe, recipe_for


def test_every_family_has_a_recipe() -> None:
    assert set(RECIPES) == {*ARCHITECTURES, "paper", "paper-code"}
    assert DEFAULT in RECIPES


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_settings_can_be(recipe: Recipe) -> None:
    assert recipe.lr > 0
    assert recipe.epochs >= 1
    assert recipe.batch_size >= 1
    assert 0 <= recipe.label_smoothing < 1
    assert bool(recipe.milestones) == (recipe.schedule == "multistep")
    assert all(0 < milestone < 1 for milestone in recipe.milestones)
    assert list(recipe.milestones) == sorted(recipe.milestones)
    assert not recipe.nesterov or recipe.momentum > 0


def test_milestones_are_the_published_epochs() -> None:
    published = {
        "wrn": [60, 120, 160],
        "resnext": [150, 225],
        "densenet": [150, 225],
        "pyramidnet": [150, 225],
        "vgg": [80, 120],
        "resnet": [82, 123],  # 32,000 and 48,000 iterations of 128 are 81.9 and 122.9
    }
    for family, epochs in published.items():
        recipe = RECIPES[family]
        assert [recipe.epochs * milestone for milestone in recipe.milestones] == epochs


def test_airbench_steps_as_its_authors_code() -> None:
    """There: 11.5 and 0.0153 for 1,024 images, of summed losses and steps with momentum."""
    recipe = RECIPES["airbench94"]
    scale = 1024 * (1 + 1 / (1 - 0.85))
    of_sums = 11.5 / scale
    assert recipe.lr == pytest.approx(of_sums * recipe.batch_size)
    decay_of_sums = (0.0153 * recipe.batch_size / scale) / of_sums
    assert recipe.weight_decay == pytest.approx(decay_of_sums / recipe.batch_size)


def test_the_papers_code_decays_two_families_more() -> None:
    assert recipe_for("paper-code", "wrn").weight_decay == 5e-4
    assert recipe_for("paper-code", "resnext").weight_decay == 5e-4
    assert recipe_for("paper-code", "vgg").weight_decay == 1e-4
    assert recipe_for("paper-code", None).weight_decay == 1e-4
    assert recipe_for("paper", "wrn") == RECIPES["paper"]
