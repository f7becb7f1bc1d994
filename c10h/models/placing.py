"""Put a network on a device, with weights and images in the order in memory that suits it."""

from __future__ import annotations

import torch
from torch import nn

from c10h.models.normalised import Normalised

IMAGE_CHANNELS, NARROW = 3, 8


def place(network: nn.Module, device: torch.device) -> nn.Module:
    """The network on a device, channels last in memory, which is faster than channels first.

    Except for narrow networks on CPUs: torch 2.14's convolutions of fewer than 8 channels that are
    last write beyond their memory on CPUs without AVX-512, and end the process or worse.
    """
    network = network.to(device)
    narrow = device.type == "cpu" and any(map(_is_narrow, network.modules()))
    if isinstance(network, Normalised):
        network.channels_last = not narrow
    order = torch.contiguous_format if narrow else torch.channels_last
    return network.to(memory_format=order)


def _is_narrow(part: nn.Module) -> bool:
    if not isinstance(part, nn.Conv2d):
        return False
    inputs = NARROW if part.in_channels == IMAGE_CHANNELS else part.in_channels
    return min(inputs, part.out_channels) < NARROW
