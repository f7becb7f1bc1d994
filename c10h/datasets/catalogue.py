"""Data sets that c10h knows by name: where they come from, how they are checked, what they hold.

A row of CATALOGUE is a data set. Its files are in one of four forms, by what they are good for:
``images``, ``labels``, ``predictions`` (kinds of :mod:`c10h.records`) and ``judgments``, a table.
A data set of several parts has a file of each: its forms are then called ``images/PART``, and a
command line names one as NAME/PART.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from c10h.deferred import Deferred
from c10h.errors import InputError, unknown_name

if TYPE_CHECKING:
    from c10h.datasets.cache import Product

Start: TypeAlias = Callable[[int | None], Callable[[int], None]]
Maker: TypeAlias = "Callable[[str, Mapping[str, Path], Start], Mapping[str, Product]]"

IMAGES, LABELS, PREDICTIONS, JUDGMENTS = "images", "labels", "predictions", "judgments"


@dataclass(frozen=True)
class Download:
    """One published file.

    name: what it is called in the cache and below C10H_MIRROR. address: URL. size: bytes.
    check: "sha256:…", "md5:…" or "git:…" (the SHA-1 of a git blob), in hexadecimal.
    """

    name: str
    address: str
    size: int
    check: str


@dataclass(frozen=True)
class Dataset:
    """A data set: what it is, what is downloaded, and the files made of that, by form.

    maker: makes the files, by form, of the name of the data set, its downloads by name, and
    ``start``: given how many pictures there are, where that is known, it returns what is called
    with how many more are done. items: how many. licence, citation: of the data; "" where there is
    nothing to cite. version: of what the maker makes; files in the cache are those of one version.
    """

    summary: str
    items: int
    licence: str
    citation: str
    maker: Maker
    files: Mapping[str, str] = field(default_factory=dict)
    downloads: tuple[Download, ...] = ()
    version: int = 1


_KRIZHEVSKY = (
    "Krizhevsky (2009), Learning multiple layers of features from tiny images, technical report, "
    "University of Toronto"
)
_RECHT = (
    "Recht, Roelofs, Schmidt & Shankar (2018), Do CIFAR-10 classifiers generalize to CIFAR-10?, "
    "arXiv 1806.00451; Torralba, Fergus & Freeman (2008), 80 million tiny images, IEEE TPAMI 30(11)"
)
_PETERSON = (
    "Peterson, Battleday, Griffiths & Russakovsky (2019), Human uncertainty makes classification "
    "more robust, ICCV, arXiv 1908.07086"
)
_DARLOW = (
    "Darlow, Crowley, Antoniou & Storkey (2018), CINIC-10 is not ImageNet or CIFAR-10, "
    "arXiv 1810.03505"
)
_CIFAR10 = Download(
    "cifar-10-python.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    170_498_071,
    "md5:c58f30108f718f92721af3b95e74349a",
)
_HENDRYCKS = (
    "Hendrycks & Dietterich (2019), Benchmarking neural network robustness to common corruptions "
    "and perturbations, ICLR, arXiv 1903.12261"
)
# In the order of the paper; the last four are for validation.
CIFAR10_C = (
    "gaussian_noise", "shot_noise", "impulse_noise", "defocus_blur", "glass_blur", "motion_blur",
    "zoom_blur", "snow", "frost", "fog", "brightness", "contrast", "elastic_transform", "pixelate",
    "jpeg_compression", "speckle_noise", "gaussian_blur", "spatter", "saturate",
)  # fmt: skip
_CIFAR10H = "https://github.com/jcpeterson/cifar-10h/raw/master/data/"
_CIFAR10_1 = "https://github.com/modestyachts/CIFAR-10.1/raw/master/datasets/"
_ASKS_TO_CITE = "none stated; asks to be cited"
_TINY_IMAGES = "as Tiny Images; the code is MIT"


def _cifar10_1(
    version: str, items: int, images: tuple[int, str], labels: tuple[int, str]
) -> Dataset:
    """A version of CIFAR-10.1. images, labels: size and git blob SHA-1 of each file."""
    return Dataset(
        f"a new test set for CIFAR-10, {version}",
        items,
        _TINY_IMAGES,
        _RECHT,
        Deferred("c10h.datasets.published:cifar10_1"),
        {IMAGES: f"cifar10.1-{version}-images.h5"},
        tuple(
            Download(name, _CIFAR10_1 + name, size, f"git:{digest}")
            for name, (size, digest) in (
                (f"cifar10.1_{version}_data.npy", images),
                (f"cifar10.1_{version}_labels.npy", labels),
            )
        ),
    )


def _synthetic(name: str, summary: str, items: int) -> Dataset:
    return Dataset(
        summary,
        items,
        "MIT",
        "",
        Deferred("c10h.datasets.embedded.set_files:synthetic"),
        {
            IMAGES: f"{name}-images.h5",
            LABELS: f"{name}-labels.h5",
            JUDGMENTS: f"{name}-trials.csv",
            PREDICTIONS: f"{name}-ideal.h5",
        },
        version=2,
    )


CATALOGUE: Mapping[str, Dataset] = {
    "synthetic": _synthetic("synthetic", "drawn images, simulated people, true p(y|x)", 5000),
    "synthetic-far": _synthetic(
        "synthetic-far", "the same in other colours, with noise and blur", 2000
    ),
    "cifar10-train": Dataset(
        "CIFAR-10, training images",
        50_000,
        _ASKS_TO_CITE,
        _KRIZHEVSKY,
        Deferred("c10h.datasets.published:cifar10"),
        {IMAGES: "cifar10-train-images.h5"},
        (_CIFAR10,),
    ),
    "cifar10-test": Dataset(
        "CIFAR-10, test images",
        10_000,
        _ASKS_TO_CITE,
        _KRIZHEVSKY,
        Deferred("c10h.datasets.published:cifar10"),
        {IMAGES: "cifar10-test-images.h5"},
        (_CIFAR10,),
    ),
    "cifar10h": Dataset(
        "CIFAR-10H, people's labels of the CIFAR-10 test images",
        10_000,
        "CC BY-NC-SA 4.0",
        _PETERSON,
        Deferred("c10h.datasets.published:cifar10h"),
        {LABELS: "cifar10h-labels.h5", JUDGMENTS: "cifar10h-raw.zip"},
        (
            Download(
                "cifar10h-counts.npy",
                _CIFAR10H + "cifar10h-counts.npy",
                800_128,
                "sha256:9b36b4550349af56c79083356312eb4af856cc5fd3caf1f669d40b9d0bbb69ff",
            ),
            Download(
                "cifar10h-probs.npy",
                _CIFAR10H + "cifar10h-probs.npy",
                800_128,
                "sha256:436ae98620e00073f9d08585ac870573b588853e7af9f54eb1647408114af77d",
            ),
            Download(
                "cifar10h-raw.zip",
                _CIFAR10H + "cifar10h-raw.zip",
                11_272_560,
                "git:cebb7e0a1f561fe4d6db115c788f8a12c7a831a4",
            ),
        ),
    ),
    "cifar10.1-v4": _cifar10_1(
        "v4",
        2021,
        (6_208_640, "1094f59a54cf768f7b1ca5029eb4a94b8c635ebe"),
        (8_212, "64acdcc7ba98d0554f9c9fe00c5483d9247e61df"),
    ),
    "cifar10.1-v6": _cifar10_1(
        "v6",
        2000,
        (6_144_128, "24349cc5f3fb59648d75cd8015b5a184b1f5c250"),
        (8_128, "e713b09cecf2ecd933970001909fcdec7c907ab0"),
    ),
    "cifar10-c": Dataset(
        "CIFAR-10-C, the CIFAR-10 test images under 19 corruptions of 5 severities",
        950_000,
        "CC BY 4.0",
        _HENDRYCKS,
        Deferred("c10h.datasets.published:cifar10_c"),
        {
            f"{IMAGES}/{kind}-{severity}": f"cifar10-c-{kind}-{severity}.h5"
            for kind in CIFAR10_C
            for severity in range(1, 6)
        },
        (
            Download(
                "CIFAR-10-C.tar",
                "https://zenodo.org/records/2535967/files/CIFAR-10-C.tar",
                2_918_471_680,
                "sha256:c72763e101c723b7c507b96205f7e938912a5d587376173b825850cf3cb876a7",
            ),
            _CIFAR10,  # its test images are the originals
        ),
        version=2,
    ),
    "cinic10": Dataset(
        "the ImageNet part of CINIC-10",
        210_000,
        "CC BY 4.0; ImageNet's terms for its images",
        _DARLOW,
        Deferred("c10h.datasets.published:cinic10"),
        {IMAGES: "cinic10-images.h5"},
        (
            Download(
                "CINIC-10.tar.gz",
                "https://datashare.is.ed.ac.uk/bitstream/handle/10283/3192/CINIC-10.tar.gz",
                687_544_992,
                "md5:6ee4d0c996905fe93221de577967a372",
            ),
        ),
    ),
}

# Short names of several data sets.
GROUPS: Mapping[str, tuple[str, ...]] = {"cifar10": ("cifar10-train", "cifar10-test")}


def members_of(name: str) -> tuple[str, ...]:
    """The data sets that a name stands for. Raises InputError for a name that is not known."""
    if name in GROUPS:
        return GROUPS[name]
    if name not in CATALOGUE:
        raise InputError(unknown_name("data set", name, [*CATALOGUE, *GROUPS]))
    return (name,)


def parts_of(name: str) -> tuple[str, ...]:
    """The parts of a data set; none of one that is whole."""
    return tuple(form.partition("/")[2] for form in CATALOGUE[name].files if "/" in form)


def whole_forms(forms: Iterable[str]) -> tuple[str, ...]:
    """Forms without parts, each once."""
    return tuple(dict.fromkeys(form.partition("/")[0] for form in forms))


def argument_for(name: str, form: str) -> str:
    """How a command line names the file of a data set in one of its forms."""
    return name + form.removeprefix(whole_forms([form])[0])
