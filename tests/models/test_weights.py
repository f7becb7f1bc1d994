"""Weights from files, and what is said about those that do not fit."""

from __future__ import annotations

import os
import pickle
from argparse import Namespace
from pathlib import Path

import pytest
import torch
from bombs import Bomb
from safetensors.torch import save_file

from c10h.errors import FileError, InputError, MismatchError
from c10h.models.building import build
from c10h.models.weights import load_weights

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
    source, model = (torch.nn.ModuleDict({"module": torch.nn.Linear(2, 2)}) for _ in range(2))
    assert load_weights(model, saved(tmp_path, source.state_dict())) == ""
    for key, value in source.state_dict().items():
        assert torch.equal(model.state_dict()[key], value)


def assert_same_weights(one: torch.nn.Module, other: torch.nn.Module) -> None:
    pixels = pictures(2, 8)
    assert torch.equal(one.eval()(pixels), other.eval()(pixels))


@pytest.mark.parametrize("place", ["net", "network", "weights", "ema", "any name"])
@pytest.mark.parametrize("prefix", ["", "model.", "net.", "model.net._orig_mod."])
def test_any_one_dictionary_of_tensors_and_any_common_prefix(
    tmp_path: Path, place: str, prefix: str
) -> None:
    source, model = build(NAME), build(NAME)
    state = {prefix + key: value for key, value in source.network.state_dict().items()}
    content = {"acc": 90.0, "optimizer": {"lr": 0.1, "state": {}}, place: state, "epoch": 1}
    note = load_weights(model, saved(tmp_path, content))
    assert_same_weights(model, source)
    assert note.startswith(f"weights.pt: the weights under {place}")
    assert note.endswith(f"without the prefix {prefix}") == bool(prefix)


def test_nothing_is_said_of_a_state_dict_as_it_is(tmp_path: Path) -> None:
    source, model = build(NAME), build(NAME)
    assert load_weights(model, saved(tmp_path, source.state_dict())) == ""
    assert_same_weights(model, source)


def test_a_prefix_that_a_key_lacks_stays(tmp_path: Path) -> None:
    state = {f"model.{key}": value for key, value in build(NAME).network.state_dict().items()}
    said = fault(tmp_path, {**state, "loss.weight": torch.ones(10)})
    assert "unexpected: model.0.weight" in said


def test_no_end_of_prefixes_is_no_end_of_work(tmp_path: Path) -> None:
    said = fault(tmp_path, {"a." * 100_000: torch.zeros(1)})
    assert "missing: " in said
    assert len(said) < 700


def test_a_known_name_comes_before_others(tmp_path: Path) -> None:
    source, other, model = build(NAME), build(NAME), build(NAME)
    content = {"ema": other.state_dict(), "model_state_dict": source.state_dict()}
    load_weights(model, saved(tmp_path, content))
    assert_same_weights(model, source)


def test_of_several_dictionaries_the_one_that_fits(tmp_path: Path) -> None:
    source, model = build(NAME), build(NAME)
    content = {"teacher": build("wrn_10_1").state_dict(), "student": source.state_dict()}
    assert "under student" in load_weights(model, saved(tmp_path, content))
    assert_same_weights(model, source)


def test_several_that_fit_are_named(tmp_path: Path) -> None:
    state = build(NAME).state_dict()
    said = fault(tmp_path, {"net": state, "ema": state, "epoch": 3})
    assert "holds several state dicts of this network, net, ema: save the one" in said


def test_averaged_weights_of_torch(tmp_path: Path) -> None:
    source, model = build(NAME), build(NAME)
    averaged = torch.optim.swa_utils.AveragedModel(source)
    assert "n_averaged" in averaged.state_dict()
    load_weights(model, saved(tmp_path, {"ema": averaged.state_dict()}))
    assert_same_weights(model, source)


def test_an_object_beside_the_weights_is_named(tmp_path: Path) -> None:
    said = fault(tmp_path, {"state_dict": build(NAME).state_dict(), "args": Namespace(lr=0.1)})
    assert said == (
        "weights.pt: holds argparse.Namespace, which is never loaded: save the state_dict alone, "
        "torch.save(model.state_dict(), …)"
    )


def test_the_name_of_an_object_commands_no_terminal(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    path.write_bytes(b"\x80\x02c\x1b[31mevil\nname\x07\n.")
    with pytest.raises(FileError) as caught:
        load_weights(build(NAME), path)
    assert str(caught.value).isprintable()


def test_safetensors(tmp_path: Path) -> None:
    source, model = build(NAME), build(NAME)
    path = tmp_path / "weights.safetensors"
    save_file({f"model.{key}": value for key, value in source.state_dict().items()}, path)
    assert load_weights(model, path) == (
        "weights.safetensors: the weights without the prefix model."
    )
    assert_same_weights(model, source)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(FileError, match="wrote, or damaged"):
        load_weights(model, path)


def test_counts_of_steps_may_be_missing(tmp_path: Path) -> None:
    source, model = build(NAME), build(NAME)
    state = source.state_dict()
    old = {key: value for key, value in state.items() if "num_batches_tracked" not in key}
    assert len(old) < len(state)
    load_weights(model, saved(tmp_path, old))
    assert_same_weights(model, source)


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
    assert "holds c10h.models.normalised.Normalised, which is never loaded: save the" in said
    assert "torch.save(model.state_dict(), …)" in said


@pytest.mark.parametrize("legacy", [False, True])
def test_code_in_a_file_is_not_run(tmp_path: Path, bomb: Bomb, legacy: bool) -> None:
    path = tmp_path / "weights.pt"
    content = {"state_dict": bomb}
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(FileError, match=r"weights.pt: holds \S+, which is never loaded"):
        load_weights(build(NAME), path)
    bomb.assert_not_run()


def test_code_in_a_plain_pickle_is_not_run(tmp_path: Path, bomb: Bomb) -> None:
    path = tmp_path / "weights.pt"
    path.write_bytes(pickle.dumps(bomb))
    with pytest.raises(FileError, match=r"^weights\.pt: no file of weights that torch or saf"):
        load_weights(build(NAME), path)
    bomb.assert_not_run()


@pytest.mark.parametrize("kept", [0, 10, 1000, -10])
def test_a_file_that_is_cut_off(tmp_path: Path, kept: int) -> None:
    path = saved(tmp_path, build(NAME).state_dict())
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(
        FileError, match=r"weights.pt: no file of weights that torch or safetensors wrote"
    ):
        load_weights(build(NAME), path)


def test_a_file_of_text(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    path.write_text("name,value\n")
    with pytest.raises(
        FileError, match=r"weights.pt: no file of weights that torch or safetensors wrote"
    ):
        load_weights(build(NAME), path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"gone.pt: cannot be read: No such file"):
        load_weights(build(NAME), tmp_path / "gone.pt")
    with pytest.raises(FileError, match="cannot be read: Is a directory"):
        load_weights(build(NAME), os.fspath(tmp_path))
