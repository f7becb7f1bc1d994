"""One picture file (PNG, JPEG, ...) as pixels. Runs in worker processes, so it imports little."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError, features

# What Pillow may decode, by its names, and how files of each usually end.
ENDINGS = {
    "PNG": (".png",),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "WEBP": (".webp",),
    "BMP": (".bmp",),
    "TIFF": (".tif", ".tiff"),
    "GIF": (".gif",),
    "PPM": (".ppm", ".pgm", ".pbm"),
    **({"AVIF": (".avif",)} if features.check("avif") else {}),
}
FORMATS = tuple(ENDINGS)
SUFFIXES = tuple(suffix for suffixes in ENDINGS.values() for suffix in suffixes)
# For messages.
FORMS = f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
# A larger file is no picture.
MOST_BYTES = 1 << 26
# As many as a picture may have: a small file can claim to be a huge one.
MOST_PIXELS = 1 << 26
# Modes of Pillow that have 16 bits a pixel, and what others are called.
DEEP = ("I;16", "I;16L", "I;16B", "I;16N", "I")
NAMES = {"L": "grey", "1": "grey", "LA": "grey", "P": "palette", "PA": "palette"}

# Numbers of EXIF and TIFF: the tag of the orientation, its values that turn a picture, and the
# tag of the bits of each sample.
ORIENTATION, TURNING, BITS = 0x0112, range(2, 9), 258
# What is special about a picture beside what it was before it became RGB.
TURNED, ANIMATED, SEVERAL = "turned", "animated", "several"


@dataclass(frozen=True, slots=True)
class Picture:
    """What became of one file.

    shape: its (h, w, 3); () where the file is bad, and ``why``. kinds: what it was before it became
    RGB of 8 bits ("grey", "16-bit"), if it was not that, and TURNED, ANIMATED, SEVERAL if it was
    turned, was an animation, or one of several pictures in its file. sha256: of a file that was
    read by path.
    """

    shape: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    why: str = ""
    sha256: str = ""


def is_picture_file(head: bytes) -> bool:
    """Whether the first 16 bytes of a file are those of a picture."""
    begins = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*")
    return head.startswith(begins) or head[8:12] == b"WEBP" or head[4:12] == b"ftypavif"


def read_pictures(
    files: Sequence[bytes | str | None], side: int | None, shape: tuple[int, ...] = ()
) -> tuple[list[Picture], bytes]:
    """Decode files, and the pixels of the good ones, one after another.

    files: the bytes of each, or where it is, or None for one that is larger than MOST_BYTES.
    side: what pictures are resized to. shape: the pixels of pictures of another shape are not
    returned; () takes any.
    """
    pictures, pixels = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what matters is an error here
        for file in files:
            picture, content = _read_picture(file, side)
            pictures.append(picture)
            if picture.shape == shape or not shape:
                pixels.append(content)
    return pictures, b"".join(pixels)


def decode(
    data: bytes, side: int | None = None
) -> tuple[tuple[int, int, int], bytes, tuple[str, ...]]:
    """A picture's shape (h, w, 3), its pixels, and its kinds as in :class:`Picture`.

    Grey, palette and CMYK become RGB. Of 16 bits a pixel grey is divided by 257 and rounded; of
    colour Pillow takes the upper 8 bits. A photograph is turned as its EXIF orientation says, as
    people see it. Of an animation, or a file of several pictures, the first is taken. side: the
    picture is resized to side x side by a box filter, not keeping its proportions, as CINIC-10 was
    (Darlow et al. 2018, section 2). Raises ValueError for a picture that is partly transparent,
    since what shows through is not known, for other numbers and for too many pixels; Pillow's
    errors for a broken one.
    """
    picture: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
    if picture.width * picture.height > MOST_PIXELS:
        raise ValueError(f"{picture.width} x {picture.height} pixels, over {MOST_PIXELS:,}")
    if picture.format == "PNG":
        # Pillow looks at the checksums of pixels only where it is asked to.
        Image.open(io.BytesIO(data), formats=("PNG",)).verify()
    form, is_deep, kinds = picture.format, _has_16_bits(picture, data), []
    if getattr(picture, "is_animated", False):
        kinds.append(SEVERAL if form in ("TIFF", "MPO") else ANIMATED)
    if "exif" in picture.info or form == "TIFF":  # Pillow turns a TIFF when it loads it
        if picture.getexif().get(ORIENTATION, 1) in TURNING:
            kinds.append(TURNED)
        picture = ImageOps.exif_transpose(picture)
    picture, was = _to_rgb(picture, is_deep=is_deep)
    if side is not None and picture.size != (side, side):
        picture = picture.resize((side, side), Image.Resampling.BOX)
    if was:
        kinds.append(was)
    return (picture.height, picture.width, 3), picture.tobytes(), tuple(kinds)


def _has_16_bits(picture: Image.Image, data: bytes) -> bool:
    """Whether a picture that was opened, but not loaded, has 16 bits a sample."""
    if picture.format == "PNG":
        return data[24] == 16  # the header's bit depth
    if picture.format == "TIFF":
        # Numbers with a sign have the mode I.
        return picture.mode != "I" and 16 in getattr(picture, "tag_v2", {}).get(BITS, ())
    if picture.format == "PPM":  # Pillow scales 9 to 16 bits of grey to 16, of colour to 8
        args = getattr(picture, "tile", [("", (), 0, "")])[0][3]
        return picture.mode == "I" or (isinstance(args, tuple) and args[-1] > 255)
    return False


def _read_picture(file: bytes | str | None, side: int | None) -> tuple[Picture, bytes]:
    digest = ""
    try:
        data = _content(file) if isinstance(file, str) else file
        if data is None:
            raise ValueError(f"larger than {MOST_BYTES >> 20} MB")
        digest = hashlib.sha256(data).hexdigest() if isinstance(file, str) else ""
        shape, pixels, kinds = decode(data, side)
        return Picture(shape, kinds, sha256=digest), pixels
    # Pillow's decoders raise whatever a broken file leads them to.
    except Exception as error:
        return Picture(why=_why(error), sha256=digest), b""


def _content(path: str) -> bytes | None:
    """A file's bytes, None for a large one. Raises ValueError for a pipe or device."""
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("not a plain file")
    if status.st_size > MOST_BYTES:
        return None
    with open(path, "rb", buffering=0) as stream:
        return stream.read()


def _why(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return f"not a {FORMS} image"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return (str(error).splitlines() or [type(error).__name__])[0]


def _to_rgb(picture: Image.Image, *, is_deep: bool) -> tuple[Image.Image, str]:
    """The picture as RGB, and what it was; "" if it was that. Raises ValueError."""
    picture.load()
    if picture.mode in DEEP and is_deep:
        return _to_8_bits(picture).convert("RGB"), "16-bit"
    if picture.mode in (*DEEP, "F"):
        raise ValueError(f"expected 8 or 16 bits per channel, found Pillow's mode {picture.mode}")
    if picture.mode == "RGB" and "transparency" not in picture.info:
        return picture, "16-bit" if is_deep else ""
    if picture.has_transparency_data:
        extremes = picture.convert("RGBA").getchannel("A").getextrema()
        _refuse_transparency(extremes[0] != 255)
    return picture.convert("RGB"), "16-bit" if is_deep else NAMES.get(picture.mode, picture.mode)


def _to_8_bits(picture: Image.Image) -> Image.Image:
    import numpy as np

    values = np.asarray(picture, dtype=np.uint16)
    _refuse_transparency(bool((values == picture.info.get("transparency", -1)).any()))
    table = ((np.arange(1 << 16) + 128) // 257).astype(np.uint8)
    return Image.fromarray(table[values])


def _refuse_transparency(is_transparent: bool) -> None:
    if is_transparent:
        raise ValueError("expected an opaque image, found a partly transparent one")
