"""The files of the embedded sets: images, trials, the labels that they make, the ideal observer."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from c10h.datasets.cache import Product
from c10h.datasets.catalogue import CATALOGUE, IMAGES, JUDGMENTS, LABELS, PREDICTIONS
from c10h.datasets.embedded.drawings import NAMES
from c10h.datasets.embedded.generation import SETTINGS, make
from c10h.files import Source
from c10h.formats.judgments import open_judgments
from c10h.formats.lazy_rows import log_of_probs
from c10h.formats.predictions_and_labels import FROM_PROBS
from c10h.labels.judgment_filters import Filters
from c10h.labels.votes import Votes, count_votes
from c10h.records import Images, Predictions


def synthetic(name: str, downloads: Mapping[str, Path], start: object) -> Mapping[str, Product]:
    """The files of an embedded set, by form. It needs no downloads, and no progress.

    The labels are those that ``c10h labels build`` makes of the trials. The predictions are an
    ideal observer's, who knows p(y|x): their logits are its logarithm.
    """
    recipe = SETTINGS[name]
    dataset = make(recipe)
    table = dataset.judgments.to_csv(NAMES)
    file = CATALOGUE[name].files[JUDGMENTS]
    votes, source = _count(table, file)
    images = Images(classes=NAMES, images=dataset.images, truth=dataset.truth)
    logits = log_of_probs(dataset.probs)[0 : recipe.size]
    ideal = Predictions(
        classes=NAMES,
        settings={FROM_PROBS: True},
        logits=logits[None].astype(np.float32),
        member=np.array(["ideal"]),
        index=np.arange(recipe.size),
        truth=dataset.truth,
    )
    return {
        IMAGES: Product(images, seed=recipe.seed),
        JUDGMENTS: Product(table),
        LABELS: Product(votes.labels, (("judgments", source),), excluded=votes.summary()),
        PREDICTIONS: Product(ideal, seed=recipe.seed),
    }


def _count(table: str, name: str) -> tuple[Votes, Source]:
    """The votes in a table of judgments, and the table as an input for a lineage."""
    data = table.encode()
    with tempfile.TemporaryDirectory() as temporary:
        source = Source(Path(temporary) / name, name, hashlib.sha256(data).hexdigest())
        source.path.write_bytes(data)
        return count_votes(open_judgments(source), Filters()), source
