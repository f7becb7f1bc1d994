"""How HDF5's own filters do on the arrays that c10h writes: size, and speed of writing and reading.

    python benchmarks/compression.py [FOLDER]

FOLDER holds cifar10h-counts.npy and, for the images, cifar10_test_images.npy; without it, made-up
votes and logits are used. Only filters that every HDF5 library has are compared, so that the files
stay readable elsewhere.
"""

import sys
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np

from c10h.h5 import chunk_shape

FILTERS = {
    "none": {},
    "gzip 1": {"compression": "gzip", "compression_opts": 1},
    "gzip 4": {"compression": "gzip", "compression_opts": 4},
    "gzip 4, shuffle": {"compression": "gzip", "compression_opts": 4, "shuffle": True},
    "gzip 9, shuffle": {"compression": "gzip", "compression_opts": 9, "shuffle": True},
    "lzf, shuffle": {"compression": "lzf", "shuffle": True},
}


def arrays(folder):
    """The arrays to try, by name."""
    random = np.random.default_rng(0)
    people = random.dirichlet(np.full(10, 0.05), 100_000) + 1e-9
    counts = random.multinomial(50, people / people.sum(axis=1, keepdims=True))
    if folder is not None:
        counts = np.tile(np.load(folder / "cifar10h-counts.npy"), (10, 1))
    shares = counts / counts.sum(axis=1, keepdims=True)
    logits = np.log(shares + 1e-4) + random.normal(0, 1, shares.shape)
    found = {
        "counts": counts.astype(np.int32),
        "probs": shares,
        "logits": logits.astype(np.float32),
    }
    if folder is not None and (folder / "cifar10_test_images.npy").exists():
        found["images"] = np.load(folder / "cifar10_test_images.npy")
    return found


def main():
    """Print size, and megabytes of array a second, by array and filter."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    print(f"{'array':8s} {'filter':16s} {'size':>6s} {'write MB/s':>11s} {'read MB/s':>10s}")
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "x.h5"
        for name, array in arrays(folder).items():
            for label, options in FILTERS.items():
                chunks = chunk_shape(array.shape, array.itemsize)
                start = time.perf_counter()
                with h5py.File(path, "w") as file:
                    file.create_dataset("x", data=array, chunks=chunks, **options)
                written = time.perf_counter()
                with h5py.File(path) as file:
                    file["x"][...]
                read = time.perf_counter()
                size = path.stat().st_size / array.nbytes
                speeds = [array.nbytes / t / 1e6 for t in (written - start, read - written)]
                print(f"{name:8s} {label:16s} {size:6.3f} {speeds[0]:11.0f} {speeds[1]:10.0f}")


if __name__ == "__main__":
    main()
