"""The network under attack: frozen, in one precision, and recording."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from c10h.errors import InputError
from c10h.models.placing import place
from c10h.training.device_and_precision import autocast


def freeze(network: nn.Module, device: torch.device) -> nn.Module:
    """The network in evaluation mode, with parameters that no gradient is computed for."""
    return place(network, device).eval().requires_grad_(False)


class Ensemble(nn.Module):
    """Several networks as one: its logits are the logarithm of their mean softmax."""

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, pixels: Tensor) -> Tensor:
        """Logits (n, c)."""
        logs = [at_least_float32(network(pixels)).log_softmax(dim=1) for network in self.networks]
        if len(logs) == 1:
            return logs[0]
        mean: Tensor = torch.stack(logs).logsumexp(dim=0) - math.log(len(logs))
        return mean


def at_least_float32(logits: Tensor) -> Tensor:
    """Logits in float32, or in float64 where they are."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


class RecordingNetwork:
    """A network as an attack calls it: float32 logits, and what the first calls showed.

    truth: int64 (n), the true classes of the pixels that it will be called with. calls: how many
    are recorded. losses: float32 (calls, n), the cross-entropy in nats of each item; correct: bool
    (calls, n), whether its largest logit is the true class's. logits: of the last call, float32
    (n, c).
    """

    logits: Tensor

    def __init__(
        self, network: nn.Module, truth: Tensor, precision: str = "fp32", calls: int = 1
    ) -> None:
        self.network, self.truth, self.precision = network, truth, precision
        # Made at once: small tensors between the large ones of each call would scatter free memory.
        self.losses = torch.zeros(calls, len(truth), device=truth.device)
        self.correct = torch.zeros(calls, len(truth), device=truth.device, dtype=torch.bool)
        self.called = 0

    def __call__(self, pixels: Tensor) -> Tensor:
        """Logits float32 (n, c), recorded."""
        with autocast(self.precision, pixels.device):
            logits: Tensor = self.network(pixels)
        logits = logits.float()
        self.logits = logits.detach()
        if self.called < len(self.losses):
            truth = self.truth
            loss = functional.cross_entropy(self.logits, truth, reduction="none")
            self.losses[self.called] = loss
            self.correct[self.called] = self.logits.argmax(dim=1) == truth
        self.called += 1
        return logits


def check_attackable(
    network: nn.Module, pixels: Tensor, name: str, *, needs_gradient: bool = True
) -> None:
    """Raise InputError for a network without gradients.

    pixels: float32 (n, 3, h, w), a few that it can be tried with. needs_gradient: whether it has to
    have gradients, which the health block needs whatever the attack.
    """
    leaf = pixels.detach().requires_grad_(True)
    with torch.enable_grad():
        logits = network(leaf)
    if needs_gradient and not logits.requires_grad:
        raise InputError(
            f"{name}: its output has no gradient with respect to its input, which attacks and "
            "health checks need (--method square --health 0 does not)"
        )
