"""What the digest at the end of files costs: writing and reading with it, and without.

    python benchmarks/digests.py [ITEMS]
    python benchmarks/digests.py c10h|torch.load CHECKPOINT

The peer is the same code on the same file without the digest, in the same run. The second form
prints the fewest seconds that loading a checkpoint takes, which benchmarks/all.py compares.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import torch

from c10h import h5
from c10h.digests import DIGEST, append_digest
from c10h.files import Source
from c10h.records import Predictions
from c10h.training import checkpoint as checkpoints

BLOCK = 100_000
REPEATS = 3
LOADERS: dict[str, Callable[[Path], object]] = {
    "c10h": checkpoints.load,
    "torch.load": lambda path: torch.load(path, weights_only=True),
}


def best(work: Callable[[], object]) -> float:
    """Seconds of the fastest of some runs."""
    seconds = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


def read_all(path: Path) -> float:
    """Read a file of predictions slice by slice, as scoring does."""
    record = h5.read(Source.open(str(path)), Predictions)
    size = record.logits.shape[1]
    return sum(
        float(record.logits[0, start : min(start + BLOCK, size)].sum())
        for start in range(0, size, BLOCK)
    )


def show(what: str, path: Path, with_digest: float, without: float) -> None:
    size = path.stat().st_size / 1e6
    ratio = with_digest / without
    print(f"{what:28} {size:8.1f} MB {without:8.3f} s {with_digest:8.3f} s  x {ratio:.2f}")


def main() -> None:
    if len(sys.argv) == 3:
        program, path = sys.argv[1:]
        print(best(lambda: LOADERS[program](Path(path))))
        return
    items = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
    random = np.random.default_rng(0)
    record = Predictions(
        classes=tuple("abcdefghij"),
        logits=random.normal(size=(1, items, 10)).astype(np.float32),
        member=np.array(["network"]),
        truth=random.integers(0, 10, items),
    )
    with tempfile.TemporaryDirectory() as folder:
        path, plain = Path(folder) / "digest.h5", Path(folder) / "plain.h5"
        writing = best(lambda: h5.write(record, str(path)))
        appending = min(append(path) for _ in range(REPEATS))
        print(f"{'':28} {'size':>11} {'without':>10} {'with':>10}  ratio")
        show("writing predictions", path, writing, writing - appending)
        shutil.copyfile(path, plain)
        with h5py.File(plain, "r+") as file:
            del file.attrs[DIGEST]
        show(
            "reading predictions", path, best(lambda: read_all(path)), best(lambda: read_all(plain))
        )


def append(path: Path) -> float:
    """Seconds of the digest alone, on a copy that is removed."""
    copy = path.with_name("copy.h5")
    shutil.copyfile(path, copy)
    begun = time.perf_counter()
    with copy.open("r+b") as stream:
        append_digest(stream)
    seconds = time.perf_counter() - begun
    copy.unlink()
    return seconds


if __name__ == "__main__":
    main()
