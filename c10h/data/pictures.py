"""One picture file (PNG, JPEG, WebP) as an array of bytes. Runs in worker processes."""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from c10h.records import Array

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
FORMATS = ("PNG", "JPEG", "WEBP")
# A picture file larger than this is refused before it is read.
MOST_BYTES = 1 << 28
# As many as a picture may have, for what a small file can claim to be.
MOST_PIXELS = 1 << 27
# Modes of Pillow that have 16 bits a pixel.
DEEP = ("I;16", "I;16L", "I;16B", "I;16N")


@dataclass(frozen=True)
class Picture:
    """What became of one file.

    shape: its (h, w, 3); () where the file is bad, and ``why``. sha256: of the file's bytes.
    was: what it was before it became RGB of 8 bits ("grey", "16-bit"), "" if it was that.
    """

    shape: tuple[int, ...] = ()
    sha256: str = ""
    was: str = ""
    why: str = ""


def read_pictures(files: Sequence[bytes | str], side: int | None) -> tuple[list[Picture], bytes]:
    """Decode files, given as their bytes or where they are, and the bytes of all good ones.

    side: what they are resized to, if not None.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what matters is an error here
        pictures, pixels = zip(*(_read_picture(file, side) for file in files), strict=True)
    return list(pictures), b"".join(pixels)


def _read_picture(file: bytes | str, side: int | None) -> tuple[Picture, bytes]:
    digest = ""
    try:
        if isinstance(file, str):
            with open(file, "rb") as stream:
                if os.fstat(stream.fileno()).st_size > MOST_BYTES:
                    raise ValueError(f"larger than {MOST_BYTES >> 20} MB")
                data = stream.read()
        else:
            data = file
        digest = hashlib.sha256(data).hexdigest()
        pixels, was = decode(data, side)
        return Picture(pixels.shape, digest, was), pixels.tobytes()
    # Pillow's decoders raise whatever a broken file leads them to.
    except Exception as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        return Picture((), digest, why=why), b""


def decode(data: bytes, side: int | None = None) -> tuple[Array, str]:
    """A picture as uint8 (h, w, 3), and what it was if not RGB of 8 bits.

    Grey, palette and CMYK become RGB, 16 bits a pixel become 8 (by a division by 257, rounded), and
    a photograph is turned as its EXIF orientation says, as people see it. side: the picture is
    resized to side x side by a box filter, not keeping its proportions, as CINIC-10 was (Darlow et
    al. 2018, section 2). Raises ValueError for a picture that is partly transparent, since what
    shows through is not known, for other numbers and for too many pixels; Pillow's errors for a
    broken one.
    """
    opened = Image.open(io.BytesIO(data), formats=FORMATS)
    if opened.width * opened.height > MOST_PIXELS:
        raise ValueError(f"{opened.width} x {opened.height} pixels, over {MOST_PIXELS:,}")
    opened.load()
    turned = ImageOps.exif_transpose(opened) if "exif" in opened.info else opened
    picture, was = _to_rgb(turned)
    if side is not None and picture.size != (side, side):
        picture = picture.resize((side, side), Image.Resampling.BOX)
    pixels = np.frombuffer(picture.tobytes(), np.uint8)
    return pixels.reshape(picture.height, picture.width, 3), was


def _to_rgb(picture: Image.Image) -> tuple[Image.Image, str]:
    if picture.mode == "RGB" and "transparency" not in picture.info:
        return picture, ""
    if picture.mode in DEEP:
        values = np.asarray(picture, dtype=np.uint32)
        bytes_ = ((values + 128) // 257).astype(np.uint8)
        return Image.fromarray(bytes_).convert("RGB"), "16-bit"
    if picture.mode in ("I", "F"):
        raise ValueError(f"expected 8 or 16 bits a pixel, found Pillow's mode {picture.mode}")
    if picture.has_transparency_data:
        alpha = picture.convert("RGBA").getchannel("A")
        low, _ = alpha.getextrema()
        if isinstance(low, (int, float)) and low < 255:
            raise ValueError("expected an opaque picture, found one that is partly transparent")
    names = {"L": "grey", "1": "grey", "LA": "grey", "La": "grey", "P": "palette", "CMYK": "CMYK"}
    return picture.convert("RGB"), names.get(picture.mode, picture.mode)
