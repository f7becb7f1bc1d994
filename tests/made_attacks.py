"""Small attack files, made up: no network is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from c10h.records import Array, Attack, Lineage
from c10h.stages.attack_scale import scale_of

CLASSES = ("cat", "dog", "bird")
SMALL, LARGE = 4 / 255, 8 / 255
SETTINGS = {
    "method": "pgd",
    "loss": "ce",
    "norm": "inf",
    "steps": 3,
    "restarts": 1,
    "toward": "",
    "precision": "fp32",
    "answer": "held-out",
    "random-start": True,
}


def made_attack(
    seed: int = 0,
    *,
    members: int = 1,
    budgets: Sequence[float] = (SMALL, LARGE),
    steps: int = 3,
    items: int = 12,
    settings: dict[str, Any] | None = None,
    **changes: Any,
) -> Attack:
    """Networks whose logits of the true class fall evenly with each step, by 3 at 8/255 in all."""
    random = np.random.default_rng(seed)
    truth = np.arange(items) % len(CLASSES)
    right = np.eye(len(CLASSES))[truth]
    clean = 2 * right + random.normal(size=(members, items, len(CLASSES)))
    falls = np.linspace(0, 1, steps + 1)[:, None, None] * right
    sizes = 3 / LARGE * np.array(budgets)[:, None, None, None]
    path = clean[:, None, None] - sizes * falls  # (m, k, s + 1, n, c)
    fields = {
        "classes": CLASSES,
        "settings": {**SETTINGS, "steps": steps, **(settings or {})},
        "lineage": Lineage(command="c10h attack", architecture="resnet_basic_8"),
        "clean_logits": clean.astype("f4"),
        "logits": path[:, :, -1].astype("f4"),
        "epsilon": np.array(budgets, dtype="f8"),
        "loss": cross_entropy(path, truth).astype("f4"),
        "correct": (path.argmax(axis=-1) == truth).astype("u1"),
        "norm": np.ones((members, len(budgets), items), "f4"),
        "index": np.arange(items),
        "truth": truth,
        "member": np.array([f"fold-{member}" for member in range(members)]),
    }
    return Attack(**{**fields, **changes})


def examined(attack: Attack, rows: Array) -> Attack:
    """The attack, and the same at equal scale of some items: the truth loses as much there."""
    assert attack.truth is not None
    clean = np.asarray(attack.clean_logits, dtype="f8")
    scaled = [logits / scale_of(logits, attack.truth).temperature for logits in clean]
    falls = 3 / LARGE * attack.epsilon[:, None, None] * np.eye(len(CLASSES))[attack.truth[rows]]
    after = np.stack([logits[rows] - falls for logits in scaled])
    return replace(attack, examined=rows, rescaled_logits=after.astype("f4"))


def cross_entropy(logits: Array, truth: Array) -> Array:
    """-log softmax(z)_y of logits (…, n, c)."""
    logs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    return np.asarray(-np.take_along_axis(logs, np.broadcast_to(
        truth[:, None], (*logits.shape[:-1], 1)), axis=-1)[..., 0])  # fmt: skip


# Losses and right answers of four items, (m, k, s + 1, n): clean, a step between, the end.
LOSS = np.array([[[[0.05, 0.1, 0.15, 0.7], [0.5, 0.6, 0.7, 1.0], [1.0, 1.0, 2.0, 4.0]]]], "f4")
CORRECT = np.array([[[[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0]]]], "u1")


def by_hand(loss: Array = LOSS, correct: Array = CORRECT, **changes: Any) -> Attack:
    """Four items under one attack of two steps, with logits of these losses and answers.

    A right answer needs a loss under log 3, a wrong one a loss over log 2.
    """
    truth = np.arange(4) % len(CLASSES)
    right = np.exp(-loss.astype("f8"))
    probs = np.where(correct == 1, (1 - right) / 2, 1e-9)[..., None] * np.ones(len(CLASSES))
    items = np.arange(4)
    probs[..., items, (truth + 1) % 3] = 1 - right - probs[..., items, (truth + 2) % 3]
    probs[..., items, truth] = right
    assert ((probs.argmax(axis=-1) == truth) == correct)[:, :, [0, -1]].all()
    logits = np.log(probs).astype("f4")
    fields: dict[str, Any] = {
        "budgets": (SMALL,), "steps": 2, "items": 4, "truth": truth, "loss": loss,
        "correct": correct, "clean_logits": logits[:, 0, 0], "logits": logits[:, :, -1],
    }  # fmt: skip
    return made_attack(**{**fields, **changes})


def shuffled(record: Attack, order: Array) -> Attack:
    """The same attack with its items in another order."""
    return replace(
        record,
        clean_logits=np.asarray(record.clean_logits)[:, order],
        logits=np.asarray(record.logits)[:, :, order],
        loss=np.asarray(record.loss)[..., order],
        correct=np.asarray(record.correct)[..., order],
        norm=np.asarray(record.norm)[..., order],
        index=record.index[order],
        truth=None if record.truth is None else record.truth[order],
        ids=None if record.ids is None else record.ids[order],
    )


def health(*rows: tuple[str, str, float, float, int]) -> dict[str, Array]:
    """A health block of rows of name, member, epsilon, value, passed."""
    dtypes = {"name": "U", "member": "U", "epsilon": "f8", "value": "f8", "passed": "i1"}
    columns = zip(*rows, strict=True)
    return {name: np.array(c, dtypes[name]) for name, c in zip(dtypes, columns, strict=True)}
