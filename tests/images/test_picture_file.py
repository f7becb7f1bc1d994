"""One picture file as pixels, against Pillow and against hand computation."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from c10h.images.picture_file import (
    FORMATS,
    MOST_BYTES,
    MOST_PIXELS,
    SUFFIXES,
    decode,
    is_picture_file,
    read_pictures,
)
from c10h.records import Array


def encoded(picture: Image.Image | Array, form: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    one = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    one.save(stream, form, **options)
    return stream.getvalue()


def pixels_of(data: bytes, side: int | None = None) -> Array:
    shape, pixels, _ = decode(data, side)
    return np.frombuffer(pixels, np.uint8).reshape(shape)


def was(data: bytes) -> str:
    """What a picture was before it became RGB, and whatever else was special about it."""
    return " ".join(decode(data)[2])


def png(depth: int, colour: int, size: tuple[int, int], rows: bytes, *more: bytes) -> bytes:
    """A PNG by its specification. rows: with a 0 before each. more: chunks before the pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        total = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", total)

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, 0))
    middle = b"".join(chunk(one[:4], one[4:]) for one in more)
    body = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + middle + body


def tiff(bits: int, form: int) -> bytes:
    """A grey TIFF of 2 x 1 pixels by its specification, whose bytes are nothing but 1."""
    tags = {256: 2, 257: 1, 258: bits, 259: 1, 262: 1, 273: 8, 277: 1, 278: 1, 279: 8, 339: form}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return b"II*\0" + struct.pack("<I", 16) + b"\1" * 8 + struct.pack("<H", 10) + entries + bytes(4)


@pytest.fixture
def colours(random: np.random.Generator) -> Array:
    return random.integers(0, 256, (6, 9, 3), dtype=np.uint8)


class TestForms:
    @pytest.mark.parametrize(
        ("form", "options"),
        [("PNG", {}), ("WEBP", {"lossless": True}), ("JPEG", {"quality": 90}), ("WEBP", {})],
    )
    def test_as_pillow_decodes(self, colours: Array, form: str, options: dict[str, Any]) -> None:
        data = encoded(colours, form, **options)
        wanted = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        np.testing.assert_array_equal(pixels_of(data), wanted, strict=True)
        assert was(data) == ""

    @pytest.mark.parametrize("form", ["PNG", "WEBP", "BMP", "TIFF", "PPM"])
    def test_lossless_forms_give_what_was_saved(self, colours: Array, form: str) -> None:
        data = encoded(colours, form, **({"lossless": True} if form == "WEBP" else {}))
        np.testing.assert_array_equal(pixels_of(data), colours, strict=True)
        assert was(data) == ""

    @pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate", "packbits"])
    def test_compressed_tiffs(self, colours: Array, compression: str) -> None:
        data = encoded(colours, "TIFF", compression=compression)
        np.testing.assert_array_equal(pixels_of(data), colours, strict=True)

    def test_gif(self, colours: Array) -> None:
        """54 colours at most, so that its palette has them all."""
        data = encoded(colours, "GIF")
        np.testing.assert_array_equal(pixels_of(data), colours, strict=True)
        assert was(data) == "palette"

    @pytest.mark.skipif("AVIF" not in FORMATS, reason="this Pillow reads no AVIF")
    def test_avif(self, colours: Array) -> None:
        data = encoded(colours, "AVIF")
        wanted = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        np.testing.assert_array_equal(pixels_of(data), wanted, strict=True)

    @pytest.mark.parametrize("text", [b"P3 2 1 255 1 2 3 4 5 6", b"P6 2 1 255\n\1\2\3\4\5\6"])
    def test_ppm_by_hand(self, text: bytes) -> None:
        assert pixels_of(text).tolist() == [[[1, 2, 3], [4, 5, 6]]]

    def test_pbm_by_hand(self) -> None:
        """1 is black."""
        data = b"P1 3 1 1 0 1"
        assert pixels_of(data)[..., 0].tolist() == [[0, 255, 0]]
        assert was(data) == "grey"

    @pytest.mark.parametrize("form", ["ICO", "TGA", "PCX", "SGI", "JPEG2000", "EPS", "PDF"])
    def test_no_other_form_whatever_the_file_is_called(
        self, tmp_path: Path, colours: Array, form: str
    ) -> None:
        (tmp_path / "x.png").write_bytes(encoded(colours, form))
        (found,), pixels = read_pictures([str(tmp_path / "x.png")], None)
        assert (found.shape, pixels) == ((), b"")
        assert found.why.startswith("no PNG, JPEG, WEBP, BMP, TIFF, GIF")

    def test_endings_are_those_of_pillow(self) -> None:
        Image.init()
        assert {Image.EXTENSION[suffix] for suffix in SUFFIXES} == set(FORMATS)

    @pytest.mark.parametrize("form", [form for form in FORMATS if form != "PPM"])
    def test_known_by_its_first_bytes(self, colours: Array, form: str) -> None:
        assert is_picture_file(encoded(colours, form)[:16])
        assert not is_picture_file(b"file,label\n0.png")


class TestSeveralPictures:
    @pytest.mark.parametrize(
        ("form", "kind"),
        [
            ("GIF", "animated palette"),
            ("PNG", "animated"),
            ("WEBP", "animated"),
            ("TIFF", "several"),
            ("MPO", "several"),
        ],
    )
    def test_the_first_is_taken(self, random: np.random.Generator, form: str, kind: str) -> None:
        frames = [
            Image.fromarray(random.integers(0, 256, (6, 9, 3), dtype=np.uint8)) for _ in range(3)
        ]
        more = {"lossless": True} if form == "WEBP" else {}
        data = encoded(frames[0], form, save_all=True, append_images=frames[1:], **more)
        assert was(data) == kind
        if form != "MPO":
            np.testing.assert_array_equal(pixels_of(data), np.asarray(frames[0]))
        alone = encoded(frames[0], form, save_all=True, **more)
        assert was(alone) in ("", "palette")


class TestOtherColours:
    def test_grey(self, colours: Array) -> None:
        grey = colours[..., 0]
        for data in (encoded(grey), encoded(grey, "JPEG")):
            assert was(data) == "grey"
            found = pixels_of(data)
            assert (found == found[..., :1]).all()
        np.testing.assert_array_equal(pixels_of(encoded(grey))[..., 0], grey)

    def test_black_and_white(self) -> None:
        found = pixels_of(encoded(Image.fromarray(np.eye(5, dtype=bool))))
        np.testing.assert_array_equal(found[..., 1], np.eye(5) * 255)

    def test_a_palette(self, colours: Array) -> None:
        picture = Image.fromarray(colours).quantize(16)
        assert was(encoded(picture)) == "palette"
        wanted = np.asarray(picture.convert("RGB"))
        np.testing.assert_array_equal(pixels_of(encoded(picture)), wanted)

    def test_cmyk(self, colours: Array) -> None:
        data = encoded(Image.fromarray(colours).convert("CMYK"), "JPEG", quality=95)
        assert was(data) == "CMYK"
        wanted = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        np.testing.assert_array_equal(pixels_of(data), wanted)

    def test_grey_of_16_bits_is_rounded_to_8(self) -> None:
        values = np.array([[0, 128, 129, 256, 257, 385, 386, 32896, 65406, 65407, 65535]])
        data = encoded(Image.fromarray(values.astype(np.uint16)))
        assert was(data) == "16-bit"
        wanted = np.floor(values / 257 + 0.5)  # 65535 is 255, 0 is 0
        np.testing.assert_array_equal(pixels_of(data)[..., 2], wanted)

    @pytest.mark.parametrize("form", ["TIFF", "PPM"])
    def test_grey_of_16_bits_in_other_forms(self, random: np.random.Generator, form: str) -> None:
        values = random.integers(0, 1 << 16, (4, 5), dtype=np.uint16)
        data = encoded(Image.fromarray(values), form)
        assert was(data) == "16-bit"
        np.testing.assert_array_equal(pixels_of(data)[..., 1], np.floor(values / 257 + 0.5))

    def test_grey_of_10_bits_is_scaled(self) -> None:
        data = b"P5 3 1 1023\n" + np.array([0, 512, 1023], ">u2").tobytes()
        assert was(data) == "16-bit"
        assert pixels_of(data)[0, :, 0].tolist() == [0, 128, 255]

    def test_colour_of_16_bits_as_ppm(self) -> None:
        data = b"P6 1 1 65535\n" + np.array([0, 32896, 65535], ">u2").tobytes()
        assert was(data) == "16-bit"
        assert pixels_of(data).tolist() == [[[0, 128, 255]]]

    @pytest.mark.parametrize(
        ("bits", "form", "mode"),
        [(12, 1, "I;16"), (16, 2, "I"), (32, 1, "I"), (32, 3, "F")],
    )
    def test_other_numbers_in_tiffs(self, bits: int, form: int, mode: str) -> None:
        """12 bits, numbers with a sign, whole and broken ones of 32 bits."""
        with pytest.raises(ValueError, match=f"expected 8 or 16 bits .* mode {mode}"):
            decode(tiff(bits, form))

    def test_colour_of_16_bits_keeps_its_upper_8(self) -> None:
        row = np.array([[1, 255, 256], [511, 512, 65535]], dtype=">u2").tobytes()
        data = png(16, 2, (2, 1), b"\0" + row)
        assert was(data) == "16-bit"
        assert pixels_of(data).tolist() == [[[0, 0, 1], [1, 2, 255]]]

    @pytest.mark.parametrize("form", ["PNG", "WEBP"])
    def test_an_opaque_alpha_channel_goes(self, colours: Array, form: str) -> None:
        opaque = np.dstack([colours, np.full(colours.shape[:2], 255, np.uint8)])
        data = encoded(opaque, form, lossless=True)
        np.testing.assert_array_equal(pixels_of(data), colours, strict=True)

    def test_16_bits_with_an_opaque_alpha_channel(self) -> None:
        data = png(16, 6, (1, 1), b"\0" + bytes([9, 0, 8, 0, 7, 0, 255, 255]))
        assert pixels_of(data).tolist() == [[[9, 8, 7]]]

    @pytest.mark.parametrize("alpha", [0, 254])
    @pytest.mark.parametrize("mode", ["RGBA", "LA"])
    def test_one_pixel_that_lets_through(self, colours: Array, mode: str, alpha: int) -> None:
        picture = Image.fromarray(colours).convert(mode)
        *point, _ = picture.getpixel((8, 5))  # type: ignore[misc]
        picture.putpixel((8, 5), (*point, alpha))
        with pytest.raises(ValueError, match="partly transparent"):
            decode(encoded(picture))

    @pytest.mark.parametrize(("key", "is_used"), [(7, True), (9, False)])
    @pytest.mark.parametrize(
        ("depth", "colour", "row", "form"),
        [(8, 0, "BB", ">H"), (16, 0, ">HH", ">H"), (8, 2, "BBBBBB", ">HHH"), (8, 3, "BB", None)],
    )
    def test_a_transparent_colour(
        self, depth: int, colour: int, row: str, form: str | None, key: int, is_used: bool
    ) -> None:
        rows = b"\0" + struct.pack(row, *([3, 7] if colour != 2 else [1, 2, 3, 7, 7, 7]))
        transparent = struct.pack(form, *[key] * (len(form) - 1)) if form else b"\xff" * key + b"\0"
        palette = [b"PLTE" + bytes(range(30))] if colour == 3 else []
        data = png(depth, colour, (2, 1), rows, *palette, b"tRNS" + transparent)
        if is_used:
            with pytest.raises(ValueError, match="partly transparent"):
                decode(data)
        else:
            assert pixels_of(data).shape == (1, 2, 3)

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_photographs_are_turned_as_exif_says(self, orientation: int) -> None:
        """The eight orientations of EXIF 2.3, by what is in the first row and column."""
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored = np.arange(6, dtype=np.uint8).reshape(2, 3) * 40
        shown = {
            1: stored,
            2: stored[:, ::-1],
            3: stored[::-1, ::-1],
            4: stored[::-1],
            5: stored.T,
            6: stored[::-1].T,
            7: stored[::-1, ::-1].T,
            8: stored[:, ::-1].T,
        }
        for form in ("PNG", "TIFF"):
            data = encoded(np.dstack([stored] * 3), form, exif=exif)
            np.testing.assert_array_equal(pixels_of(data)[..., 0], shown[orientation])
            assert was(data) == ("turned" if orientation > 1 else "")


class TestResize:
    @pytest.mark.parametrize("size", [(64, 64), (31, 47), (7, 5), (32, 90), (33, 32), (1, 1)])
    def test_as_pillows_box_filter(self, random: np.random.Generator, size: Any) -> None:
        picture = random.integers(0, 256, (*size, 3), dtype=np.uint8)
        wanted = Image.fromarray(picture).resize((32, 32), Image.Resampling.BOX)
        np.testing.assert_array_equal(pixels_of(encoded(picture), 32), np.asarray(wanted))

    @pytest.mark.parametrize("factor", [2, 3, 8])
    def test_means_of_blocks(self, random: np.random.Generator, factor: int) -> None:
        """Rows first, then columns, each rounded to whole numbers as Pillow does."""
        side = 8
        picture = random.integers(0, 256, (side * factor, side * factor, 3), dtype=np.uint8)
        across = picture.reshape(-1, side, factor, 3).mean(axis=2)
        across = np.floor(across + 0.5)
        wanted = np.floor(across.reshape(side, factor, side, 3).mean(axis=1) + 0.5)
        found = pixels_of(encoded(picture), side)
        np.testing.assert_array_equal(found, wanted)
        exact = picture.reshape(side, factor, side, factor, 3).mean(axis=(1, 3))
        assert np.abs(found - exact).max() <= 1

    def test_the_right_size_is_left_alone(self, colours: Array) -> None:
        np.testing.assert_array_equal(pixels_of(encoded(colours[:, :6]), 6), colours[:, :6])

    def test_16_bits_are_rounded_before_they_are_averaged(self) -> None:
        data = encoded(Image.fromarray(np.array([[129, 386]] * 2, dtype=np.uint16)))
        assert pixels_of(data, 1).tolist() == [[[2, 2, 2]]]  # of 1 and 2, a half is rounded up


class TestBroken:
    @pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "PPM"])
    @pytest.mark.parametrize("share", [0, 0.05, 0.5, 0.95])
    def test_a_truncated_file(self, random: np.random.Generator, form: str, share: float) -> None:
        data = encoded(random.integers(0, 256, (40, 40, 3), dtype=np.uint8), form)
        (found,), pixels = read_pictures([data[: int(len(data) * share)]], None)
        assert found.shape == ()
        assert found.why
        assert "0x" not in found.why
        assert pixels == b""

    def test_a_broken_one_among_others(self, colours: Array) -> None:
        data = encoded(colours)
        found, pixels = read_pictures([data, data[:60], data], None)
        assert [one.shape for one in found] == [(6, 9, 3), (), (6, 9, 3)]
        assert pixels == colours.tobytes() * 2

    def test_pixels_of_another_shape_are_not_returned(self, colours: Array) -> None:
        files = [encoded(colours), encoded(colours[:3]), encoded(colours)]
        found, pixels = read_pictures(files, None, (3, 9, 3))
        assert [one.shape for one in found] == [(6, 9, 3), (3, 9, 3), (6, 9, 3)]
        assert pixels == colours[:3].tobytes()

    def test_a_small_file_that_claims_to_be_huge(self) -> None:
        side = 1 + int(MOST_PIXELS**0.5)
        data = png(8, 2, (side, side), b"")
        with pytest.raises(ValueError, match=f"{side} x {side} pixels, over 67,108,864"):
            decode(data)

    def test_a_file_without_pixels_takes_no_memory(self) -> None:
        """A claim within bounds, of 200 MB of pixels that are not there, ends with an error."""
        (found,), _ = read_pictures([png(8, 2, (8000, 8000), b"")], None)
        assert found.shape == ()

    @pytest.mark.parametrize("size", [(0, 1), (1, 0), (1 << 31, 1 << 31)])
    def test_sizes_that_are_none(self, size: tuple[int, int]) -> None:
        (found,), _ = read_pictures([png(8, 2, size, b"")], None)
        assert found.shape == ()

    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "x.png")
        (found,), _ = read_pictures([str(tmp_path / "x.png")], None)
        assert found.why == "not a plain file"

    def test_no_file(self, tmp_path: Path) -> None:
        (found,), _ = read_pictures([str(tmp_path / "x.png")], None)
        assert found.why == "no such file or directory"

    def test_a_large_file_is_not_read(self, tmp_path: Path) -> None:
        with (tmp_path / "x.png").open("wb") as stream:
            stream.truncate(MOST_BYTES + 1)
        found, _ = read_pictures([str(tmp_path / "x.png"), None], None)
        assert [one.why for one in found] == ["larger than 64 MB"] * 2
        assert found[0].sha256 == ""


def test_the_hash_of_a_file(tmp_path: Path, colours: Array) -> None:
    data = encoded(colours)
    (tmp_path / "x.png").write_bytes(data)
    (found, other), _ = read_pictures([str(tmp_path / "x.png"), data], None)
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert other.sha256 == ""


def test_workers_need_no_numpy() -> None:
    code = (
        "import sys, c10h.images.picture_file; print('numpy' in sys.modules, 'h5py' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
