"""The health block of an attack in a sentence for each check that fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from c10h.views.attacks import ALL_BUDGETS, Check

# What a failed check means, by the name that c10h.stages.attack_health gives it.
MEANINGS: Mapping[str, str] = {
    "loss gained": "the attack lowered the loss: it is broken, or was stopped at random",
    "accuracy gained by a larger epsilon": "a larger epsilon left more images correct: the attack "
    "is too weak to tell",
    "zero gradient, float32": "{value:.1%} of the images have no gradient in float32: a softmax "
    "that rounds to 1 looks robust and is not",
    "zero gradient, float64": "{value:.1%} of the images have no gradient in float64 either: "
    "more than float32 hides it",
    "accuracy at a very large epsilon": "{value:.1%} stay correct where any image is within reach: "
    "the attack does not see the network",
    "loss after PGD": "many steps did less than one: gradients mislead",
    "loss after transfer": "perturbations made on another network did more than its own: gradients "
    "are masked",
    "accuracy, worst of all": "another loss or method leaves only {value:.1%} correct: this attack "
    "overestimates robustness",
}
SOUND = "nothing speaks against the attack"
UNEXAMINED = "the attack was not examined (--health)"


def verdict(checks: Sequence[Check]) -> list[str]:
    """A sentence for each failed check of one network, its ε first where it has one; or SOUND.

    A check that this version does not know is named.
    """
    if not checks:
        return [UNEXAMINED]
    found = []
    for check in checks:
        if check.passed is False:
            meaning = MEANINGS.get(check.name, f"{check.name}: {{value:g}}")
            about = "" if check.budget == ALL_BUDGETS else f"at {check.budget}: "
            found.append(about + meaning.format(value=check.value))
    return found or [SOUND]
