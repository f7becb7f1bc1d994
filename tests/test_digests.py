"""What c10h writes ends with its SHA-256, and says so when it was changed."""

from __future__ import annotations

import hashlib
import shutil
import struct
from pathlib import Path

import h5py
import numpy as np
import pytest

from c10h import h5
from c10h.digests import SIZE
from c10h.errors import FileError
from c10h.files import Source
from c10h.h5_heap import has_broken_heap
from c10h.records import Input, Labels, Lineage


def labels(path: Path, classes: int = 3, lineage: Lineage | None = None) -> Path:
    probs = np.eye(classes)[np.arange(20) % classes]
    names = tuple(f"class {number}" for number in range(classes))
    record = Labels(
        classes=names,
        settings={"source": "human", "seed": 3, "rate": 0.5, "soft": True},
        lineage=lineage,
        probs=probs,
        truth=np.arange(20) % classes,
    )
    h5.write(record, str(path))
    return path


def read(path: Path) -> Labels:
    return h5.read(Source.open(str(path)), Labels)


def test_the_last_line_is_what_sha256sum_says_of_the_rest(tmp_path: Path) -> None:
    content = labels(tmp_path / "x.h5").read_bytes()
    last = content.splitlines()[-1].decode()
    assert last == f"sha256 {hashlib.sha256(content[:-73]).hexdigest()}"
    assert SIZE == 73


def test_every_flipped_bit_is_noticed_or_harmless(tmp_path: Path) -> None:
    path = labels(tmp_path / "x.h5")
    content, expected = path.read_bytes(), read(path)
    unnoticed = []
    for place in range(0, len(content), 7):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        try:
            record = read(path)
        except FileError as error:
            assert str(error).startswith("x.h5: ")  # noqa: PT017, one that is read is right, too
        else:
            unnoticed.append(place - len(content))
            assert np.array_equal(record.probs[:], expected.probs[:])
            assert record.classes == expected.classes
            assert record.lineage == expected.lineage
    # A name or a number of ours at the end of the file that is no longer one says nothing.
    assert all(place >= -SIZE for place in unnoticed)


@pytest.mark.parametrize("cut", [1, SIZE, SIZE + 1, 200])
def test_an_end_that_is_missing_is_noticed(tmp_path: Path, cut: int) -> None:
    path = labels(tmp_path / "x.h5")
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(FileError, match=r"x\.h5: (cut off|not a complete)"):
        read(path)


def test_a_change_by_another_program_is_noticed(tmp_path: Path) -> None:
    path = labels(tmp_path / "x.h5")
    with h5py.File(path, "r+") as file:
        file["truth"][0] = 2
    with pytest.raises(FileError, match="changed by another program: expected a SHA-256"):
        read(path)
    with h5py.File(path, "r+") as file:
        del file.attrs["digest"]
    truth = read(path).truth
    assert truth is not None
    assert truth[0] == 2


def test_attributes_have_a_fixed_length(tmp_path: Path) -> None:
    path = labels(tmp_path / "x.h5")
    with h5py.File(path) as file:
        for name, value in file.attrs.items():
            assert file.attrs.get_id(name).dtype.kind in "Sibf", name
            assert np.asarray(value).dtype.kind != "O", name
        assert file.attrs["kind"] == b"labels"
    assert read(path).settings == {"source": "human", "seed": 3, "rate": 0.5, "soft": True}


@pytest.mark.parametrize(("classes", "is_attribute"), [(4091, True), (20_000, False)])
def test_names_of_many_classes(tmp_path: Path, classes: int, is_attribute: bool) -> None:
    path = labels(tmp_path / "x.h5", classes)
    with h5py.File(path) as file:
        assert ("classes" in file.attrs, "classes" in file) == (is_attribute, not is_attribute)
    assert read(path).classes == tuple(f"class {number}" for number in range(classes))


def test_a_long_lineage_is_a_dataset(tmp_path: Path) -> None:
    inputs = tuple(
        Input(role="labels", name=f"labels-{number}.h5", sha256="0" * 64) for number in range(2000)
    )
    lineage = Lineage(command="c10h labels build", inputs=inputs)
    path = labels(tmp_path / "x.h5", lineage=lineage)
    with h5py.File(path) as file:
        assert (file["lineage"].shape, "lineage" in file.attrs) == ((), False)
    assert read(path).lineage == lineage


def with_variable_text(path: Path) -> bytes:
    """A file as c10h wrote it before, with attributes of variable length."""
    with h5py.File(labels(path), "r+") as file:
        for name in ("kind", "c10h", "lineage", "source"):
            file.attrs[name] = file.attrs[name].decode()
        file.attrs["classes"] = [name.decode() for name in file.attrs["classes"]]
        del file.attrs["digest"]
    return path.read_bytes()


def test_files_with_attributes_of_variable_length_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    assert b"GCOL" in with_variable_text(path)
    assert read(path).classes == ("class 0", "class 1", "class 2")


@pytest.mark.parametrize("content", [bytes(16), b"\0" * 8 + b"\xf0" + b"\xff" * 7])
def test_a_heap_in_which_hdf5_hangs_is_not_opened(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.h5"
    changed = bytearray(with_variable_text(path))
    entry = changed.index(b"GCOL") + 16
    changed[entry : entry + 16] = content
    path.write_bytes(changed)
    shutil.copy(path, tmp_path / "damaged.h5")
    with pytest.raises(FileError, match=r"x\.h5: damaged: a heap of its texts does not end"):
        read(path)


@pytest.mark.parametrize("before", [0, 512, 1024])
def test_a_text_that_is_declared_to_be_longer_than_its_file(tmp_path: Path, before: int) -> None:
    """HDF5 takes that much memory before it refuses."""
    path = tmp_path / "x.h5"
    content = with_variable_text(path)
    with h5py.File(path) as file:
        length = len(file.attrs["lineage"])
    # As MATLAB's files, whose addresses count from behind what precedes them.
    path.write_bytes(bytes(before) + content)
    assert not has_broken_heap(path)
    heap = content.index(b"GCOL")
    declared = content.index(struct.pack("<IQ", length, heap))
    changed = bytearray(content)
    changed[declared : declared + 4] = struct.pack("<I", len(content) + before + 1)
    path.write_bytes(bytes(before) + changed)
    assert has_broken_heap(path)
    if not before:
        with pytest.raises(FileError, match=r"damaged: .* less than the length of a text"):
            read(path)
