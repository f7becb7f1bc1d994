"""``--epsilon``, ``--step-size`` and what goes with them: from words to budgets, and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

from c10h.attacks.budget import Budget
from c10h.attacks.methods import Method
from c10h.errors import InputError

GREY_LEVELS = 255
TOLERANCE = 1e-9
HOW = "write k/255, such as 4/255, or a decimal below 1, such as 0.0157; pixels are in [0, 1]"


def parse_size(text: str, flag: str, norm: str) -> float:
    """A distance in pixels of [0, 1]: k/255 or a decimal under 1. Raises InputError that says how.

    ℓ2 distances may be above 1, and are then written as k/255.
    """
    if "," in text:
        raise InputError(f"{flag} {text}: expected one size: repeat {flag} for several")
    number, slash, whole = text.partition("/")
    try:
        value = float(number) / (float(whole) if slash else 1.0)
    except (ValueError, ZeroDivisionError):
        value = math.nan
    if slash and float_or_nan(whole) != GREY_LEVELS:
        raise InputError(f"{flag} {text}: {HOW}")
    if not math.isfinite(value) or value <= 0:
        raise InputError(f"{flag} {text}: expected more than 0: {HOW}")
    if value >= 1 and not (slash and norm == "2"):
        meant = f" ({text}/{GREY_LEVELS} = {value / GREY_LEVELS:.4f}?)" if not slash else ""
        more = "; ℓ2 distances above 1 are written as k/255" if norm == "2" else ""
        raise InputError(f"{flag} {text}: larger than any change of a pixel{meant}: {HOW}{more}")
    return value


def epsilon_name(epsilon: float) -> str:
    """A size in pixels of [0, 1] as "4/255" where it is a whole number of levels, else "0.1"."""
    levels = round(epsilon * GREY_LEVELS)
    if abs(epsilon * GREY_LEVELS - levels) < TOLERANCE:
        return f"{levels}/{GREY_LEVELS}"
    return f"{Decimal(repr(float(epsilon))).normalize():f}"


def float_or_nan(text: str) -> float:
    """A number, or NaN for anything else."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def parse_budgets(
    epsilons: Sequence[str],
    norm: str,
    method: Method,
    steps: int | None,
    step_size: str | None,
    random_start: bool | None,
) -> list[Budget]:
    """The budgets in the order given, each once. Raises InputError for what does not fit."""
    count = steps or method.steps
    if method.steps == 1 and (count > 1 or step_size or random_start):
        raise InputError(
            "--method fgsm takes a single step of epsilon from the image; for others use pgd"
        )
    for flag, value in (("--step-size", step_size), ("--random-start", random_start)):
        if value and flag not in method.takes:
            raise InputError(f"{flag}: not an option of this method (--list-methods)")
    starts = method.starts_at_random if random_start is None else random_start
    budgets = []
    for text in dict.fromkeys(epsilons):
        epsilon = parse_size(text, "--epsilon", norm)
        budget = Budget.of(epsilon, count, norm=norm, random_start=starts)
        if step_size:
            step = parse_size(step_size, "--step-size", norm)
            if step > epsilon:
                raise InputError(
                    f"--step-size {step_size}: larger than --epsilon {text}, so that one step "
                    "would leave the budget"
                )
            budget = Budget(epsilon, norm, count, step, starts)
        budgets.append(budget)
    if len({budget.epsilon for budget in budgets}) < len(budgets):
        raise InputError(f"--epsilon {' '.join(epsilons)}: a value is repeated")
    return budgets
