"""Recipes are what the papers say, for every family."""

from __future__ import annotations

import pytest

from c10h.models.architectures import ARCHITECTURES
from c10h.training.optimization import learning_rate_factor
from c10h.training.recipes import DEFAULT, FORMER, RECIPES, Recipe, recipe_for

# Of hysts/pytorch_image_classification, configs/cifar/*.yaml, the same as configs/*.json of early
# 2019: epochs, milestones, factor, batch, rate, weight decay. All are SGD with Nesterov's momentum
# 0.9, without warm-up, and images are padded with zeros.
PUBLISHED = {
    "vgg": (160, [80, 120], 0.1, 128, 0.1, 1e-4),
    "resnet": (160, [80, 120], 0.1, 128, 0.1, 1e-4),
    "resnet_preact": (160, [80, 120], 0.1, 128, 0.1, 1e-4),
    "wrn": (200, [60, 120, 160], 0.2, 128, 0.1, 5e-4),
    "densenet": (300, [150, 225], 0.1, 64, 0.1, 1e-4),
    "pyramidnet": (300, [150, 225], 0.1, 128, 0.1, 1e-4),
    "resnext": (300, [150, 225], 0.1, 128, 0.1, 5e-4),
    "shake_shake": (1800, [], 0.1, 128, 0.2, 1e-4),
}
FAMILIES = pytest.mark.parametrize("family", PUBLISHED)


def test_every_family_has_a_recipe() -> None:
    assert set(RECIPES) == {*ARCHITECTURES, "paper", "hysts"}
    assert set(PUBLISHED) == {*ARCHITECTURES} - {"airbench94"}
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


@FAMILIES
def test_the_repositorys_settings_of_each_network(family: str) -> None:
    recipe = recipe_for("hysts", family)
    epochs, milestones, decay, batch, rate, weight_decay = PUBLISHED[family]
    assert (recipe.epochs, recipe.batch_size, recipe.lr) == (epochs, batch, rate)
    assert (recipe.decay, recipe.weight_decay) == (decay, weight_decay)
    assert [recipe.epochs * milestone for milestone in recipe.milestones] == milestones
    assert recipe.schedule == ("multistep" if milestones else "cosine")
    assert (recipe.optimizer, recipe.momentum, recipe.nesterov) == ("sgd", 0.9, True)
    assert (recipe.augment, recipe.translate, recipe.padding_mode) == ("standard", 4, "constant")
    assert (recipe.warmup_epochs, recipe.label_smoothing, recipe.lookahead) == (0, 0.0, None)
    assert "hysts" in recipe.source


def rates(recipe: Recipe, per_epoch: int = 7) -> list[float]:
    """The learning rate of each epoch's first step."""
    steps = round(recipe.epochs * per_epoch)
    return [
        recipe.lr * learning_rate_factor(recipe, step, steps, per_epoch)
        for step in range(0, steps, per_epoch)
    ]


@FAMILIES
def test_the_papers_text_changes_the_optimizer_the_rate_and_the_epochs_alone(family: str) -> None:
    recipe = recipe_for("paper", family)
    _, milestones, decay, batch, _, weight_decay = PUBLISHED[family]
    assert (recipe.optimizer, recipe.lr, recipe.epochs) == ("adam", 0.1, 150)
    assert (recipe.batch_size, recipe.weight_decay) == (batch, weight_decay)
    assert recipe.source == RECIPES["paper"].source
    if not milestones:
        assert recipe.schedule == "cosine"
        return
    # Milestones after the last epoch never come.
    wanted = [0.1 * decay ** sum(epoch >= one for one in milestones) for epoch in range(150)]
    assert rates(recipe) == pytest.approx(wanted)


def test_a_network_of_no_family_there_has_what_most_share() -> None:
    for family in (None, "airbench94"):
        assert recipe_for("hysts", family) == RECIPES["hysts"]
        assert recipe_for("hysts", family) == recipe_for("hysts", "resnet")
        assert recipe_for("paper", family) == RECIPES["paper"]


def test_a_name_of_older_versions_means_what_it_did() -> None:
    """SGD at 0.1, divided by 10 after 75 and 112.5 of 150 epochs, in batches of 128."""
    assert not set(FORMER) & set(RECIPES)
    for family, weight_decay in {
        "wrn": 5e-4,
        "resnext": 5e-4,
        "densenet": 1e-4,
        None: 1e-4,
    }.items():
        recipe = recipe_for("paper-code", family)
        assert (recipe.optimizer, recipe.nesterov, recipe.lr) == ("sgd", True, 0.1)
        assert (recipe.epochs, recipe.milestones, recipe.decay) == (150, (0.5, 0.75), 0.1)
        assert (recipe.batch_size, recipe.weight_decay) == (128, weight_decay)
