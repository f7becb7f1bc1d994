"""The checks of an attack, a row each: CHECKS. Nothing here imports torch.

What to look at is from Carlini et al. (2019), On evaluating adversarial robustness, sections 3 to
5, and Athalye, Carlini & Wagner (2018), Obfuscated gradients, sections 3 and 4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

# A mean, or a share of items: a fraction of two counts, so that limits are held exactly. In floats
# 0.65 - 0.63 is more than 0.02.
Figure: TypeAlias = float | Fraction

# Shares of items: what rounding may do to a figure, as a single item may, whatever share it is.
FEW = Fraction(1, 100)
# By how much one attack may leave more items correct than the worst of several.
AGREE = Fraction(2, 100)
# Of a mean loss: where two attacks reach the same place, rounding puts either first, and in ℓ2 a
# random start costs PGD up to 2 % of what FGSM reaches in networks that are nearly linear.
NEARLY = 0.05
# Attacks that must agree with the one that is looked at, by what they maximise.
COMPARISONS: Mapping[str, tuple[str, str]] = {
    "cross-entropy": ("pgd", "ce"),
    "margin": ("pgd", "margin"),
    "dlr": ("pgd", "dlr"),
    "margin decomposition": ("md", "margin"),
}
GRADIENT_FREE = "square"
# How a command line tries the same on all images, with the most of each.
TRIED_AGAIN: Mapping[str, str] = {
    **{
        name: f"--method {'apgd' if method == 'pgd' else method} --loss {loss}"
        for name, (method, loss) in COMPARISONS.items()
    },
    GRADIENT_FREE: f"--method {GRADIENT_FREE}",
}
NAN = float("nan")


@dataclass(frozen=True)
class Check:
    """One check. label: what files and tables call it, with the ``method`` that was tried.

    passes: whether a value passes, given what it is compared with, and the share that a single item
    is; None for a figure that is no test. sentence: what a failure means, with the ``value``.
    """

    label: str
    passes: Callable[[Figure, Figure, Figure], bool] | None = None
    sentence: str = ""

    def of(
        self,
        value: Figure,
        compared: Figure = NAN,
        *,
        epsilon: float = NAN,
        method: str = "",
        items: int = 0,
    ) -> CheckResult:
        """The result for a value, of the attack of one size or of all (NaN).

        items: of how many it is a share; 0 where a single one may not do.
        """
        single = Fraction(1, items) if items else 0
        passed = None if self.passes is None else self.passes(value, compared, single)
        return CheckResult(self.label.format(method=method), float(value), passed, epsilon)


@dataclass(frozen=True)
class CheckResult:
    """What came of a check. passed: None for no test. epsilon: NaN for an attack of all sizes."""

    label: str
    value: float
    passed: bool | None
    epsilon: float

    @property
    def sentence(self) -> str:
        """What a failure means; of a check that this version does not know, its value."""
        known = [check.sentence for check in CHECKS.values() if check.label == self.label]
        return "".join(known or [f"{self.label}: {{value:g}}"]).format(value=self.value)


def _is_rare(share: Figure, _: Figure, single: Figure) -> bool:
    return share <= max(FEW, single)


def _agrees(share: Figure, largest: Figure, single: Figure) -> bool:
    """Whether a share of correct items is at most a little below another."""
    return largest - share <= max(AGREE, single)


def _reaches(loss: Figure, other: Figure, _: Figure) -> bool:
    """Whether a mean loss is not clearly smaller than another."""
    return loss * (1 + NEARLY) >= other


CHECKS: Mapping[str, Check] = {
    "norm": Check("largest norm, in epsilon", lambda norm, _, __: True),
    "loss_gained": Check(
        "loss gained",
        lambda gain, _, __: gain >= 0,
        "the attack lowered the loss: it is broken, or ended early by chance; try more --steps",
    ),
    "larger_epsilon": Check(
        "accuracy gained by a larger epsilon",
        _is_rare,
        "a larger epsilon left more images correct: the attack is too weak to judge robustness; "
        "give it more --steps or --restarts",
    ),
    "random": Check(
        "answers that change",
        lambda share, _, __: share == 0,
        "{value:.1%} of the images get other logits when the network is asked again: it is random, "
        "so that each gradient is of another network; attack one that returns the mean of many "
        "answers",
    ),
    "zero_softmax": Check(
        "zero gradient, softmax",
        _is_rare,
        "{value:.1%} of the images have a softmax that rounds to 0 and 1, and so no gradient of "
        "the cross-entropy: the network looks robust but is not; attack it with --loss margin",
    ),
    "zero_float32": Check(
        "zero gradient, network, float32",
        _is_rare,
        "{value:.1%} of the images have no gradient for another reason than the softmax: something "
        "in the network rounds, clips or cuts gradients off; attack it with --method square",
    ),
    "zero_float64": Check(
        "zero gradient, network, float64",
        _is_rare,
        "{value:.1%} have none in float64 either, so that float32 is not the reason: attack with "
        "--method square, which needs none, or give what rounds or clips a gradient of its own",
    ),
    "wide": Check(
        "accuracy at a very large epsilon",
        _is_rare,
        "{value:.1%} stay correct where any image is within reach: the attack does not see the "
        "network; try --method square",
    ),
    "fgsm": Check("loss after FGSM"),
    "pgd": Check(
        "loss after PGD",
        _reaches,
        "many steps did less than a single one: the gradients are misleading; try --restarts 10 "
        "and --method square",
    ),
    "transfer": Check(
        "loss after transfer",
        lambda transfer, own, single: _reaches(own, transfer, single),
        "perturbations made on another network did more than its own: gradients are masked; judge "
        "by --from that network and --method square",
    ),
    "accuracy_after": Check("accuracy, {method}"),
    "gradient_free": Check(
        "accuracy, square",
        _agrees,
        "an attack without gradients leaves only {value:.1%} correct, which those that use them "
        "cannot: gradients are masked; judge by --method square",
    ),
    "accuracy_own": Check("accuracy of this attack"),
    "accuracy_worst": Check(
        "accuracy, worst of all",
        _agrees,
        "other losses and methods leave only {value:.1%} correct: this attack overestimates "
        "robustness",
    ),
    "temperature": Check("temperature of equal scale"),
    "clean_at_scale": Check("clean loss at equal scale"),
    "loss_own": Check("loss of this attack"),
    "loss_at_scale": Check("loss at equal scale"),
}
