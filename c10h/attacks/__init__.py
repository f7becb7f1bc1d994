"""Attacks on classifiers. ATTACKS is the table of methods: a new one is a function and a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from c10h.attacks import cleverhans_adapter
from c10h.attacks.apgd import apgd
from c10h.attacks.losses import LOSSES
from c10h.attacks.margin_decomposition import margin_decomposition
from c10h.attacks.problem import Attack
from c10h.attacks.square import square


@dataclass(frozen=True)
class Method:
    """A row of ATTACKS.

    run: the attack. losses: names in LOSSES that it can maximise, the default first. steps: unless
    said; 1 where there is no other number. by_best: the curve is the best so far, since calls are
    with candidates. needs_gradient: whether it asks for more than logits. starts_at_random: unless
    said. takes: the options that change it.
    """

    summary: str
    run: Attack
    losses: tuple[str, ...] = ("ce",)
    steps: int = 10
    by_best: bool = False
    needs_gradient: bool = True
    starts_at_random: bool = True
    takes: tuple[str, ...] = ("--random-start",)


ATTACKS: Mapping[str, Method] = {
    "fgsm": Method(
        "one step along the gradient's sign: Goodfellow et al. 2015, by cleverhans",
        cleverhans_adapter.fgsm,
        steps=1,
        starts_at_random=False,
        takes=(),
    ),
    "pgd": Method(
        "projected gradient descent: Madry et al. 2018, by cleverhans (other losses: here)",
        cleverhans_adapter.pgd,
        tuple(LOSSES),
        takes=("--step-size", "--random-start"),
    ),
    "apgd": Method(
        "PGD with momentum that sets its own step: Croce & Hein 2020",
        apgd,
        tuple(LOSSES),
        steps=50,
    ),
    "md": Method(
        "one term of the margin, drawn for each image, then the margin: Jiang et al. 2020",
        margin_decomposition,
        ("margin",),
        steps=40,
    ),
    "square": Method(
        "random squares, kept where they help; needs no gradient: Andriushchenko et al. 2020",
        square,
        ("margin", "ce"),
        steps=1000,
        by_best=True,
        needs_gradient=False,
        starts_at_random=False,
        takes=(),
    ),
}
