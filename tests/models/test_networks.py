"""Networks are those of the papers, and can be trained."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from c10h.models.architectures import ARCHITECTURES, family_of
from c10h.models.building import build, prepare
from c10h.models.shake_shake import ShakeShake, ShiftedShortcut

from .networks import SIZES, SMALL, count_parameters, pictures

FAMILIES = pytest.mark.parametrize("family", ARCHITECTURES)

# Measured on hysts/pytorch_image_classification: its last version, and of names in _2019 its state
# of January 2019.
PARAMETERS = {
    "vgg_15_BN_64": 14_728_266,
    "resnet_basic_110": 1_730_714,
    "wrn_28_10": 36_479_194,
    "resnet_preact_bottleneck_164": 1_619_290,
    "resnet_preact_basic_110": 1_730_522,
    "resnext_29_8x64d": 34_426_698,
    "resnext_29_4x64d": 17_562_442,
    "densenet_BC_100_12": 769_162,
    "pyramidnet_basic_110_270": 28_485_477,
    "pyramidnet_basic_110_84": 3_904_446,
    "shake_shake_26_2x64d_SSI": 11_653_978,
    "shake_shake_26_2x96d_SSI": 26_192_922,
    "vgg_15_BN_64_2019": 14_728_266,
    "shake_shake_26_2x64d_SSI_2019": 11_709_514,
}


@pytest.mark.parametrize(("name", "count"), PARAMETERS.items())
def test_parameters_are_the_papers_to_the_last_unit(name: str, count: int) -> None:
    with torch.device("meta"):
        assert count_parameters(build(name)) == count


def test_airbench_has_two_million_parameters() -> None:
    """1.97 million, section 3.1 of its paper."""
    assert count_parameters(build("airbench94")) == pytest.approx(1.97e6, rel=0.003)


def test_every_family_has_a_small_network() -> None:
    assert set(SMALL) == set(ARCHITECTURES)
    assert {family_of(name) for name in SMALL.values()} == set(ARCHITECTURES)


def test_vgg_of_2019_has_a_relu_in_each_of_five_stages() -> None:
    def layers(name: str) -> list[str]:
        with torch.device("meta"):
            return [type(module).__name__ for module in build(name).network.modules()]

    first = ["Conv2d", "BatchNorm2d", "ReLU"]
    two = ["Sequential", *first, *first[:2], "MaxPool2d"]
    three = [*two[:-1], *first[:2], "MaxPool2d"]
    assert layers("vgg_15_BN_64_2019")[1:-4] == [*two, *two, *three, *three, *three]
    assert layers("vgg_15_BN_64").count("ReLU") == 13


def test_vgg_of_2019_begins_with_random_scales() -> None:
    torch.manual_seed(0)
    modules = build("vgg_15_BN_64_2019").modules()
    scales = [module.weight for module in modules if isinstance(module, nn.BatchNorm2d)]
    drawn = torch.cat([scale.detach() for scale in scales])
    assert len(drawn) == 4224  # 2 x 64, 2 x 128, 3 x 256 and 6 x 512
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert drawn.mean().item() == pytest.approx(1 / 2, abs=0.02)
    assert drawn.var().item() == pytest.approx(1 / 12, abs=0.005)


def test_shake_shake_of_2019_by_hand() -> None:
    """relu(norm(conv)) to as many channels as the first stage has; no relu before the pooling."""
    model = build("shake_shake_8_2x8d_SSI_2019").eval()
    stem, *rest = model.network.children()
    normalisation, *_, head = rest
    units = [unit for module in rest for unit in module.modules() if isinstance(unit, ShakeShake)]
    assert stem.weight.shape == (8, 3, 3, 3)
    assert [type(unit.shortcut) for unit in units] == [
        nn.Identity, ShiftedShortcut, ShiftedShortcut,
    ]  # fmt: skip
    pixels = pictures(3, 16)
    features = functional.relu(normalisation(stem(model.normalise(pixels))))
    for unit in units:
        shortcut = unit.shortcut(features)
        branches = [branch(functional.relu(features)) for branch in (unit.first, unit.second)]
        features = shortcut + sum(branches) / 2
    assert isinstance(head, nn.Sequential)
    linear = head[-1]
    assert isinstance(linear, nn.Linear)
    wanted = features.mean(dim=(2, 3)) @ linear.weight.T + linear.bias
    assert (features < 0).any()
    torch.testing.assert_close(model(pixels), wanted)


@FAMILIES
@pytest.mark.parametrize("classes", [2, 10, 37])
def test_any_number_of_classes(family: str, classes: int) -> None:
    model = build(SMALL[family], classes).eval()
    assert model(pictures(2, 32)).shape == (2, classes)


@FAMILIES
def test_any_size_from_the_smallest_on(family: str) -> None:
    model = build(SMALL[family], image_size=SIZES[family]).eval()
    smallest = SIZES[family]
    for height, width in ((smallest, smallest), (smallest + 1, 2 * smallest + 3), (47, 33)):
        assert model(pictures(3, height, width)).shape == (3, 10)


@FAMILIES
def test_gradients_reach_every_parameter_and_the_pixels(family: str) -> None:
    model = build(SMALL[family])
    pixels = pictures(8, 32).requires_grad_()
    functional.cross_entropy(model(pixels), torch.arange(8)).backward()
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
            assert parameter.grad.any(), name
    assert pixels.grad is not None
    assert pixels.grad.flatten(1).any(dim=1).all()


@FAMILIES
def test_evaluation_is_deterministic_and_by_item(family: str) -> None:
    model = build(SMALL[family]).eval()
    pixels = pictures(5, 32)
    logits = model(pixels)
    assert torch.equal(model(pixels), logits)
    torch.testing.assert_close(model(pixels[2:3]), logits[2:3])


@FAMILIES
def test_channels_last_and_bfloat16_give_nearly_the_same_logits(family: str) -> None:
    model = build(SMALL[family])
    prepare(model, pictures(8, 32))
    for _ in range(10):  # running statistics of real features
        model(pictures(8, 32))
    model.eval()
    pixels = pictures(4, 32)
    with torch.no_grad():
        logits = model(pixels)
        model.to(memory_format=torch.channels_last)
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        torch.testing.assert_close(model(pixels), logits, rtol=1e-3, atol=1e-4)
        with torch.autocast("cpu", torch.bfloat16):
            rounded = model(pixels)
    error = (rounded.float() - logits).norm() / logits.norm()
    assert error < 0.05


@FAMILIES
def test_training_in_bfloat16_gives_nearly_the_same_gradients(family: str) -> None:
    gradients = []
    for dtype in (torch.float32, torch.bfloat16):
        torch.manual_seed(1)
        model = build(SMALL[family]).to(memory_format=torch.channels_last)
        pixels = pictures(16, 32)
        with torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
            logits = model(pixels)
        functional.cross_entropy(logits.float(), torch.arange(16) % 10).backward()
        gradients.append(
            torch.cat([one.grad.flatten() for one in model.parameters() if one.grad is not None])
        )
    assert functional.cosine_similarity(gradients[0], gradients[1], dim=0) > 0.9


@FAMILIES
def test_a_network_overfits_eight_images(family: str) -> None:
    size = max(16, SIZES[family])
    pixels, truth = pictures(8, size), torch.arange(8)
    model = build(SMALL[family], image_size=size)
    prepare(model, pixels)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(60):
        loss = functional.cross_entropy(model(pixels), truth)
        if loss < 0.03:
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert torch.equal(model(pixels).argmax(dim=1), truth)


@FAMILIES
def test_the_seed_makes_the_weights(family: str) -> None:
    states = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        states.append(build(SMALL[family]).state_dict())
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    assert not all(torch.equal(states[0][key], states[2][key]) for key in states[0])


@FAMILIES
def test_a_state_dict_makes_the_same_network(family: str) -> None:
    model = build(SMALL[family], mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6))
    model(pictures(4, 32))  # moves the running statistics
    other = build(SMALL[family])
    other.load_state_dict(model.state_dict())
    pixels = pictures(3, 32)
    assert torch.equal(other.eval()(pixels), model.eval()(pixels))
    assert other.mean.flatten().tolist() == pytest.approx([0.1, 0.2, 0.3])
    assert other.std.flatten().tolist() == pytest.approx([0.4, 0.5, 0.6])


@pytest.mark.parametrize("family", [key for key in ARCHITECTURES if key != "airbench94"])
def test_convolutions_start_as_he_et_al_say(family: str) -> None:
    for module in build(ARCHITECTURES[family].examples[-1]).modules():
        if isinstance(module, nn.Conv2d) and module.weight.numel() > 5000:
            area = module.kernel_size[0] * module.kernel_size[1]
            expected = (2 / (module.out_channels * area)) ** 0.5
            assert module.weight.std().item() == pytest.approx(expected, rel=0.05)
            assert abs(module.weight.mean().item()) < 0.05 * expected
        if isinstance(module, nn.Conv2d | nn.Linear | nn.BatchNorm2d) and module.bias is not None:
            assert not module.bias.any()
        if isinstance(module, nn.BatchNorm2d):
            assert (module.weight == 1).all()


def test_pixels_are_normalised_by_the_training_images_of_cifar10() -> None:
    model = build("resnet_basic_8")
    pixels = pictures(2, 32)
    by_hand = torch.stack(
        [
            (pixels[:, 0] - 0.4914) / 0.2470,
            (pixels[:, 1] - 0.4822) / 0.2435,
            (pixels[:, 2] - 0.4465) / 0.2616,
        ],
        dim=1,
    )
    torch.testing.assert_close(model.normalise(pixels), by_hand)
    torch.testing.assert_close(model(pixels), model.network(by_hand))
    assert not any(key in ("mean", "std") for key, _ in model.named_parameters())


def test_bytes_are_no_pixels() -> None:
    with pytest.raises(
        TypeError, match=r"expected pixels in \[0, 1\], floating, found torch.uint8"
    ):
        build("resnet_basic_8")(torch.zeros(2, 3, 32, 32, dtype=torch.uint8))


def test_networks_that_need_no_images_stay_as_they_are() -> None:
    model = build("resnet_basic_8")
    before = {key: value.clone() for key, value in model.state_dict().items()}
    prepare(model, pictures(4, 32))
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
