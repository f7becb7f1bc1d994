"""The parsers of foreign files under atheris, which looks for inputs that reach new branches.

    pip install atheris
    python -m fuzz.guided PARSER -max_total_time=300     (in the folder tests)

atheris stops at the first exception that no :class:`~c10h.errors.C10hError` is, and writes the
input that led to it. What HDF5, Parquet and pictures are parsed by is compiled, and out of its
sight: :mod:`fuzz.campaign` is for them.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["c10h"]):
    from c10h.errors import C10hError
    from c10h.files import Source
    from c10h.formats import archives, arrays, judgments, predictions_and_labels, truth_files
    from c10h.images import cifar_batches

from fuzz.seeds import make

Reader = Callable[[Source], object]


def all_members(source: Source) -> object:
    """What is in each file of an archive."""
    return list(archives.members(source, lambda name: True, 1 << 20))


def batch(source: Source) -> object:
    """A batch of CIFAR's."""
    return cifar_batches.read_batch(source.path.read_bytes(), source.name)


def truth(source: Source) -> object:
    """The classes of items."""
    return truth_files.open_truth(source, None)


def all_arrays(form: str, source: Source) -> object:
    """Each array of a file."""
    stored = arrays.stored_arrays(source, form)
    return [array.load()[0:3] for array in stored.values()]


# Parsers by name: how the files end, and what is called with them.
PARSERS: Mapping[str, tuple[str, Reader]] = {
    "labels": (".csv", predictions_and_labels.open_labels),
    "predictions": (".csv", predictions_and_labels.open_predictions),
    "judgments": (".csv", judgments.open_judgments),
    "truth": (".csv", truth),
    "json": (".json", predictions_and_labels.open_labels),
    "npy": (".npy", partial(all_arrays, "npy")),
    "npz": (".npz", partial(all_arrays, "npz")),
    "safetensors": (".safetensors", partial(all_arrays, "safetensors")),
    "zip": (".zip", all_members),
    "tar": (".tar", all_members),
    "batch": ("", batch),
}


def main() -> None:
    """Fuzz the parser that the first argument names; the others are libFuzzer's."""
    suffix, read = PARSERS[sys.argv.pop(1)]
    folder = Path(tempfile.mkdtemp())
    seeds = folder / "seeds"
    seeds.mkdir()
    make(folder)
    for path in folder.iterdir():
        if path.is_file() and path.suffix == suffix:
            path.rename(seeds / path.name)
    path = folder / f"input{suffix}"

    def parse(data: bytes) -> None:
        path.write_bytes(data)
        with contextlib.suppress(C10hError):
            read(Source(path, path.name))

    atheris.Setup([*sys.argv, str(seeds)], parse)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
