"""Small networks and images for tests of stages that attack."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from attacks.trained import CLASSES as COUNT
from attacks.trained import blobs
from torch import nn

from c10h.attacks.budget import Budget
from c10h.attacks.partial_results import PartialResults
from c10h.attacks.restarts import Plan
from c10h.records import Array, Attack, Images, Predictions
from c10h.stages.attack_batches import AttackData, Options, attack_batches, collect, shapes_of
from c10h.stages.people import People
from c10h.training.lazy_logits import CommonRows, Machine, MemberRows

CLASSES = tuple("abcde")
ITEMS = 60
assert len(CLASSES) == COUNT
PIXELS, _TRUTH = blobs(ITEMS, 1)
IMAGES = (PIXELS * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
TRUTH = _TRUTH.numpy()


def machine(batch: int = 16) -> Machine:
    return Machine(torch.device("cpu"), "fp32", batch, lambda _: None)


def attack_data(
    networks: Sequence[nn.Module],
    network_of: Array | None = None,
    *,
    members: bool = False,
    **changes: Any,
) -> AttackData:
    """All images, taken to the networks as one, by rows of network_of, or to each by itself."""
    images = Images(classes=CLASSES, images=IMAGES, truth=TRUTH)
    people = People(CLASSES, ITEMS, truth=TRUTH)
    given = {"images": images, "people": people, "rows": np.arange(ITEMS)}
    predictions = answers(networks, network_of, members=members)
    return AttackData(predictions=predictions, **{**given, **changes})


def answers(
    networks: Sequence[nn.Module], network_of: Array | None = None, *, members: bool = False
) -> Predictions:
    frozen = [one.eval() for one in networks]
    if members:
        rows: Any = MemberRows(frozen, IMAGES, len(CLASSES), machine())
        names = [f"m{number}" for number in range(len(networks))]
    else:
        rows = CommonRows(frozen, IMAGES, len(CLASSES), machine(), network_of)
        names = ["run"]
    return Predictions(classes=CLASSES, logits=rows, member=np.array(names))


def options(*levels: int, batch: int = 16, steps: int = 5, **changes: Any) -> Options:
    """PGD at so many levels of 255."""
    budgets = [Budget.of(one / 255, steps, random_start=True) for one in levels or (4,)]
    return Options(
        **{"plan": Plan("pgd"), "budgets": budgets, "machine": machine(batch), **changes}
    )


def attacked(folder: Path, given: AttackData, how: Options) -> Attack:
    """The whole attack, without health and people."""
    folder.mkdir(exist_ok=True)
    store = PartialResults(folder, shapes_of(given, how))
    attack_batches(given, how, store, lambda _: None)
    return collect(given, how, store)
