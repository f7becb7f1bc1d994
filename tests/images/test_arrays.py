"""Pictures in one array, wherever colour is."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from bombs import Bomb

from c10h.errors import AmbiguousError, FileError, InputError, SchemaError
from c10h.files import Source
from c10h.images.arrays import open_pictures
from c10h.records import Array, Rows


def saved(path: Path, array: Array) -> Source:
    np.save(path, array, allow_pickle=True)
    return Source.open(str(path))


def opened(path: Path, array: Array) -> Rows:
    return open_pictures(saved(path / "x.npy", array))


@pytest.fixture
def pictures(random: np.random.Generator) -> Array:
    return random.integers(0, 256, (5, 4, 6, 3), dtype=np.uint8)


class TestLayouts:
    @pytest.mark.parametrize("is_fortran", [False, True])
    def test_colour_last(self, tmp_path: Path, pictures: Array, is_fortran: bool) -> None:
        found = opened(tmp_path, np.asfortranarray(pictures) if is_fortran else pictures)
        assert (found.shape, found.dtype) == ((5, 4, 6, 3), np.uint8)
        np.testing.assert_array_equal(found[1:4], pictures[1:4], strict=True)

    @pytest.mark.parametrize("is_fortran", [False, True])
    def test_colour_first(self, tmp_path: Path, pictures: Array, is_fortran: bool) -> None:
        first = pictures.transpose(0, 3, 1, 2)
        found = opened(tmp_path, np.asfortranarray(first) if is_fortran else first.copy())
        assert (found.shape, found.dtype) == ((5, 4, 6, 3), np.uint8)
        np.testing.assert_array_equal(found[1:4], pictures[1:4], strict=True)

    @pytest.mark.parametrize("shape", [(5, 4, 6), (5, 4, 6, 1), (5, 1, 4, 6)])
    def test_grey(self, tmp_path: Path, pictures: Array, shape: tuple[int, ...]) -> None:
        grey = pictures[..., 0]
        found = opened(tmp_path, grey.reshape(shape))
        assert (found.shape, found.dtype) == ((5, 4, 6, 3), np.uint8)
        wanted = np.stack([grey] * 3, axis=-1)
        np.testing.assert_array_equal(found[0:5], wanted, strict=True)
        np.testing.assert_array_equal(found[2:3], wanted[2:3], strict=True)

    @pytest.mark.parametrize("shape", [(5, 3, 8, 3), (5, 3, 3, 3)])
    def test_where_colour_is_not_clear(self, tmp_path: Path, shape: tuple[int, ...]) -> None:
        with pytest.raises(AmbiguousError, match="first or last"):
            opened(tmp_path, np.zeros(shape, np.uint8))


class TestOtherArrays:
    @pytest.mark.parametrize("dtype", ["i1", "u2", "i8", "f4", "f8", "?", "S1", "U1", "c8"])
    def test_other_numbers(self, tmp_path: Path, dtype: str) -> None:
        with pytest.raises(SchemaError, match=r"x\.npy: expected pixels as uint8"):
            opened(tmp_path, np.zeros((2, 4, 4, 3), dtype))

    @pytest.mark.parametrize(
        "shape",
        [(), (5,), (5, 3), (5, 4, 4, 2), (5, 4, 4, 4), (5, 2, 4, 4), (1, 5, 4, 4, 3), (0, 4, 4, 3)],
    )
    def test_other_shapes(self, tmp_path: Path, shape: tuple[int, ...]) -> None:
        with pytest.raises(SchemaError, match=r"x\.npy: expected pictures"):
            opened(tmp_path, np.zeros(shape, np.uint8))

    def test_objects_are_not_loaded(self, tmp_path: Path, bomb: Bomb) -> None:
        with pytest.raises(FileError, match="pickled objects"):
            opened(tmp_path, np.array([bomb], dtype=object))
        bomb.assert_not_run()

    @pytest.mark.parametrize(
        "header",
        [
            "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 4, 4, 3), ",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (-2, 4, 4, 3)}",
            "{'descr': '|u1', 'fortran_order': True, 'shape': (-2, 4, 4, 3)}",
            f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({1 << 80}, 4, 4, 3)}}",
            f"{{'descr': '|u1', 'fortran_order': True, 'shape': ({1 << 80}, 4, 4, 3)}}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (65536, 65536, 65536, 65536)}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': '4'}",
            "{'descr': 'O', 'fortran_order': True, 'shape': (2, 4, 4, 3)}",
            "{1: 2, 'a': 3}",
            "[" * 3000,
            "\0",
            "",
        ],
    )
    def test_broken_headers(self, tmp_path: Path, header: str) -> None:
        length = struct.pack("<H", len(header))
        content = b"\x93NUMPY\1\0" + length + header.encode() + bytes(96)
        (tmp_path / "x.npy").write_bytes(content)
        with pytest.raises(InputError, match=r"^x\.npy: ") as caught:
            open_pictures(Source.open(str(tmp_path / "x.npy")))
        assert isinstance(caught.value, FileError | SchemaError)

    @pytest.mark.parametrize("is_fortran", [False, True])
    @pytest.mark.parametrize("left", [8, 60, 130, 480])
    def test_truncated(self, tmp_path: Path, pictures: Array, left: int, is_fortran: bool) -> None:
        array = np.asfortranarray(pictures) if is_fortran else pictures
        source = saved(tmp_path / "x.npy", array)
        source.path.write_bytes(source.path.read_bytes()[:left])
        with pytest.raises(FileError, match=r"x\.npy: "):
            open_pictures(source)
