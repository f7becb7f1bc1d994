"""Pictures in one array, wherever colour is."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from bombs import Bomb
from formats.files import saved

from c10h.errors import AmbiguousError, FileError, InputError, SchemaError
from c10h.files import Source
from c10h.formats.arrays import npy_rows
from c10h.images import pixel_arrays
from c10h.images.pixel_arrays import as_pictures
from c10h.records import Array, Rows


def pictures_in(source: Source) -> Rows:
    return as_pictures(npy_rows(source), source.name)[0]


def opened(path: Path, array: Array) -> Rows:
    return pictures_in(saved(path, array))


@pytest.fixture
def pictures(random: np.random.Generator) -> Array:
    return random.integers(0, 256, (5, 4, 6, 3), dtype=np.uint8)


def with_alpha(pixels: Array) -> Array:
    """Pixels with an opaque alpha channel."""
    return np.concatenate([pixels, np.full((*pixels.shape[:3], 1), 255, np.uint8)], axis=3)


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

    @pytest.mark.parametrize("shape", [(5, 3, 8, 3), (5, 3, 3, 3), (5, 4, 8, 4)])
    def test_where_colour_is_not_clear(self, tmp_path: Path, shape: tuple[int, ...]) -> None:
        with pytest.raises(
            AmbiguousError, match=r"^x\.npy: shape .* whether the colour axis is first or last$"
        ):
            opened(tmp_path, np.zeros(shape, np.uint8))

    def test_an_opaque_alpha_channel_goes(self, tmp_path: Path, pictures: Array) -> None:
        opaque = with_alpha(pictures[:, :2])
        found = opened(tmp_path, opaque)
        assert (found.shape, found.dtype) == ((5, 2, 6, 3), np.uint8)
        np.testing.assert_array_equal(found[2:4], pictures[2:4, :2], strict=True)

    @pytest.mark.parametrize("block", [1, 100, 1 << 24])
    def test_one_pixel_that_lets_through(
        self, tmp_path: Path, pictures: Array, monkeypatch: pytest.MonkeyPatch, block: int
    ) -> None:
        monkeypatch.setattr(pixel_arrays, "BLOCK_BYTES", block)
        opaque = with_alpha(pictures[:, :2])
        opaque[3, 1, 5, 3] = 254
        with pytest.raises(SchemaError, match=r"x\.npy: row 3: expected an opaque image"):
            opened(tmp_path, opaque)

    @pytest.mark.parametrize("side", [8, 32])
    def test_rows_in_the_order_of_cifar(
        self, tmp_path: Path, random: np.random.Generator, side: int
    ) -> None:
        """Red, green and blue one after another, each by rows (Krizhevsky 2009)."""
        pixels = random.integers(0, 256, (4, side, side, 3), dtype=np.uint8)
        lines = np.stack(
            [[*one[..., 0].flat, *one[..., 1].flat, *one[..., 2].flat] for one in pixels]
        )
        source = saved(tmp_path, lines)
        found, assumed = as_pictures(npy_rows(source), source.name)
        np.testing.assert_array_equal(found[1:4], pixels[1:4], strict=True)
        assert found.shape == (4, side, side, 3)
        assert assumed == (
            f"x.npy: rows of {3 * side * side:,} read as 3 x {side} x {side}, colour first, "
            "like CIFAR's"
        )


class TestOtherArrays:
    @pytest.mark.parametrize("width", [10, 12, 147, 784, 3071, 3073])
    def test_rows_that_are_no_pictures(self, tmp_path: Path, width: int) -> None:
        """Votes, three colours of 2 x 2 and 7 x 7 pixels, grey ones."""
        with pytest.raises(SchemaError, match="expected images"):
            opened(tmp_path, np.zeros((5, width), np.uint8))

    @pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
    def test_pixels_between_0_and_1(self, tmp_path: Path, dtype: str) -> None:
        with pytest.raises(SchemaError, match=r"uint8, 0 to 255, found .* by 255 and round"):
            opened(tmp_path, np.zeros((2, 4, 4, 3), dtype))

    @pytest.mark.parametrize("dtype", ["i1", "u2", "i8", "f4", "f8", "?", "S1", "U1", "c8"])
    def test_other_numbers(self, tmp_path: Path, dtype: str) -> None:
        with pytest.raises(SchemaError, match=r"x\.npy: expected pixels as uint8"):
            opened(tmp_path, np.zeros((2, 4, 4, 3), dtype))

    @pytest.mark.parametrize(
        "shape",
        [(), (5,), (5, 3), (5, 4, 4, 2), (5, 4, 4, 5), (5, 2, 4, 5), (1, 5, 4, 4, 3), (0, 4, 4, 3)],
    )
    def test_other_shapes(self, tmp_path: Path, shape: tuple[int, ...]) -> None:
        with pytest.raises(SchemaError, match=r"x\.npy: expected images"):
            opened(tmp_path, np.zeros(shape, np.uint8))

    def test_objects_are_not_loaded(self, tmp_path: Path, bomb: Bomb) -> None:
        with pytest.raises(FileError, match="expected numbers, found pickled objects"):
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
            pictures_in(Source.open(str(tmp_path / "x.npy")))
        assert isinstance(caught.value, FileError | SchemaError)

    @pytest.mark.parametrize("is_fortran", [False, True])
    @pytest.mark.parametrize("left", [8, 60, 130, 480])
    def test_truncated(self, tmp_path: Path, pictures: Array, left: int, is_fortran: bool) -> None:
        array = np.asfortranarray(pictures) if is_fortran else pictures
        source = saved(tmp_path, array)
        source.path.write_bytes(source.path.read_bytes()[:left])
        with pytest.raises(FileError, match=r"x\.npy: "):
            pictures_in(source)
