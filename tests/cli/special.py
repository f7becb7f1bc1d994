"""Labels of votes of which much is not defined; as arrays, rows of 0 and 1 are probabilities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .conftest import Files

SPECIAL = {
    "one item": [[3, 1, 0]],
    "one vote": [[1, 0, 0]],
    "single votes": np.eye(3, dtype=int).tolist() * 4,
    "unanimous": (20 * np.eye(3, dtype=int)).tolist() * 4,
    "one class": [[7, 0, 0]] * 12,
}


def special(files: Files, what: str, **more: Any) -> Path:
    """The file of labels, s.h5. more: other datasets."""
    counts = np.array(SPECIAL[what], dtype="i4")
    shares = counts / counts.sum(axis=1, keepdims=True)
    truth = np.arange(len(counts)) % 3
    return files.labels("s.h5", **{"counts": counts, "probs": shares, "truth": truth, **more})
