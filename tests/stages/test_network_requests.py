"""Requests are refused as they are made, before torch is imported."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from training.small import TINY, pictures, run_of, training_data

from c10h.errors import InputError
from c10h.files import Source
from c10h.records import Images
from c10h.run_folder import FILE
from c10h.stages.network_requests import (
    ATTACKS,
    AttackRequest,
    ForeignNetwork,
    RunNetworks,
    TrainRequest,
)
from c10h.training.optimization import learning_rate_factor
from c10h.training.recipes import DEFAULT, RECIPES, recipe_for


@pytest.mark.parametrize("code", [None, "sys:exit"])
def test_the_code_of_a_run_is_run_where_the_user_names_it(tmp_path: Path, code: str | None) -> None:
    run = run_of(tmp_path / "a", training_data(6), 2)
    says = f"^a: its network is code, {TINY}, which is run only where you name it: --arch {TINY}$"
    with pytest.raises(InputError, match=says):
        RunNetworks((run,), names=("a",), code=code)
    named = replace(run, architecture="resnet_basic_8"), replace(run, architecture="torchvision:x")
    for other in named:
        assert other.code is None
        assert RunNetworks((other,)).runs == (other,)


def test_a_run_is_there_once(tmp_path: Path) -> None:
    run, other = (
        run_of(tmp_path / "a", training_data(6), 2),
        run_of(tmp_path / "b", training_data(6), 2),
    )
    same = run_of(tmp_path / "b" / ".." / "a", training_data(6), 2)
    assert RunNetworks((run, other), code=TINY).runs == (run, other)
    with pytest.raises(InputError, match=r"/b/\.\./a: given twice"):
        RunNetworks((run, other, same), code=TINY)
    with pytest.raises(InputError, match=r"^a/: given twice"):
        RunNetworks((run, other, same), names=("a", "b", "a/"), code=TINY)


def test_weights_are_not_a_runs(tmp_path: Path) -> None:
    (tmp_path / FILE).touch()
    checkpoint = tmp_path / "fold-0.pt"
    checkpoint.touch()
    with pytest.raises(InputError, match=r"--weights .*fold-0.pt: a checkpoint of a run"):
        ForeignNetwork("vgg_10_BN_16", Source.open(str(checkpoint)))


@pytest.mark.parametrize("classes", ["cat", "cat,cat", "cat,"])
def test_classes_that_cannot_be(classes: str) -> None:
    with pytest.raises(InputError, match="--classes"):
        ForeignNetwork("vgg_10_BN_16", classes=classes)


@pytest.mark.parametrize(
    ("option", "words", "says"),
    [
        ("mean", "123,116,103", "expected one number of at most 1, or 3 with commas .bytes?"),
        ("mean", "0.5,0.5", "expected one number"),
        ("mean", "nan", "expected one number"),
        ("mean", "-inf", "expected one number"),
        ("mean", "", "expected one number"),
        ("std", "0.2,0.2,0", "expected one number above 0, of at most 1, or 3 with commas$"),
        ("std", "small", "expected one number above 0"),
    ],
)
def test_a_normalisation_that_cannot_be(option: str, words: str, says: str) -> None:
    given: dict[str, Any] = {"mean": "0", "std": "1", option: words}
    with pytest.raises(InputError, match=f"--{option} {words}: {says}"):
        ForeignNetwork("vgg_10_BN_16", **given)


@pytest.mark.parametrize("given", [{"mean": "0.5"}, {"std": "0.5"}])
def test_half_a_normalisation(given: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"--mean and --std belong together: --(mean|std) is"):
        ForeignNetwork("vgg_10_BN_16", **given)


def test_nothing_heavy_is_imported() -> None:
    code = "import sys, c10h.stages.network_requests as _; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert not {"torch", "numpy"} & set(modules.decode().split())


def train_request(**more: Any) -> TrainRequest:
    data = training_data(6)
    images = Images(classes=data.classes, images=data.images, truth=data.truth)
    given = {"architecture": "wrn_10_2", "folder": Path("run"), **more}
    return TrainRequest(images=images, images_file=Source(Path("i.h5"), "i.h5"), **given)


def test_settings_are_the_recipe_with_what_replaces_its_parts() -> None:
    assert train_request().settings == RECIPES["wrn"]
    assert train_request(architecture="my:net").settings == RECIPES[DEFAULT]
    found = train_request(recipe="paper", epochs=2.5, weight_decay=0.0).settings
    assert found == replace(recipe_for("paper", "wrn"), epochs=2.5, weight_decay=0.0)
    told = {"optimizer": "sgd", "schedule": "multistep", "decay": 0.5, "padding": "constant"}
    found = train_request(recipe="paper", nesterov=False, **told).settings
    assert (found.optimizer, found.nesterov, found.padding_mode) == ("sgd", False, "constant")
    assert (found.schedule, found.decay) == ("multistep", 0.5)


@pytest.mark.parametrize("epochs", [None, 30.0, 7.0])
def test_milestones_are_epochs_whatever_their_number(epochs: float | None) -> None:
    """The rate falls by half as epochs 3 and 5 end; one beyond the last epoch never comes."""
    recipe = train_request(milestones=(3, 5, 500), decay=0.5, epochs=epochs).settings
    steps = round(recipe.epochs * 11)
    factors = [learning_rate_factor(recipe, step, steps, 11) for step in range(6 * 11)]
    assert factors == [1.0] * 33 + [0.5] * 22 + [0.25] * 11


def test_the_repositorys_recipe_of_a_network_by_options() -> None:
    """From its authors': what WRN's code of hysts has differently is its padding alone."""
    ours = train_request(padding="constant", milestones=(60, 120, 160), decay=0.2).settings
    assert ours == replace(recipe_for("hysts", "wrn"), source=ours.source)
    basic = train_request(architecture="resnet_basic_20", nesterov=True, epochs=160).settings
    theirs = recipe_for("hysts", "resnet")
    assert basic == replace(theirs, source=basic.source, warmup_epochs=1)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"architecture": "wrn_10"}, "wrn_10: expected wrn_DEPTH_WIDENING"),
        ({"recipe": "papr"}, "--recipe: unknown recipe 'papr': did you mean paper"),
        ({"parallel_folds": 2}, "--parallel-folds: needs --folds"),
        ({"milestones": (5, 3)}, "--milestones: expected ascending epochs, found 5, 3"),
        ({"milestones": (3, 3)}, "--milestones: expected ascending epochs, found 3, 3"),
        ({"milestones": (0,)}, "--milestones 0: expected a number above 0"),
        (
            {"milestones": (3,), "schedule": "cosine"},
            "--milestones: needs --schedule multistep, found cosine",
        ),
        (
            {"decay": 0.1, "architecture": "shake_shake_26_2x64d_SSI"},
            "--decay: needs --schedule multistep, found cosine",
        ),
        ({"decay": 1.5}, "--decay 1.5: expected a number above 0 and up to 1"),
        (
            {"schedule": "multistep", "architecture": "shake_shake_26_2x64d_SSI"},
            "--schedule multistep: the recipe has no milestones: add --milestones",
        ),
        ({"nesterov": True, "recipe": "paper"}, "--nesterov: needs --optimizer sgd, found adam"),
        ({"padding": "wrap"}, "--padding: unknown value 'wrap'"),
        ({"choose": "twice"}, "--choose: unknown value 'twice'"),
    ],
)
def test_what_cannot_be_trained(more: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        train_request(**more)


def test_first_weights_are_not_a_checkpoints(tmp_path: Path) -> None:
    (tmp_path / FILE).touch()
    checkpoint = tmp_path / "fold-0.pt"
    checkpoint.touch()
    with pytest.raises(InputError, match=r"--init .*fold-0.pt: a checkpoint of a run"):
        train_request(init=Source.open(str(checkpoint)))


def attack_request(classes: str = "abcde", **more: Any) -> AttackRequest:
    images = Images(classes=tuple(classes), images=pictures(6))
    networks = ForeignNetwork("wrn_10_2")
    file = Source(Path("i.h5"), "i.h5")
    return AttackRequest(images=images, images_file=file, networks=networks, **more)


def test_what_an_attack_is_unless_said() -> None:
    request = attack_request(epsilons=("4/255", "0.1"))
    assert request.maximised == "ce"
    assert [budget.epsilon for budget in request.budgets] == [4 / 255, 0.1]
    assert {budget.steps for budget in request.budgets} == {ATTACKS["pgd"].steps}
    assert attack_request(method="square").maximised == "margin"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"method": "md", "loss": "dlr"}, "--loss dlr: expected one of margin for --method md"),
        (
            {"loss": "dlr", "classes": "ab"},
            "--loss dlr: has no gradient with fewer than 3 classes, found 2",
        ),
        ({"epsilons": ("4",)}, "--epsilon 4: larger than any change of a pixel"),
        ({"method": "fgsm", "steps": 2}, "--method fgsm takes a single step"),
    ],
)
def test_what_cannot_be_attacked(more: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        attack_request(**more)
