"""What tests of the noise of labels share."""

from __future__ import annotations

import numpy as np

from c10h.records import Labels
from c10h.stages.labels_noise import Noise, noise_by_votes, vote_grid

# Labels of which much is not defined.
SPECIAL = {
    "one item": [[3, 1, 0]],
    "one vote": [[1, 0, 0]],
    "single votes": np.eye(3, dtype=int).tolist() * 4,
    "two votes": (2 * np.eye(3, dtype=int)).tolist() * 4,
    "unanimous": (20 * np.eye(3, dtype=int)).tolist() * 4,
    "one class": [[7, 0, 0]] * 12,
    "two classes": [[7, 3], [2, 2]],
    "single and many": [[1, 0, 0], [20, 10, 5]],
    "disagreement in pairs": [[1, 1, 0], [0, 1, 1]],
}


def noise_of(labels: Labels, *votes: int, draws: int = 4, seed: int = 0) -> Noise:
    return noise_by_votes(labels, vote_grid(labels, votes), draws=draws, seed=seed)
