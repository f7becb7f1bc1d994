"""One more row for each table, as a contributor would write it: a function, and its row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from c10h.attacks.attack_types import Goal, Loss, Network
from c10h.attacks.budget import Budget
from c10h.attacks.methods import ATTACKS, LOSSES, AttackLoss, Method
from c10h.datasets.cache import Product
from c10h.datasets.catalogue import CATALOGUE, IMAGES, LABELS, PREDICTIONS, Dataset, Start
from c10h.deferred import Deferred
from c10h.files import Source
from c10h.formats.arrays import Stored
from c10h.formats.file_formats import ARRAYS, FORMATS, Format
from c10h.images.corruptions.table import CORRUPTIONS, Corruption
from c10h.labels.plan_objectives import OBJECTIVES, Objective
from c10h.labels.source_inputs import SourceInputs
from c10h.labels.sources import SOURCES, LabelSource, Takes
from c10h.metrics.item_block import Block, Float
from c10h.metrics.metric_type import mean
from c10h.metrics.metrics import METRICS
from c10h.metrics.needed_inputs import Needs
from c10h.metrics.strata import STRATA, Stratification
from c10h.models.architectures import ARCHITECTURES, Architecture
from c10h.records import Array, Images, Labels, Predictions
from c10h.stages.report import Results
from c10h.training.augmentation import shifted
from c10h.training.choices import (
    AUGMENTATIONS,
    OPTIMIZERS,
    PADDINGS,
    PRECISIONS,
    SCHEDULES,
    TARGETS,
    Augmentation,
    OptimizerChoice,
    Padding,
    Precision,
    Schedule,
    Target,
)
from c10h.training.recipes import RECIPES, Recipe
from c10h.views.figures.figure_type import BARS, Figure, Panel, Series
from c10h.views.figures.figures import FIGURES, FigureKind
from c10h.views.forms.tables import TABLE_FORMS, TableForm
from c10h.views.table import Table

CLASSES = ("red", "green", "blue")
SIZE = 24
RANDOM = np.random.default_rng(16)
TRUTH = np.arange(SIZE) % 3
COUNTS = (RANDOM.multinomial(6, [1 / 3] * 3, SIZE) + 4 * np.eye(3)[TRUTH]).astype(np.int32)
SHARES = COUNTS / COUNTS.sum(axis=1, keepdims=True)
LOGITS = RANDOM.normal(size=(SIZE, 3)).astype(np.float32)
PIXELS = RANDOM.integers(60, 180, (SIZE, 8, 8, 3)).astype(np.uint8)
# What was called in a training or an attack, by name.
CALLED: set[str] = set()


def hellinger(block: Block) -> Float:
    """The squared Hellinger distance of p and q."""
    return np.asarray(((np.sqrt(block.people) - np.sqrt(block.model)) ** 2).sum(axis=0) / 2)


def most_votes(block: Block) -> Float:
    return np.asarray(block.votes.max(axis=0))


def by_majority(keys: Float, classes: object) -> tuple[list[str], Array]:
    return ["majority=no", "majority=yes"], (keys >= 6).astype(np.int32)


def build_flat(inputs: SourceInputs) -> Labels:
    """Half of what people said, half the same for all classes."""
    probs = np.asarray(inputs.known_labels("flat").probs[0:SIZE]) / 2 + 1 / 6
    return Labels(classes=inputs.classes, probs=probs)


def darken(pixels: Array, random: np.random.Generator, factor: float) -> Array:
    """So much of every value."""
    return pixels * factor


def expected_ones(counts: Array, prior: float | None) -> Any:
    from c10h.labels.allocation import Expected

    votes, ones = counts.sum(axis=1) + 1.0, np.ones(len(counts))
    return Expected(votes, ones / votes, ones, np.arange(len(counts)))


def make_set(name: str, downloads: Mapping[str, Path], start: Start) -> Mapping[str, Product]:
    predictions = Predictions(
        classes=CLASSES,
        logits=LOGITS[None],
        member=np.array(["a"]),
        index=np.arange(SIZE),
        truth=TRUTH,
    )
    return {
        IMAGES: Product(Images(classes=CLASSES, images=PIXELS, truth=TRUTH)),
        LABELS: Product(Labels(classes=CLASSES, probs=SHARES, counts=COUNTS, truth=TRUTH)),
        PREDICTIONS: Product(predictions),
    }


def raw_arrays(source: Source) -> Mapping[str, Stored]:
    """After the first bytes, float32 in rows of three."""
    values = np.frombuffer(source.path.read_bytes()[4:], dtype=np.float32).reshape(-1, 3)
    return {"": Stored.of(values, source)}


def build_small(classes: int, width: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, width, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(width, classes),
    )  # fmt: skip


def smoothed(shares: Array, truth: Array | None) -> Array:
    CALLED.add("target")
    return shares / 2 + 1 / 6


def inverted(batch: Tensor, flips: Tensor, recipe: Recipe, random: torch.Generator) -> Tensor:
    CALLED.add("augmentation")
    return 255 - shifted(batch, 1, flips, random, recipe.padding_mode)


def with_grey(batch: Tensor, pixels: int) -> Tensor:
    CALLED.add("padding")
    return nn.functional.pad(batch, (pixels,) * 4, value=128)


def tenth(recipe: Recipe, step: int, steps: int, warmup: int) -> float:
    return 0.1


def rmsprop(groups: list[dict[str, Any]], recipe: Recipe) -> torch.optim.Optimizer:
    CALLED.add("optimizer")
    return torch.optim.RMSprop(groups)


def brighten(network: Network, pixels: Tensor, goal: Goal, budget: Budget, loss: Loss) -> Tensor:
    loss(network(pixels), goal)
    brighter = pixels + budget.epsilon
    network(brighter)
    return brighter


def inverse(logits: Tensor, goal: Goal) -> Tensor:
    CALLED.add("loss")
    return -logits.gather(1, goal.truth[:, None]).squeeze(1)


def sizes(results: Results) -> Figure:
    results.expect("--figure sizes", labels=0)
    counts = np.array([float(one.probs.shape[0]) for one in results.labels.values()])
    series = Series("items", np.arange(len(counts), dtype=np.float64), counts)
    return Figure("sizes", "Items", [Panel("", "file", "items", [series], BARS, [*results.labels])])


def to_org(tables: list[Table]) -> str:
    rows = [["|".join(cell.text for cell in row) for row in table.rows] for table in tables]
    return "".join(f"|{row}|\n" for part in rows for row in part)


def here(name: str) -> Deferred:
    return Deferred(f"{__name__}:{name}")


# Every table, with the row that is added to it.
ROWS: list[tuple[Any, str, Any]] = [
    (
        METRICS,
        "hellinger",
        mean(hellinger, summary="Hellinger², added", needs=(Needs.PEOPLE,), better="low"),
    ),
    (
        STRATA,
        "majority",
        Stratification(
            "at least six votes", (Needs.COUNTS,), here("most_votes"), here("by_majority")
        ),
    ),
    (SOURCES, "flat", LabelSource("half of it flat", Takes.PEOPLE, here("build_flat"))),
    (
        CORRUPTIONS,
        "darken",
        Corruption(
            "less light", "digital", here("darken"), ((0.9,), (0.8,), (0.7,), (0.6,), (0.5,))
        ),
    ),
    (OBJECTIVES, "ones", Objective("the same of all items", here("expected_ones"))),
    (
        CATALOGUE,
        "dots",
        Dataset(
            "made-up dots",
            SIZE,
            "MIT",
            "",
            here("make_set"),
            {IMAGES: "dots-images.h5", LABELS: "dots-labels.h5", PREDICTIONS: "dots-logits.h5"},
        ),
    ),
    (FORMATS, "raw", Format(".raw", ARRAYS, (".raw",), (b"RAW0",), here("raw_arrays"))),
    (
        ARCHITECTURES,
        "small",
        Architecture(
            "one convolution",
            "small_WIDTH",
            r"small_(?P<width>\d+)",
            here("build_small"),
            4,
            ("small_4",),
            "nobody",
        ),
    ),
    (TARGETS, "smoothed", Target("half of it even", here("smoothed"))),
    (AUGMENTATIONS, "inverted", Augmentation("as negatives", here("inverted"))),
    (PADDINGS, "grey", Padding("even grey", here("with_grey"))),
    (SCHEDULES, "tenth", Schedule("a tenth of it", here("tenth"))),
    (OPTIMIZERS, "rmsprop", OptimizerChoice("by the size of gradients", here("rmsprop"))),
    (PRECISIONS, "single", Precision("as fp32")),
    (RECIPES, "mine", Recipe("my own notebook", lr=0.5, epochs=3, schedule="tenth")),
    (LOSSES, "inverse", AttackLoss("less of the true class", here("inverse"))),
    (
        ATTACKS,
        "brighten",
        Method("lighter pictures", here("brighten"), ("inverse",), steps=1, takes=()),
    ),
    (FIGURES, "sizes", FigureKind(here("sizes"))),
    (TABLE_FORMS, "org", TableForm(here("to_org"), (".org",))),
]


@contextmanager
def added() -> Iterator[None]:
    """All rows in their tables."""
    with pytest.MonkeyPatch.context() as patch:
        for table, name, row in ROWS:
            assert name not in table
            patch.setitem(table, name, row)
        yield
