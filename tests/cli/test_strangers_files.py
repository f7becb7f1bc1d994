"""Files that a stranger sent, or that were damaged: one line, status 1, and no traceback."""

from __future__ import annotations

import json
import shlex
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import polars
import pytest
import torch
from edits import edited
from PIL import Image
from scipy.io import savemat

from c10h.records import Lineage

from .conftest import PYTHON, Files, Run, assert_refused

SCORE = ("--labels", "labels.h5", "--resamples", "2")


def npy(shape: str) -> bytes:
    """An .npy file of 64 numbers that says it has another shape."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
    padded = header.ljust(-(10 + len(header) + 1) % 64 + len(header)) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded.encode() + bytes(256)


@pytest.mark.parametrize("shape", ["(-16, 4)", "(16, -4)", "(9223372036854775807, 4)"])
def test_shapes_of_npy(files: Files, c10h: Run, shape: str) -> None:
    files.path("x.npy").write_bytes(npy(shape))
    assert_refused(c10h("score", "x.npy", *SCORE), "x.npy: ")


TENSORS: dict[str, Callable[[], Any]] = {
    "conjugate": lambda: torch.ones(12, 3, dtype=torch.complex64).conj(),
    "meta": lambda: torch.ones(12, 3, device="meta"),
    "negative": lambda: torch.ones(12, 3, dtype=torch.complex64).conj().imag,
    "bits": lambda: torch.ones(12, 3).view(torch.uint8).view(torch.bits8),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", TENSORS)
def test_tensors_that_numpy_does_not_know(files: Files, c10h: Run, kind: str) -> None:
    torch.save(TENSORS[kind](), files.path("x.pt"))
    assert_refused(c10h("score", "x.pt", *SCORE), "x.pt: ")


@pytest.mark.parametrize("place", range(3))
def test_a_flipped_bit_of_a_tensor(files: Files, c10h: Run, place: int) -> None:
    """torch does not look at the checksums of its own zip files."""
    logits = torch.from_numpy(files.logits["a"].astype("f4"))
    torch.save(logits, files.path("x.pt"))
    whole = files.path("x.pt").read_bytes()
    start = whole.index(logits.numpy().tobytes())
    damaged = bytearray(whole)
    damaged[start + 5 * place] ^= 1 << place
    files.path("x.pt").write_bytes(bytes(damaged))
    assert torch.load(files.path("x.pt"), weights_only=True).shape == logits.shape
    assert_refused(c10h("score", "x.pt", *SCORE), "x.pt: damaged: the checksum of ")


def test_damaged_parquet(files: Files, c10h: Run) -> None:
    """Some of it is a panic of polars, which is no Exception."""
    frame = polars.DataFrame(files.logits["a"], schema=["cat", "dog", "bird"])
    frame.write_parquet(files.path("x.parquet"))
    whole = files.path("x.parquet").read_bytes()
    for place in range(4, len(whole) - 8, 7):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        files.path("x.parquet").write_bytes(bytes(damaged))
        result = c10h("score", "x.parquet", *SCORE, "-q")
        assert result.status in (0, 1), place
        assert "Traceback" not in result.err


def changed(path: Path, change: Callable[[h5py.File], None]) -> None:
    with edited(path) as file:
        change(file)


def set_attribute(name: str, value: Any) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        file.attrs[name] = value

    return change


def lineage(**changes: Any) -> str:
    return json.dumps({**Lineage(command="c10h x").to_dict(), **changes})


def nested(depth: int) -> str:
    inner: Any = None
    for _ in range(depth):
        source = {"role": "r", "name": "n", "sha256": "0", "kind": None, "lineage": inner}
        inner = {**Lineage(command="c10h x").to_dict(), "inputs": [source]}
    return json.dumps(inner)


def rename(old: str, new: str) -> Callable[[h5py.File], None]:
    return lambda file: file.move(old, new)


DAMAGES: dict[str, tuple[Callable[[h5py.File], None], str]] = {
    "schema": (set_attribute("schema", np.inf), "expected schema version"),
    "classes": (set_attribute("classes", 3), "classes: expected a list of names"),
    "an array": (set_attribute("zz", np.arange(3)), "zz: expected a word or a finite number"),
    "not a number": (set_attribute("zz", np.nan), "zz: expected a word or a finite number"),
    "nothing": (set_attribute("zz", h5py.Empty("f4")), "zz: expected a word or a finite number"),
    "lineage, number": (set_attribute("lineage", 3), "lineage: expected text"),
    "lineage, NaN": (set_attribute("lineage", lineage(seed=float("nan"))), "found NaN"),
    "lineage, seed": (set_attribute("lineage", lineage(seed="x")), "lineage: not in the form"),
    "lineage, kind": (set_attribute("lineage", lineage(architecture=[1])), "not in the form"),
    "lineage, deep": (set_attribute("lineage", nested(100)), "inputs of inputs, more than 64"),
    "lineage, deeper": (set_attribute("lineage", "[" * 100_000), "lineage: not in the form"),
    "unknown dataset": (rename("truth", "trvth"), "trvth: labels have no dataset of this name"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_files_of_labels(files: Files, c10h: Run, damage: str) -> None:
    change, says = DAMAGES[damage]
    changed(files.path("labels.h5"), change)
    assert_refused(c10h("show", "labels.h5"), says)
    assert_refused(c10h("score", "a.npy", *SCORE), says)


def test_true_classes_of_images_that_there_are_not(pictures: Path, c10h: Run) -> None:
    changed(pictures / "images.h5", lambda file: file["truth"].__setitem__(0, 7))
    line = ["train", "images.h5", "--arch", "resnet_basic_8_w4", "--epochs", "1", "-o", "r"]
    assert_refused(c10h(*line), "images.h5: truth")


def test_groups_hold_numbers(files: Files, c10h: Run) -> None:
    groups = {"item": np.arange(3, dtype="u8"), "fold": np.zeros(3, dtype="i2")}
    files.predictions("p.h5", trained=groups)

    def change(file: h5py.File) -> None:
        del file["trained/fold"]
        file["trained/fold"] = np.array([b"x"] * 3)

    changed(files.path("p.h5"), change)
    assert_refused(c10h("score", "p.h5", *SCORE), "p.h5: trained/fold: expected numbers")


@pytest.mark.parametrize("setting", ["seed", "resamples"])
def test_scores_without_their_settings(files: Files, c10h: Run, setting: str) -> None:
    assert c10h("score", "a.npy", "b.npy", *SCORE, "-o", "s.h5").status == 0
    changed(files.path("s.h5"), lambda file: file.attrs.__delitem__(setting))
    result = c10h("report", "s.h5", "--baseline", "a")
    assert (result.status, result.err) == (0, "")


@pytest.mark.parametrize(
    ("classes", "says"),
    [("9" * 5000, "--classes 9"), ("a\udcff,b,c", "which is no UTF-8")],
    ids=["digits", "half a character"],
)
def test_names_of_classes(files: Files, c10h: Run, classes: str, says: str) -> None:
    files.save("counts.npy", files.counts)
    line = ["labels", "build", "counts.npy", "--classes", classes, "-o", "o.h5"]
    assert_refused(c10h(*line), says)
    assert not files.path("o.h5").exists()


def test_a_name_with_nul(files: Files, c10h: Run) -> None:
    files.save("counts.npy", files.counts)
    files.path("c.txt").write_bytes(b"a\0b\nc\nd\n")
    line = ["labels", "build", "counts.npy", "--classes", "c.txt", "-o", "o.h5"]
    assert_refused(c10h(*line), "with a NUL character")


def test_more_resamples_than_memory(files: Files, c10h: Run) -> None:
    line = ["score", "a.npy", "--labels", "labels.h5", "--resamples", "10000000000"]
    assert_refused(c10h(*line), "--resamples 10000000000: expected a number")


def test_escapes_of_a_lineage_are_shown_inert(files: Files, c10h: Run) -> None:
    evil = lineage(command="c10h \x1b]0;pwn\x07\x1b[31m", excluded={"bad\n\x1b[31m": "a\nb"})
    changed(files.path("labels.h5"), set_attribute("lineage", evil))
    out = c10h("show", "labels.h5").out
    assert "\x1b" not in out
    assert "\x07" not in out
    assert "pwn" in out


def test_more_votes_than_can_be_drawn_of(files: Files, c10h: Run) -> None:
    files.save("c.npy", np.eye(3, dtype=int)[np.arange(30) % 3] * 2_000_000_000)
    says = "expected fewer than 1,000,000,000 votes for an item"
    assert_refused(c10h("score", "a.npy", "--labels", "c.npy", "--resamples", "2"), says)


@pytest.mark.parametrize("place", [60, 100, 140])
def test_a_damaged_png(files: Files, c10h: Run, place: int) -> None:
    """Pillow decodes what is left of it, and says nothing."""
    folder = files.path("p/cat")
    folder.mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "a.png")
    whole = (folder / "a.png").read_bytes()
    assert len(whole) > 200
    (folder / "a.png").write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    assert_refused(c10h("data", "import", "p", "-o", "o.h5"), "cat/a.png: ")
    assert not files.path("o.h5").exists()


def test_a_mat_file_beside_a_module_that_its_reader_imports(files: Files, c10h: Run) -> None:
    savemat(files.path("x.mat"), {"logits": files.logits["a"]})
    for name in ("numpy.py", "scipy.py", "zipfile.py", "c10h.py"):
        files.path(name).write_text("open('ran', 'w')\nraise SystemExit(3)\n")
    result = c10h("score", "x.mat", *SCORE, "-q")
    assert result.status == 0, result.err
    assert not files.path("ran").exists()


def test_a_closed_stderr(files: Files) -> None:
    line = [*PYTHON, "score", "a.npy", *SCORE, "--json"]
    done = subprocess.run(
        ["sh", "-c", f"{shlex.join(map(str, line))} 2>&-"], cwd=files.folder, capture_output=True
    )
    assert done.returncode == 0
    assert json.loads(done.stdout)["runs"]
