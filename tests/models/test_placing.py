"""Where a network and its images are in memory."""

from __future__ import annotations

import pytest
import torch

from c10h.models.building import build
from c10h.models.normalised import Normalised
from c10h.models.placing import place

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("name", "is_last"),
    [("resnet_basic_8_w8", True), ("wrn_10_1", True), ("resnet_basic_8_w4", False),
     ("shake_shake_8_2x4d_SSI", False), ("densenet_BC_16_4", False)],
)  # fmt: skip
def test_narrow_networks_have_channels_first_on_cpus(name: str, is_last: bool) -> None:
    network = place(build(name, 3, 8), CPU)
    assert isinstance(network, Normalised)
    order = torch.channels_last if is_last else torch.contiguous_format
    weights = [w for w in network.parameters() if w.dim() == 4 and min(w.shape[1:]) > 1]
    assert all(weight.is_contiguous(memory_format=order) for weight in weights)
    pixels = torch.rand(4, 3, 8, 8).contiguous(memory_format=torch.channels_last)
    assert network.normalise(pixels).is_contiguous(memory_format=order)


def test_the_order_in_memory_changes_no_result() -> None:
    network = build("resnet_basic_8", 3, 8).eval()
    pixels = torch.rand(4, 3, 8, 8)
    expected = network(pixels)
    found = place(network, CPU)(pixels.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
