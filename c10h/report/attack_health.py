"""The health block of an attack in a sentence for each check that fails."""

from __future__ import annotations

from collections.abc import Mapping

from c10h.records import Attack
from c10h.report.epsilon import epsilon_name

FAILED = 0
# What a failed check means, by the name that c10h.stages.attack_health gives it.
MEANINGS: Mapping[str, str] = {
    "loss gained": "the attack lowered the loss: it is broken, or was stopped at random",
    "accuracy gained by a larger epsilon": "a larger epsilon left more images correct: the attack "
    "is too weak to tell",
    "zero gradient, float32": "{value:.1%} of the images have no gradient in float32: a softmax "
    "that rounds to 1 looks robust and is not",
    "zero gradient, float64": "{value:.1%} of the images have no gradient in float64 either: it is "
    "masked, not rounded",
    "accuracy at a very large epsilon": "{value:.1%} stay correct where any image is within reach: "
    "the attack does not see the network",
    "loss after PGD": "many steps did less than one: gradients mislead",
    "loss after transfer": "perturbations made on another network did more than its own: gradients "
    "are masked",
    "accuracy, worst of all": "another loss or method leaves only {value:.1%} correct: this attack "
    "overestimates robustness",
}
SOUND = "nothing speaks against the attack"


def verdict(attack: Attack) -> list[str]:
    """One sentence for each failed check, with the network and ε that it is about; or SOUND."""
    health = attack.health
    if not health:
        return ["the attack was not examined (--health)"]
    several = len(set(health["member"].tolist())) > 1
    found = []
    for number, name in enumerate(health["name"].tolist()):
        if health["passed"][number] != FAILED:
            continue
        epsilon = float(health["epsilon"][number])
        about = [str(health["member"][number])] if several else []
        about += [f"at {epsilon_name(epsilon)}"] if epsilon == epsilon else []
        sentence = MEANINGS[name].format(value=float(health["value"][number]))
        found.append(f"{' '.join(about)}: {sentence}" if about else sentence)
    return found or [SOUND]
