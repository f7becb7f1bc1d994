"""Made-up inputs of the benchmarks, of any size and always the same.

scores: logits.npy (float32), counts.npy (int32, 50 votes an item) and truth.npy of SIZE items of 10
classes. trials: trials.csv of SIZE annotators, in the form of CIFAR-10H's. votes: votes.csv, their
judgments alone. pictures: SIZE JPEGs of 32 x 32 pixels in train/, a folder for each class, and the
same as train.tar.xz. checkpoint: fold-0.pt with SIZE weights.
"""

import io
import tarfile
from pathlib import Path

import numpy as np

CLASSES, BLOCK = 10, 100_000
NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
# Of CIFAR-10H: normal trials and attention checks of an annotator, items, and the item of checks.
TRIALS, CHECKS, ITEMS, NO_ITEM = 200, 10, 10_000, -99999
INATTENTIVE = 160


def people_of(items, random):
    """Distributions (items, 10), most of them nearly certain."""
    people = random.dirichlet(np.full(CLASSES, 0.05), items) + 1e-9
    return people / people.sum(axis=1, keepdims=True)


def scores(folder, items):
    """Votes of 50 annotators from Dirichlet distributions; logits that know them with noise."""
    random = np.random.default_rng(0)
    shape = (items, CLASSES)
    logits = np.lib.format.open_memmap(folder / "logits.npy", "w+", np.float32, shape)
    counts = np.lib.format.open_memmap(folder / "counts.npy", "w+", np.int32, shape)
    truth = np.lib.format.open_memmap(folder / "truth.npy", "w+", np.int64, (items,))
    for start in range(0, items, BLOCK):
        here = slice(start, min(start + BLOCK, items))
        people = people_of(here.stop - start, random)
        counts[here] = random.multinomial(50, people)
        truth[here] = counts[here].argmax(axis=1)
        logits[here] = np.log(people + 1e-4) * 1.5 + random.normal(0, 1, people.shape)


def judgments(annotators):
    """Annotator, item, true class and choice of each normal trial, all int64; no item twice."""
    random = np.random.default_rng(0)
    people = people_of(ITEMS, random)
    trial = np.arange(annotators * TRIALS)
    item = random.permutation(ITEMS)[trial % ITEMS]
    below = people.cumsum(axis=1)[item, :-1] < random.random(len(trial))[:, None]
    return trial // TRIALS, item, people.argmax(axis=1)[item], below.sum(axis=1)


def votes(folder, annotators):
    """A table of annotator, item, label."""
    import polars

    annotator, item, _, choice = judgments(annotators)
    table = polars.DataFrame({"annotator": annotator, "item": item, "label": choice})
    table.write_csv(folder / "votes.csv")


def trials(folder, annotators):
    """All columns of CIFAR-10H's trial file; one annotator in 160 fails the attention checks."""
    import polars

    annotator, item, truth, choice = judgments(annotators)
    random = np.random.default_rng(1)
    checked = np.repeat(np.arange(annotators), CHECKS)
    true = random.integers(0, CLASSES, len(checked))
    fails = (checked % INATTENTIVE == 0) & (np.arange(len(checked)) % CHECKS < 5)
    columns = {
        "annotator_id": (annotator, checked),
        "trial_index": (np.arange(len(item)) % TRIALS, TRIALS + np.arange(len(checked)) % CHECKS),
        "is_attn_check": (np.zeros_like(item), np.ones_like(checked)),
        "true_label": (truth, true),
        "chosen_label": (choice, np.where(fails, (true + 1) % CLASSES, true)),
        "cifar10_test_test_idx": (item, np.full(len(checked), NO_ITEM)),
    }
    table = polars.DataFrame({name: np.concatenate(parts) for name, parts in columns.items()})
    by_name = dict(enumerate(NAMES))
    table = table.with_columns(
        polars.col("true_label").replace_strict(by_name).alias("true_category"),
        polars.col("chosen_label").replace_strict(by_name).alias("chosen_category"),
        (polars.col("true_label") == polars.col("chosen_label")).cast(int).alias("correct_guess"),
        polars.format("image_{}.png", "cifar10_test_test_idx").alias("image_filename"),
        polars.format("sub_{}", "true_label").alias("subcategory"),
        polars.Series("reaction_time", random.lognormal(7.2, 0.5, len(table)).astype(int)),
    ).with_columns(polars.col("reaction_time").cum_sum().over("annotator_id").alias("time_elapsed"))
    table.write_csv(folder / "trials.csv")


def pictures(folder, number):
    """The embedded set as JPEGs, shifted to make more."""
    from PIL import Image

    from c10h import h5
    from c10h.datasets.cache import open_input

    record = h5.read(open_input("synthetic", "images"))
    images, truth = record.images[:], record.truth
    for place in range(number):
        shift, row = divmod(place, len(images))
        path = folder / "train" / record.classes[truth[row]] / f"{place:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.roll(images[row], shift, axis=1)).save(path, quality=95)
    with tarfile.open(folder / "train.tar.xz", "w:xz", preset=1) as archive:
        for path in sorted(folder.glob("train/*/*.jpg")):
            info = tarfile.TarInfo(str(path.relative_to(folder)))
            info.size = path.stat().st_size
            archive.addfile(info, io.BytesIO(path.read_bytes()))


def checkpoint(folder, weights):
    """A checkpoint as ``c10h train`` writes it."""
    import torch

    from c10h.training import checkpoint as checkpoints

    state = checkpoints.Checkpoint(
        {"weight": torch.randn(weights)}, torch.zeros(1, dtype=torch.int64), is_done=True
    )
    checkpoints.save(state, folder / "fold-0.pt")


KINDS = {one.__name__: one for one in (scores, trials, votes, pictures, checkpoint)}


def made(folder, kind, size):
    """Where inputs of a kind and size are in a folder; they are made when first wanted."""
    place = Path(folder) / f"{kind}-{size}"
    if not place.exists():
        place.mkdir(parents=True)
        KINDS[kind](place, size)
    return place
