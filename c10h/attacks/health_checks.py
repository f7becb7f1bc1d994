"""The checks of an attack, a row each: CHECKS. Nothing here imports torch.

What to look at is from Carlini et al. (2019), On evaluating adversarial robustness, sections 3 to
5, and Athalye, Carlini & Wagner (2018), Obfuscated gradients, section 3.1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

# Shares of items: what rounding or a single item may do to a figure.
FEW = 0.01
# By how much one attack may leave more items correct than the worst of several.
AGREE = 0.02
# Of a mean loss: where two attacks reach the same place, rounding puts either first, and in ℓ2 a
# random start costs PGD up to 2 % of what FGSM reaches in networks that are nearly linear.
NEARLY = 0.05
NAN = float("nan")


@dataclass(frozen=True)
class Check:
    """One check. label: what files and tables call it, with the ``method`` that was tried.

    passes: whether a value passes, given what it is compared with; None for a figure that is no
    test. sentence: what a failure means, with the ``value``.
    """

    label: str
    passes: Callable[[float, float], bool] | None = None
    sentence: str = ""

    def of(
        self, value: float, compared: float = NAN, *, epsilon: float = NAN, method: str = ""
    ) -> CheckResult:
        """The result for a value, of the attack of one size or of all (NaN)."""
        passed = None if self.passes is None else self.passes(value, compared)
        return CheckResult(self.label.format(method=method), value, passed, epsilon)


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


def _is_rare(share: float, _: float) -> bool:
    return share <= FEW


def _reaches(loss: float, other: float) -> bool:
    """Whether a mean loss is not clearly smaller than another."""
    return loss * (1 + NEARLY) >= other


CHECKS: Mapping[str, Check] = {
    "norm": Check("largest norm, in epsilon", lambda norm, _: True),
    "loss_gained": Check(
        "loss gained",
        lambda gain, _: gain >= 0,
        "the attack lowered the loss: it is broken, or was stopped at random",
    ),
    "larger_epsilon": Check(
        "accuracy gained by a larger epsilon",
        _is_rare,
        "a larger epsilon left more images correct: the attack is too weak to tell",
    ),
    "zero_float32": Check(
        "zero gradient, float32",
        _is_rare,
        "{value:.1%} of the images have no gradient in float32: a softmax that rounds to 1 looks "
        "robust and is not",
    ),
    "zero_float64": Check(
        "zero gradient, float64",
        _is_rare,
        "{value:.1%} of the images have no gradient in float64 either: more than float32 hides it",
    ),
    "wide": Check(
        "accuracy at a very large epsilon",
        _is_rare,
        "{value:.1%} stay correct where any image is within reach: the attack does not see the "
        "network",
    ),
    "fgsm": Check("loss after FGSM"),
    "pgd": Check("loss after PGD", _reaches, "many steps did less than one: gradients mislead"),
    "transfer": Check(
        "loss after transfer",
        lambda transfer, own: _reaches(own, transfer),
        "perturbations made on another network did more than its own: gradients are masked",
    ),
    "accuracy_after": Check("accuracy, {method}"),
    "accuracy_own": Check("accuracy of this attack"),
    "accuracy_worst": Check(
        "accuracy, worst of all",
        lambda worst, own: own - worst <= AGREE,
        "another loss or method leaves only {value:.1%} correct: this attack overestimates "
        "robustness",
    ),
    "temperature": Check("temperature to a common confidence"),
    "clean_confidence": Check("clean loss at common confidence"),
    "loss_confidence": Check("loss at common confidence"),
}
