"""Names of networks, and what is said about those that cannot be."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from c10h.errors import InputError
from c10h.models.architectures import ARCHITECTURES, family_of
from c10h.models.building import build

from .networks import count_parameters

EXAMPLES = [(family, name) for family, row in ARCHITECTURES.items() for name in row.examples]


@pytest.mark.parametrize(("family", "name"), EXAMPLES)
def test_examples_exist(family: str, name: str) -> None:
    assert family_of(name) == family
    with torch.device("meta"):
        build(name)


def test_names_cost_no_torch() -> None:
    code = (
        "import sys; from c10h.models.architectures import ARCHITECTURES, family_of; "
        "from c10h.training.recipes import RECIPES; family_of('wrn_28_10'); "
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_users_own_network_has_no_family() -> None:
    assert family_of("package.module:callable") is None


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ("resnet_basic_8", "resnet_basic_8_w32"),
        ("wrn_10_1", "wrn_10_2"),
        ("wrn_10_1", "wrn_16_1"),
        ("vgg_10_BN_8", "vgg_12_BN_8"),
        ("densenet_BC_10_4", "densenet_BC_10_5"),
        ("pyramidnet_basic_8_1", "pyramidnet_basic_8_7"),
        ("resnext_11_2x8d", "resnext_11_2x16d"),
        ("shake_shake_8_2x8d_SSI", "shake_shake_8_2x16d_SSI"),
        ("airbench94_w16", "airbench94"),
    ],
)
def test_numbers_in_names_make_networks_larger(narrow: str, wide: str) -> None:
    with torch.device("meta"):
        assert count_parameters(build(narrow)) < count_parameters(build(wide))


def test_widths_that_are_left_out_are_the_papers() -> None:
    with torch.device("meta"):
        for short, long in (
            ("resnet_basic_20", "resnet_basic_20_w16"),
            ("resnet_preact_bottleneck_11", "resnet_preact_bottleneck_11_w16"),
            ("airbench94", "airbench94_w64"),
        ):
            assert count_parameters(build(short)) == count_parameters(build(long))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("resnet_basic_21", "depth 21: expected 6 n + 2: nearest are 20 and 26"),
        ("resnet_basic_2", "depth 2: expected 6 n + 2: nearest is 8"),
        ("resnet_bottleneck_111", "depth 111: expected 9 n + 2: nearest are 110 and 119"),
        ("resnet_preact_basic_9", "depth 9: expected 6 n + 2: nearest are 8 and 14"),
        ("wrn_28_0", "expected wrn_DEPTH_WIDENING"),
        ("wrn_27_2", "depth 27: expected 6 n + 4: nearest are 22 and 28"),
        ("resnext_30_8x64d", "depth 30: expected 9 n + 2: nearest are 29 and 38"),
        ("densenet_BC_99_12", "depth 99: expected 6 n + 4: nearest are 94 and 100"),
        ("pyramidnet_basic_111_84", "depth 111: expected 6 n + 2: nearest are 110 and 116"),
        ("shake_shake_25_2x32d_SSI", "depth 25: expected 6 n + 2: nearest are 20 and 26"),
        ("vgg_16_BN_64", "depth 16: expected one of 10, 12, 15, 18"),
        ("resnet_preact_20", "expected resnet_preact_{basic|bottleneck}_DEPTH"),
        ("shake_shake_26_2x64d", "such as shake_shake_26_2x64d_SSI"),
        ("vgg_15_BN_64_2020", "expected vgg_DEPTH_BN_WIDTH[_2019]"),
        ("shake_shake_26_2x64d_SSI_2018", "expected shake_shake_DEPTH_2xWIDTHd_SSI[_2019]"),
        ("wrn_２８_10", "expected wrn_DEPTH_WIDENING"),
        ("resnet_basic_20\n", "expected resnet_"),
    ],
)
def test_a_name_that_cannot_be_is_one_line(name: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        build(name)
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"{name}: ")
    assert "\n" not in str(caught.value).removeprefix(name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("lenet", "expected one such as vgg_10_BN_16"),
        ("", "expected one such as"),
        ("resent_basic_20", "did you mean resnet_basic_20? expected one such as vgg"),
        ("densnet_BC_100_12", "did you mean densenet_BC_100_12?"),
    ],
)
def test_a_name_of_no_family(name: str, said: str) -> None:
    with pytest.raises(InputError, match=re.escape(f"unknown network {name!r}: {said}")):
        build(name)


@pytest.mark.parametrize("name", ["mine", "mine.py", "./mine"])
def test_the_name_of_a_file_of_ones_own(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read, not run: the names of what may make the network, classes first."""
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text("raise SystemExit\n\ndef make(): ...\n\nclass Net: ...\n")
    with pytest.raises(InputError, match="expected module:callable, such as mine:Net or mine:make"):
        build(name)
    Path("mine.py").write_text("no Python")
    with pytest.raises(InputError, match="unknown network"):
        build(name)


@pytest.mark.parametrize(
    ("name", "size", "said"),
    [
        ("vgg_15_BN_64", 28, "needs images of at least 32 x 32 pixels, found 28 x 28"),
        ("resnet_basic_8", (32, 3), "needs images of at least 4 x 4 pixels, found 32 x 3"),
        ("airbench94", 8, "needs images of at least 9 x 9 pixels, found 8 x 8"),
        ("wrn_10_1", 0, "found 0 x 0"),
    ],
)
def test_a_size_that_a_network_cannot_take(
    name: str, size: int | tuple[int, int], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        build(name, image_size=size)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("resnet_basic_20006", "expected a depth and a width of at most 10,000"),
        ("wrn_10_9000", "there is not enough memory for a network so large"),
    ],
)
def test_a_network_that_is_too_large(name: str, said: str) -> None:
    with pytest.raises(InputError, match=f"{name}: {said}"):
        build(name)


@pytest.mark.parametrize("classes", [1, 0, -3])
def test_one_class_is_none(classes: int) -> None:
    with pytest.raises(InputError, match=f"expected at least 2 classes, found {classes}"):
        build("resnet_basic_8", classes)


@pytest.mark.parametrize(
    ("mean", "std", "said"),
    [
        ((0.5,), None, "mean: expected three numbers"),
        ((0.5, 0.5, float("nan")), None, "mean: expected three numbers"),
        (None, (0.2, 0.2), "std: expected three numbers"),
        (None, (0.2, 0.2, 0.0), "std: expected three numbers above 0"),
    ],
)
def test_statistics_that_cannot_be(
    mean: tuple[float, ...] | None, std: tuple[float, ...] | None, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        build("resnet_basic_8", mean=mean, std=std)
