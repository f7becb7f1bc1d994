"""Logits of a trained network, batch by batch, and their cross-entropy."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from c10h.models.placing import place
from c10h.records import Array
from c10h.training.device_and_precision import autocast

BATCH = 500


@torch.no_grad()
def predict(
    network: nn.Module, images: Array, device: torch.device, precision: str, batch: int = BATCH
) -> Array:
    """Logits, float32 (n, c), of images uint8 (n, h, w, 3), by a network in evaluation mode."""
    network = place(network, device).eval()
    blocks = []
    for start in range(0, len(images), batch):
        block = torch.from_numpy(np.ascontiguousarray(images[start : start + batch]))
        pixels = block.to(device).permute(0, 3, 1, 2).float() / 255
        with autocast(precision, device):
            logits = network(pixels)
        blocks.append(logits.float().cpu().numpy())
    return np.concatenate(blocks)


def cross_entropy(logits: Array, shares: Array) -> float:
    """Mean of -Σ p log softmax(logits), natural logarithm, in float64."""
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=1, keepdims=True)
    log_q = wide - np.log(np.exp(wide).sum(axis=1, keepdims=True))
    return float(-(shares * log_q).sum(axis=1).mean())
