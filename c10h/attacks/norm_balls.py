"""Balls around images: ℓ∞ and ℓ2, in pixels of [0, 1]. Tensors are (n, 3, h, w)."""

from __future__ import annotations

import torch
from torch import Tensor

from c10h.attacks.budget import INFINITY


def size(perturbation: Tensor, norm: str) -> Tensor:
    """The norm of each item's perturbation, (n)."""
    flat = perturbation.flatten(1)
    if norm == INFINITY:
        return flat.abs().amax(dim=1)
    length: Tensor = torch.linalg.vector_norm(flat, dim=1)
    return length


def steepest(gradient: Tensor, norm: str) -> Tensor:
    """The perturbation of norm 1 along which a linear function grows fastest; 0 where it is flat.

    Each item's is its own, whatever the gradient's scale: it is brought to 1 first.
    """
    if norm == INFINITY:
        return gradient.sign()
    largest = _as_pixels(size(gradient, INFINITY))
    scaled = gradient / largest.where(largest > 0, 1)
    length = _as_pixels(size(scaled, norm))
    return scaled / length.where(length > 0, 1)


def project(pixels: Tensor, origin: Tensor, epsilon: float, norm: str) -> Tensor:
    """The nearest pixels within the ball, then within [0, 1], which does not leave the ball."""
    perturbation = pixels - origin
    if norm == INFINITY:
        inside = perturbation.clamp(-epsilon, epsilon)
    else:
        length = _as_pixels(size(perturbation, norm))
        inside = perturbation * (epsilon / length.clamp(min=epsilon))
    return (origin + inside).clamp(0, 1)


def random_start(origin: Tensor, epsilon: float, norm: str) -> Tensor:
    """Pixels drawn evenly from the ball, then brought into [0, 1]."""
    if norm == INFINITY:
        noise = torch.empty_like(origin).uniform_(-epsilon, epsilon)
    else:
        dimensions = origin[0].numel()
        radius = torch.rand(len(origin), device=origin.device) ** (1 / dimensions)
        noise = steepest(torch.randn_like(origin), norm) * epsilon * _as_pixels(radius)
    return (origin + noise).clamp(0, 1)


def _as_pixels(values: Tensor) -> Tensor:
    """One value an item, to be spread over its pixels."""
    return values[:, None, None, None]
