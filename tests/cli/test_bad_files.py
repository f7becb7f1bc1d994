"""Files that are no files, or of the wrong kind: one line, status 1, no harm done."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from edits import edited

from .conftest import (
    EVERYWHERE,
    FOREIGN,
    Files,
    Refuse,
    filled,
)

# A broken file and what is said of it: one function (files) -> path each.
Maker = Callable[[Files], Path]

pytestmark = pytest.mark.usefixtures("files")


def missing(files: Files) -> Path:
    return files.path("nowhere.h5")


def folder(files: Files) -> Path:
    files.path("folder.h5").mkdir()
    return files.path("folder.h5")


def truncated(files: Files) -> Path:
    content = files.path("labels.h5").read_bytes()
    files.path("cut.h5").write_bytes(content[: len(content) // 2])
    return files.path("cut.h5")


def text(files: Files) -> Path:
    return files.save("text.h5", "these are not the bytes you are looking for\n")


def empty(files: Files) -> Path:
    return files.save("empty.h5", "")


def external_link(files: Files) -> Path:
    shutil.copy(files.path("labels.h5"), files.path("linked.h5"))
    with edited(files.path("linked.h5")) as file:
        file["extra"] = h5py.ExternalLink("/etc/hostname", "/")
    return files.path("linked.h5")


BROKEN: dict[Maker, tuple[str, str]] = {
    missing: ("nowhere.h5: ", "no such file or directory"),
    folder: ("folder.h5: ", "expected a file, found a folder"),
    truncated: ("cut.h5: ", "truncated"),
    text: ("text.h5: ", "found text that begins with 'these are not th'"),
    empty: ("empty.h5: ", "found an empty file"),
    external_link: ("linked.h5: ", "/extra is an external or soft link"),
}


@pytest.mark.parametrize("line", EVERYWHERE.values(), ids=EVERYWHERE)
@pytest.mark.parametrize(
    ("make", "says"), BROKEN.items(), ids=lambda one: getattr(one, "__name__", "")
)
def test_broken_files(
    files: Files, refuses: Refuse, make: Maker, says: tuple[str, str], line: list[str]
) -> None:
    refuses(*filled(line, make(files)), says=says)


@pytest.mark.parametrize("line", FOREIGN.values(), ids=FOREIGN)
class TestFilesWithCode:
    def test_pickled_npy(self, files: Files, refuses: Refuse, line: list[str]) -> None:
        bad = files.save("pickled.npy", np.array([[{}, 1]], dtype=object))
        says = ["pickled.npy: ", "expected numbers, found pickled objects"]
        refuses(*filled(line, bad), says=says)

    def test_pt_that_holds_code(self, files: Files, refuses: Refuse, line: list[str]) -> None:
        import torch

        torch.save(Code(), files.path("code.pt"))
        says = ["code.pt: ", "expected tensors", "holds code"]
        refuses(*filled(line, files.path("code.pt")), says=says)
        assert not files.path("it ran").exists()


class Code:
    """Unpickling this creates a folder."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("it ran",)


@pytest.mark.parametrize("header", [b"{'descr': '<f8', 'shape': (2", b"(" * 50, b"\xff" * 9])
def test_npy_with_a_damaged_header(files: Files, refuses: Refuse, header: bytes) -> None:
    start = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little")
    files.path("bad.npy").write_bytes(start + header)
    refuses(
        "score",
        "bad.npy",
        "--labels",
        "labels.h5",
        says="bad.npy: not a readable .npy file, damaged",
    )


def test_truncated_npy(files: Files, refuses: Refuse) -> None:
    content = files.path("a.npy").read_bytes()
    files.path("a.npy").write_bytes(content[:-8])
    says = ["a.npy: ", f"expected {len(content)} bytes, found {len(content) - 8} bytes"]
    refuses("score", "a.npy", "--labels", "labels.h5", says=says)


class TestKinds:
    @pytest.mark.parametrize(
        ("line", "expected"),
        [
            (
                ["labels", "build", "labels.h5", "--as", "distill"],
                ": expected kind predictions, found kind labels",
            ),
        ],
    )
    def test_labels_in_the_wrong_place(
        self, refuses: Refuse, line: list[str], expected: str
    ) -> None:
        refuses(*line, says=f"labels.h5{expected}")

    @pytest.mark.parametrize(
        "line",
        [["score", "a.npy", "--labels", "p.h5"], ["labels", "build", "p.h5"]],
    )
    def test_predictions_in_place_of_labels(
        self, files: Files, refuses: Refuse, line: list[str]
    ) -> None:
        files.predictions("p.h5")
        refuses(*line, says="p.h5: expected kind labels, found kind predictions")

    @pytest.mark.parametrize("line", [["report", "x.h5"], ["show", "x.h5"]])
    @pytest.mark.parametrize("kind", [None, "pictures", [1, 2]])
    def test_hdf5_of_another_program(
        self, files: Files, refuses: Refuse, line: list[str], kind: Any
    ) -> None:
        with h5py.File(files.path("x.h5"), "w") as file:
            file["x"] = np.eye(3)
            if kind is not None:
                file.attrs["kind"] = kind
        refuses(*line, says="x.h5: an HDF5 file, but not one that c10h wrote")

    @pytest.mark.parametrize(
        ("line", "wanted"),
        [
            (["report", "a.npy"], "a file of scores, an attack or another c10h file"),
            (["show", "a.npy"], "an HDF5 file"),
        ],
    )
    def test_foreign_files_where_only_ours_will_do(
        self, refuses: Refuse, line: list[str], wanted: str
    ) -> None:
        refuses(*line, says=f"a.npy: expected {wanted}, found bytes that begin with 93 4e")
