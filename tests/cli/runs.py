"""What tests of run folders share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from c10h.records import History, Predictions
from c10h.training.checkpoint import load

from .conftest import Result, Run, read_file

DATA = ("images.h5", "labels.h5")
TINY = ("--arch", "tiny:net", "--batch-size", 10, "--lr", 0.5)
FOLDS = ("--folds", 3)
# The user's own word for the code that the runs a, b and c name.
OWN = ("--arch", "tiny:net")

# A command line without its output: three folds, two epochs of four steps.
TRAIN = ("train", *DATA, *TINY, *FOLDS, "--epochs", 2)


def trained(c10h: Run, output: str, *line: object) -> Result:
    """Train, and check that it went well."""
    result = c10h(*(line or TRAIN), "-o", output)
    assert result.status == 0, result.err
    return result


def with_code(line: Sequence[object]) -> Sequence[object]:
    """A command line that lets the code of runs be used, unless it names a network itself."""
    return line if "--arch" in line else (*line, *OWN)


def content(folder: str | Path) -> dict[str, Any]:
    """What run.json says, but for its digest."""
    found: dict[str, Any] = json.loads((Path(folder) / "run.json").read_text(encoding="utf-8"))
    del found["digest"]
    return found


def history(folder: str | Path) -> History:
    return read_file(Path(folder) / "history.h5", History)


def predictions(path: str) -> Predictions:
    return read_file(path, Predictions)


def names(folder: str | Path) -> list[str]:
    """The files of a run, hidden ones too."""
    return sorted(path.name for path in Path(folder).iterdir())


def kept(folder: str | Path) -> list[str]:
    left = (".run.json.", ".history.h5.", ".grid.json.")
    return [name for name in names(folder) if not name.startswith(left)]


def assert_equal_runs(one: str | Path, other: str | Path) -> None:
    """The same files, weights equal bit for bit, and the same bytes of curves.

    What was left of small files as they were written is not looked at.
    """
    assert kept(one) == kept(other)
    for path in sorted(Path(one).glob("*.pt")):
        first, second = load(path), load(Path(other) / path.name)
        assert first.is_done
        assert second.is_done
        assert first.network.keys() == second.network.keys()
        assert all(torch.equal(first.network[key], second.network[key]) for key in first.network)
        assert first.results == second.results
        assert np.array_equal(first.trained, second.trained)
    curves = [(Path(folder) / "history.h5").read_bytes() for folder in (one, other)]
    assert curves[0] == curves[1]
