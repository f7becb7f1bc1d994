"""The table of corruptions: a new one is a function and a row. Nothing here imports numpy.

The corruptions are those of Hendrycks & Dietterich (2019), Benchmarking neural network robustness
to common corruptions and perturbations, ICLR, section 4.1. Their constants for images of 32 x 32
pixels, which differ from the paper's for ImageNet, are in ``make_cifar_c.py`` of github
hendrycks/robustness, which made CIFAR-10-C. Two of its nineteen are not here: frost needs
photographs of frost, and spatter edge detection and distances that only OpenCV computes alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from c10h.deferred import Deferred

if TYPE_CHECKING:
    from c10h.records import Array

# From pixels, uint8 (h, w, 3), what is random (a numpy Generator) and the constants of a severity
# to values of 0 to 255, (h, w, 3).
Corrupt: TypeAlias = "Callable[..., Array]"
SEVERITIES = (1, 2, 3, 4, 5)
NOISE, BLUR, WEATHER, DIGITAL = "noise", "blur", "weather", "digital"


class Corruption(NamedTuple):
    """A row of CORRUPTIONS.

    family: NOISE, BLUR, WEATHER or DIGITAL. corrupt: the function. constants: what it takes at each
    of SEVERITIES. benchmark: whether it is one of the fifteen that CIFAR-10-C's mean is over; the
    others are for validation.
    """

    summary: str
    family: str
    corrupt: Corrupt
    constants: tuple[tuple[float, ...], ...]
    benchmark: bool = True


def _row(
    name: str,
    family: str,
    summary: str,
    *constants: float | tuple[float, ...],
    benchmark: bool = True,
) -> Corruption:
    """A row of which the function has its name and is in the file of its family."""
    as_tuples = tuple(value if isinstance(value, tuple) else (value,) for value in constants)
    place = Deferred(f"c10h.images.corruptions.{family}:{name}")
    return Corruption(summary, family, place, as_tuples, benchmark)


CORRUPTIONS: Mapping[str, Corruption] = {
    "gaussian_noise": _row(
        "gaussian_noise", NOISE, "normal noise on each value", 0.04, 0.06, 0.08, 0.09, 0.10
    ),
    "shot_noise": _row(
        "shot_noise", NOISE, "Poisson noise, as in low light", 500, 250, 100, 75, 50
    ),
    "impulse_noise": _row(
        "impulse_noise", NOISE, "some values become 0 or 255", 0.01, 0.02, 0.03, 0.05, 0.07
    ),
    "defocus_blur": _row(
        "defocus_blur", BLUR, "a disk, out of focus",
        (0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1),
    ),
    "glass_blur": _row(
        "glass_blur", BLUR, "pixels displaced by one, as behind frosted glass",
        (0.05, 1), (0.25, 1), (0.4, 1), (0.25, 2), (0.4, 2),
    ),
    "motion_blur": _row(
        "motion_blur", BLUR, "along a line of random direction",
        (6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5),
    ),
    "zoom_blur": _row(
        "zoom_blur", BLUR, "the mean of growing enlargements", 1.06, 1.11, 1.15, 1.20, 1.25
    ),
    "snow": _row(
        "snow", WEATHER, "falling flakes on a whitened image",
        (0.1, 0.2, 1, 0.6, 8, 3, 0.95),
        (0.1, 0.2, 1, 0.5, 10, 4, 0.9),
        (0.15, 0.3, 1.75, 0.55, 10, 4, 0.9),
        (0.25, 0.3, 2.25, 0.6, 12, 6, 0.85),
        (0.3, 0.3, 1.25, 0.65, 14, 12, 0.8),
    ),
    "fog": _row(
        "fog", WEATHER, "a cloud made by midpoint displacement",
        (0.2, 3), (0.5, 3), (0.75, 2.5), (1, 2), (1.5, 1.75),
    ),
    "brightness": _row(
        "brightness", WEATHER, "a higher value in HSV", 0.05, 0.1, 0.15, 0.2, 0.3
    ),
    "contrast": _row(
        "contrast", DIGITAL, "nearer to the mean of each colour", 0.75, 0.5, 0.4, 0.3, 0.15
    ),
    "elastic_transform": _row(
        "elastic_transform", DIGITAL, "an affine map, then small regions stretched",
        (0, 0, 0.08), (0.05, 0.2, 0.07), (0.08, 0.06, 0.06), (0.1, 0.04, 0.05), (0.1, 0.03, 0.03),
    ),
    "pixelate": _row("pixelate", DIGITAL, "a lower resolution", 0.95, 0.9, 0.85, 0.75, 0.65),
    "jpeg_compression": _row("jpeg_compression", DIGITAL, "JPEG quality", 80, 65, 58, 50, 40),
    "speckle_noise": _row(
        "speckle_noise", NOISE, "normal noise in proportion to each value",
        0.06, 0.1, 0.12, 0.16, 0.2, benchmark=False,
    ),
    "gaussian_blur": _row(
        "gaussian_blur", BLUR, "a normal kernel", 0.4, 0.6, 0.7, 0.8, 1, benchmark=False
    ),
    "saturate": _row(
        "saturate", DIGITAL, "another saturation in HSV: less, less, more, more, more",
        (0.3, 0), (0.1, 0), (1.5, 0), (2, 0.1), (2.5, 0.2), benchmark=False,
    ),
}  # fmt: skip
