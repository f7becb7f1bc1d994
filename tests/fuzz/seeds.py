"""Valid files of every kind and format, and the commands that read them."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import h5py
import numpy as np
import polars as pl
import torch
from edits import edited
from PIL import Image
from scipy.io import savemat

SCORE = ("score", "{}", "--labels", "labels.h5", "--resamples", "20", "--json")
AS_LABELS = ("score", "a.npy", "--labels", "{}", "--resamples", "20", "--json")
BUILD = ("labels", "build", "{}", "-o", "out.h5")
IMPORT = ("data", "import", "{}", "-o", "out.h5")
SHOW = ("show", "{}", "--json")
REPORT = ("report", "{}", "--json")

TINY = """
from torch import nn

def net(num_classes):
    return nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, num_classes))
"""


@dataclass(frozen=True)
class Seed:
    """A valid input. commands: that read it as {}. is_checked: damage of it has to be noticed."""

    name: str
    commands: Sequence[tuple[str, ...]]
    is_checked: bool = False

    def files(self, folder: Path) -> list[Path]:
        """What can be damaged: the file, or those of a folder."""
        path = folder / self.name
        if path.is_file():
            return [path]
        return sorted(file for file in path.rglob("*") if file.is_file())


def seeds() -> Iterator[Seed]:
    """All of them; :func:`make` makes their files."""
    for name, commands in KINDS.items():
        yield Seed(f"{name}.h5", commands, is_checked=True)
        yield Seed(f"open-{name}.h5", commands)
    yield Seed("run", [PREDICT, ("show", "{}", "--check")], is_checked=True)
    yield Seed("w.pt", [("predict", "images.h5", "--arch", "tiny:net", "--weights", "{}",
                         "-o", "out.h5")], is_checked=True)  # fmt: skip
    for name, command in FOREIGN.items():
        yield Seed(name, command, is_checked=name in ("a.npz", "png"))


PREDICT = ("predict", "{}", "images.h5", "--arch", "tiny:net", "-o", "out.h5")
KINDS: dict[str, list[tuple[str, ...]]] = {
    "images": [SHOW, (*BUILD[:3], "--as", "hard", "--classes", "a,b,c", "-o", "out.h5")],
    "labels": [AS_LABELS, BUILD, ("labels", "noise", "{}", "--json")],
    "predictions": [SCORE, ("labels", "build", "{}", "--as", "distill", "-o", "out.h5")],
    "attack": [REPORT, SCORE],
    "scores": [REPORT, ("report", "{}", "--script"), ("report", "{}", "--format", "csv")],
    "history": [REPORT, SHOW],
}
FOREIGN: dict[str, list[tuple[str, ...]]] = {
    "a.npy": [SCORE],
    "a.npz": [SCORE],
    "a.pt": [SCORE],
    "a.mat": [SCORE],
    "a.csv": [SCORE],
    "a.parquet": [SCORE],
    "a.json": [SCORE],
    "foreign.h5": [("score", "{}:logits", *SCORE[2:])],
    "counts.csv": [AS_LABELS, BUILD],
    "counts.npy": [AS_LABELS, BUILD],
    "judgments.csv": [BUILD],
    "judgments.csv.gz": [BUILD],
    "judgments.csv.zip": [BUILD],
    "judgments.parquet": [BUILD],
    "judgments.jsonl": [BUILD],
    "truth.txt": [("score", "a.npy", "--truth", "{}", "--json")],
    "classes.txt": [(*BUILD[:2], "counts.npy", "--classes", "{}", "-o", "out.h5")],
    "png": [IMPORT],
    "pictures.zip": [IMPORT],
    "pictures.tar": [IMPORT],
    "pictures.parquet": [IMPORT],
    "pixels.npz": [IMPORT],
    "data_batch_1": [(*IMPORT, "--classes", "a,b,c")],
}


def make(folder: Path) -> None:
    """Make the files of all seeds, with the project's own commands where it has any."""
    random = np.random.default_rng(0)
    truth = np.arange(24) % 3
    counts = random.multinomial(12, 0.1 + 0.7 * np.eye(3)[truth])
    logits = 2 * np.eye(3)[truth] + random.normal(size=(24, 3))
    pixels = random.integers(0, 256, (24, 8, 8, 3), dtype=np.uint8)
    (folder / "tiny.py").write_text(TINY)
    _arrays(folder, logits, counts, truth, pixels)
    # Polars has threads, which a process that forks must not have.
    for function, given in (_tables, (logits, counts, truth)), (_pictures, (pixels, truth)):
        child = get_context("fork").Process(target=function, args=(folder, *given))
        child.start()
        child.join()
        assert child.exitcode == 0
    _own(folder)


def _arrays(
    folder: Path, logits: np.ndarray, counts: np.ndarray, truth: np.ndarray, pixels: np.ndarray
) -> None:
    np.save(folder / "a.npy", logits)
    np.save(folder / "counts.npy", counts)
    np.save(folder / "truth.npy", truth)
    np.savez_compressed(folder / "a.npz", logits=logits)
    np.savez(folder / "pixels.npz", images=pixels, labels=truth)
    torch.save(torch.tensor(logits), folder / "a.pt")
    torch.manual_seed(0)
    weights = {"2.weight": torch.randn(3, 12), "2.bias": torch.zeros(3)}
    torch.save(weights, folder / "w.pt")
    savemat(folder / "a.mat", {"logits": logits})
    with h5py.File(folder / "foreign.h5", "w") as file:
        file["logits"] = logits
        file["ids"] = [f"item {number}" for number in range(24)]
    batch = {
        b"data": pixels.transpose(0, 3, 1, 2).repeat(4, axis=2).repeat(4, axis=3).reshape(24, -1),
        b"labels": truth.tolist(),
        b"batch_label": b"1",
        b"filenames": [b"a.png"] * 24,
    }
    (folder / "data_batch_1").write_bytes(pickle.dumps(batch, protocol=2))


def _tables(folder: Path, logits: np.ndarray, counts: np.ndarray, truth: np.ndarray) -> None:
    classes = ["ant", "bee", "cow"]
    table = pl.DataFrame(logits, schema=classes)
    table.write_csv(folder / "a.csv")
    table.write_parquet(folder / "a.parquet")
    (folder / "a.json").write_text(json.dumps(logits.tolist()))
    pl.DataFrame(counts, schema=classes).write_csv(folder / "counts.csv")
    judgments = pl.DataFrame(
        [
            {"item": item, "annotator": f"p{vote}", "answer": classes[answer]}
            for item, row in enumerate(counts)
            for vote, answer in enumerate(np.repeat(np.arange(3), row))
        ]
    )
    judgments.write_csv(folder / "judgments.csv")
    judgments.write_parquet(folder / "judgments.parquet")
    judgments.write_ndjson(folder / "judgments.jsonl")
    text = (folder / "judgments.csv").read_bytes()
    (folder / "judgments.csv.gz").write_bytes(gzip.compress(text, mtime=0))
    with zipfile.ZipFile(folder / "judgments.csv.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("judgments.csv"), text, zipfile.ZIP_DEFLATED)
    (folder / "truth.txt").write_text("\n".join(map(str, truth)) + "\n")
    (folder / "classes.txt").write_text("\n".join(classes) + "\n")


def _pictures(folder: Path, pixels: np.ndarray, truth: np.ndarray) -> None:
    encoded = []
    for number, image in enumerate(pixels[:6]):
        stream = io.BytesIO()
        Image.fromarray(image).save(stream, format="png")
        encoded.append((f"{'abc'[truth[number]]}/{number}.png", stream.getvalue()))
    with (
        zipfile.ZipFile(folder / "pictures.zip", "w") as zipped,
        tarfile.open(folder / "pictures.tar", "w") as tarred,
    ):
        for name, content in encoded:
            path = folder / "png" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            zipped.writestr(zipfile.ZipInfo(name), content)
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tarred.addfile(entry, io.BytesIO(content))
    rows = [
        {"image": {"bytes": content, "path": name}, "label": number % 3}
        for number, (name, content) in enumerate(encoded)
    ]
    pl.DataFrame(rows).write_parquet(folder / "pictures.parquet")


def _own(folder: Path) -> None:
    from fuzz.isolated import run_here

    lines = [
        "data import pixels.npz -o images.h5",
        "labels build counts.csv --truth truth.txt -o labels.h5",
        "train images.h5 labels.h5 --arch tiny:net --folds 2 --epochs 1 --batch-size 8 -o run",
        "predict run images.h5 --arch tiny:net -o predictions.h5",
        "attack run images.h5 --arch tiny:net --steps 2 --health 2 -o attack.h5",
        "score predictions.h5 --labels labels.h5 --resamples 20 -o scores.h5",
    ]
    for line in lines:
        status, error = run_here(line.split(), folder)
        assert status == 0, (line, error)
    (folder / "history.h5").write_bytes((folder / "run" / "history.h5").read_bytes())
    for kind in KINDS:
        (folder / f"open-{kind}.h5").write_bytes((folder / f"{kind}.h5").read_bytes())
        with edited(folder / f"open-{kind}.h5"):
            pass
