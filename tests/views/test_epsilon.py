"""How the size of an attack is written."""

from __future__ import annotations

import numpy as np
import pytest

from c10h.views.epsilon import epsilon_name


@pytest.mark.parametrize("levels", [0, 1, 4, 8, 16, 254, 255, 510])
def test_whole_levels(levels: int) -> None:
    assert epsilon_name(levels / 255) == f"{levels}/255"
    assert epsilon_name(float(np.float64(levels) * (1 / 255))) == f"{levels}/255"


@pytest.mark.parametrize(
    ("epsilon", "text"),
    [(0.5, "0.5"), (0.0157, "0.0157"), (1e-5, "0.00001"), (4.5 / 255, f"{4.5 / 255}")],
)
def test_other_sizes_are_decimals(epsilon: float, text: str) -> None:
    assert epsilon_name(epsilon) == text
    assert epsilon_name(np.float64(epsilon)) == text


def test_float32_is_no_whole_level() -> None:
    assert epsilon_name(float(np.float32(4 / 255))) != "4/255"


def test_sizes_that_differ_are_written_differently() -> None:
    assert epsilon_name(0.1) != epsilon_name(np.nextafter(0.1, 1))
