"""Weights from files, and what is said about those that do not fit."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
import torch
from bombs import Bomb

from c10h.errors import FileError, InputError, MismatchError
from c10h.models import build, load_weights

from .networks import pictures

NAME = "resnet_basic_8_w8"


def saved(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "weights.pt"
    torch.save(content, path)
    return path


@pytest.mark.parametrize("place", [None, "state_dict", "model", "model_state_dict"])
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "module._orig_mod."])
@pytest.mark.parametrize("bare", [False, True])
def test_state_dicts_of_any_wrapping_are_loaded(
    tmp_path: Path, place: str | None, prefix: str, bare: bool
) -> None:
    source = build(NAME, mean=(0.1, 0.2, 0.3))
    source(pictures(4, 8))
    module = source.network if bare else source
    state = {prefix + key: value for key, value in module.state_dict().items()}
    content = state if place is None else {place: state, "epoch": 3}
    model = build(NAME, mean=(0.1, 0.2, 0.3) if bare else None)
    load_weights(model, saved(tmp_path, content))
    pixels = pictures(2, 8)
    assert torch.equal(model.eval()(pixels), source.eval()(pixels))


def test_weights_of_a_module_that_is_called_module_keep_their_names(tmp_path: Path) -> None:
    model = torch.nn.ModuleDict({"module": torch.nn.Linear(2, 2)})
    load_weights(model, saved(tmp_path, model.state_dict()))


def test_counts_of_steps_may_be_missing(tmp_path: Path) -> None:
    state = build(NAME).state_dict()
    old = {key: value for key, value in state.items() if "num_batches_tracked" not in key}
    load_weights(build(NAME), saved(tmp_path, old))


def fault(tmp_path: Path, content: object) -> str:
    """What is said about a file of that content; the model stays as it was."""
    model = build(NAME)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(InputError) as caught:
        load_weights(model, saved(tmp_path, content))
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("weights.pt: ")
    return str(caught.value)


def test_keys_and_shapes_that_differ_are_named(tmp_path: Path) -> None:
    state = build(NAME, 7).state_dict()
    del state["network.0.weight"]
    state["network.extra"] = torch.zeros(1)
    said = fault(tmp_path, state)
    assert "missing: network.0.weight;" in said
    assert "unexpected: network.extra;" in said
    assert "of another shape: network.6.2.weight (7, 32), not (10, 32)" in said


def test_many_keys_are_counted(tmp_path: Path) -> None:
    said = fault(tmp_path, build("wrn_10_1").state_dict())
    assert " more;" in said
    assert len(said) < 700


def test_other_networks_are_a_mismatch(tmp_path: Path) -> None:
    with pytest.raises(MismatchError, match="not the weights of this network"):
        load_weights(build(NAME), saved(tmp_path, build("vgg_10_BN_8").network.state_dict()))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"epoch": 3, "loss": 0.1}, "expected a state dict, found a dictionary of epoch, loss"),
        ({}, "expected a state dict, found an empty one"),
        ([torch.zeros(2)], "expected a state dict, found list"),
        (torch.zeros(2), "expected a state dict, found Tensor"),
        ({3: torch.zeros(2)}, "expected a state dict, found a dictionary of 3"),
        ({"a": torch.zeros(2) + 1j}, "expected a state dict, found a dictionary of a"),
        ({"a": torch.zeros(2, device="meta")}, "expected a state dict, found a dictionary of a"),
        ({"a\nb": torch.zeros(2)}, "unexpected: 'a\\nb'"),
    ],
)
def test_what_is_no_state_dict(tmp_path: Path, content: object, said: str) -> None:
    assert said in fault(tmp_path, content)


def test_a_whole_network_is_not_unpickled(tmp_path: Path) -> None:
    said = fault(tmp_path, build(NAME))
    assert said.endswith("holds objects other than weights, which are never loaded")


@pytest.mark.parametrize("legacy", [False, True])
def test_code_in_a_file_is_not_run(tmp_path: Path, bomb: Bomb, legacy: bool) -> None:
    path = tmp_path / "weights.pt"
    content = {"state_dict": bomb}
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(FileError, match=r"weights.pt: holds objects other than weights"):
        load_weights(build(NAME), path)
    bomb.assert_not_run()


def test_code_in_a_plain_pickle_is_not_run(tmp_path: Path, bomb: Bomb) -> None:
    path = tmp_path / "weights.pt"
    path.write_bytes(pickle.dumps(bomb))
    with pytest.raises(FileError, match=r"weights.pt: "):
        load_weights(build(NAME), path)
    bomb.assert_not_run()


@pytest.mark.parametrize("kept", [0, 10, 1000, -10])
def test_a_file_that_is_cut_off(tmp_path: Path, kept: int) -> None:
    path = saved(tmp_path, build(NAME).state_dict())
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(FileError, match=r"weights.pt: no file of weights that torch wrote"):
        load_weights(build(NAME), path)


def test_a_file_of_text(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    path.write_text("name,value\n")
    with pytest.raises(FileError, match=r"weights.pt: no file of weights that torch wrote"):
        load_weights(build(NAME), path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"gone.pt: cannot be read: No such file"):
        load_weights(build(NAME), tmp_path / "gone.pt")
    with pytest.raises(FileError, match="cannot be read: Is a directory"):
        load_weights(build(NAME), os.fspath(tmp_path))
