"""Files that the pages of docs/ call their reader's: 40 pictures, their votes, small networks."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import torch
import torchvision
from PIL import Image

from docs.reader import stand_ins

CLASSES = 10
RANDOM_SEED = 3
# Names that pages have for one file.
SAME = {
    "labels.h5": ["votes.h5"],
    "runs/hard": ["runs/tuned-hard"],
    "runs/human": ["runs/soft", "runs/tuned-soft"],
    "hard-adv.h5": ["adv.h5", "adv1.h5"],
    "human-adv.h5": ["adv2.h5"],
}
# How a reader made the files that c10h makes, from arrays.
COMMANDS = """
c10h data import x.npy --labels y.npy --classes cifar10 -o images.h5
c10h data import other.npy --labels y.npy --classes cifar10 -o train.h5
cp images.h5 test.h5
cp train.h5 v4.h5
c10h labels build votes.npy --truth y.npy --classes cifar10 -o labels.h5
c10h data fetch cifar10
for target in hard soft; do
  c10h train images.h5 labels.h5 --arch resnet_basic_8 --folds 10 --target $target -o runs/$target
done
mv runs/soft runs/human
for run in hard human; do
  c10h predict runs/$run images.h5 -o $run.h5
  c10h predict runs/$run test.h5 -o $run-test.h5
  c10h predict runs/$run v4.h5 -o $run-v4.h5
  c10h attack runs/$run images.h5 --labels labels.h5 --epsilon 4/255 -o $run-adv.h5
done
c10h train images.h5 labels.h5 --arch resnet_basic_8 -o runs/all
c10h train train.h5 --arch resnet_basic_8 -o runs/pretrained
c10h predict runs/all images.h5 -o in-sample.h5
c10h score hard.h5 human.h5 --labels labels.h5 --tag data=near -o near.h5
c10h score hard=hard-v4.h5 human=human-v4.h5 --labels labels.h5 --tag data=far -o far.h5
"""


def make_arrays(folder: Path) -> None:
    """What readers have before they know c10h; everything is drawn at random."""
    random = np.random.default_rng(RANDOM_SEED)
    truth = np.arange(40) % CLASSES
    counts = random.multinomial(20, 0.04 + 0.6 * np.eye(CLASSES)[truth])
    for name in ("x.npy", "other.npy"):
        np.save(folder / name, random.integers(0, 256, (40, 32, 32, 3), dtype=np.uint8))
    np.save(folder / "y.npy", truth)
    np.save(folder / "votes.npy", counts)
    np.save(folder / "cifar10_test_labels.npy", truth[:10])
    np.save(folder / "logits.npy", random.normal(size=(10, CLASSES)))
    _pictures(folder, random)
    _judgments(folder, counts)
    network = torchvision.models.resnet18(num_classes=CLASSES)
    torch.save(network.state_dict(), folder / "w.pt")
    (folder / "mirror").mkdir()
    for name, content in stand_ins().items():
        (folder / "mirror" / name).write_bytes(content)
        if name in ("CINIC-10.tar.gz", "cifar-10-python.tar.gz", "cifar10h-counts.npy"):
            (folder / name).write_bytes(content)


def name_again(folder: Path) -> None:
    """Give files the other names that pages have for them."""
    for name, others in SAME.items():
        for other in others:
            copy = shutil.copytree if (folder / name).is_dir() else shutil.copy
            copy(folder / name, folder / other)


def _png(random: np.random.Generator, size: int = 32) -> bytes:
    stream = io.BytesIO()
    pixels = random.integers(0, 256, (size, size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def _pictures(folder: Path, random: np.random.Generator) -> None:
    """Pictures in folders, archives and tables."""
    places = [f"{kind}/{number}.png" for kind in ("cat", "dog") for number in range(3)]
    places += [f"photos/{place}" for place in places] + [f"faces/{n}.png" for n in range(4)]
    # Two folders each of the maps imagenet-far and cinic10.
    places += [f"ILSVRC2012/train/{name}/1.png" for name in ("n02692877", "n03773504")]
    places += [f"ILSVRC2012/val/{name}/1.png" for name in ("n02686121", "n02690373")]
    for place in places:
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_png(random))
    (folder / "faces.csv").write_text(
        "file,label\n0.png,happy\n1.png,sad\n2.png,sad\n3.png,happy\n"
    )
    with zipfile.ZipFile(folder / "faces.zip", "w") as archive:
        for number in range(3):
            archive.writestr(f"{number}.png", _png(random))
    shown = {
        name: random.integers(0, 256, (6, 28, 28), dtype=np.uint8) for name in ("train", "test")
    }
    arrays = {f"x_{name}": pixels for name, pixels in shown.items()}
    np.savez(folder / "mnist.npz", **arrays, y_train=np.arange(6), y_test=np.arange(6))  # type: ignore[arg-type]
    images = [{"bytes": _png(random), "path": f"{number}.png"} for number in range(4)]
    table = pl.DataFrame({"image": images, "label": [0, 1, 0, 1]})
    table.write_parquet(folder / "train-00000-of-00001.parquet")


def _judgments(folder: Path, counts: np.ndarray) -> None:
    """The same votes as tables of judgments, in four layouts."""
    with zipfile.ZipFile(io.BytesIO(stand_ins()["cifar10h-raw.zip"])) as archive:
        (folder / "cifar10h-raw.csv").write_bytes(archive.read(archive.namelist()[0]))
    chosen = [np.repeat(np.arange(CLASSES), row) for row in counts]
    rows = [(who, item, label) for item, row in enumerate(chosen) for who, label in enumerate(row)]
    trials = ["worker_name,picture,said,is_check,ok"]
    trials += [f"w{who},{item},{label},0,1" for who, item, label in rows]
    (folder / "trials.csv.gz").write_bytes(gzip.compress("\n".join(trials).encode()))
    rows_of_jspsych = [
        {"subject_id": f"P{who}", "trial_type": "image-button-response", "stimulus": f"{item}.png",
         "response": (who + item) % 8} for who in range(4) for item in range(9)
    ]  # fmt: skip
    rows_of_jspsych.append(
        {"subject_id": "P0", "trial_type": "survey-text", "stimulus": "Comments?", "response": "no"}
    )
    (folder / "jspsych_data.jsonl").write_text("\n".join(map(json.dumps, rows_of_jspsych)))
    (folder / "votes.txt").write_text(
        "".join(f"w{who} {item} c{label}\n" for who, item, label in rows)
    )
    matrix = ["file," + ",".join(f"w{who}" for who in range(20))]
    matrix += [
        f"{item}.png," + ",".join(f"c{label}" for label in row) for item, row in enumerate(chosen)
    ]
    (folder / "matrix.csv").write_text("\n".join(matrix) + "\n")
