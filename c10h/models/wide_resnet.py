"""Wide ResNet: Zagoruyko & Komodakis (2016), Wide residual networks, BMVC, table 1.

A pre-activation ResNet of basic units (their B(3,3)), few and wide, without dropout. Units that
keep the width activate the input of their branch alone, in the first stage too: that differs from
:mod:`c10h.models.resnet_preact` only for a widening of 1. Initial weights: He et al. (2015).
"""

from __future__ import annotations

from torch import nn

from c10h.models.layers import units_per_stage
from c10h.models.resnet_preact import assemble, basic, own_activation, shared_activation

STEM = 16


def build(classes: int, depth: int, widening: int) -> nn.Sequential:
    """The network. widening: the first stage has 16 times as many channels."""
    count = units_per_stage(depth, 6, 4)
    widths = (STEM, STEM * widening, 2 * STEM * widening, 4 * STEM * widening)
    return assemble(classes, widths, count, basic, first=_first)


def _first(inputs: int, outputs: int, stride: int) -> nn.Module:
    make = own_activation if inputs == outputs else shared_activation
    return make(basic)(inputs, outputs, stride)
