"""Chunks of datasets: what HDF5 reads is what was written, whatever the shape."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from test_records import CLASSES

from c10h import h5
from c10h.records import Images, Labels, Predictions

SHAPES = [
    (1, 32, 32, 3),
    (7, 33, 31, 3),
    (85, 32, 32, 3),  # a chunk has 85 pictures
    (86, 32, 32, 3),
    (1000, 17, 5, 3),
    (3, 300, 301, 3),  # larger than a chunk
    (2, 600, 512, 3),
]


class TestChunks:
    """Chunks are compressed here, not by HDF5, which must read them all the same."""

    def images(self, random: np.random.Generator, shape: tuple[int, ...], kind: str) -> Any:
        if kind == "noise":
            return random.integers(0, 256, shape, dtype=np.uint8)
        half = np.full(shape, 7, np.uint8)
        half[: shape[0] // 2] = self.images(random, shape, "noise")[: shape[0] // 2]
        return half if kind == "half" else np.zeros(shape, np.uint8)

    @pytest.mark.parametrize("kind", ["noise", "half", "zeros"])
    @pytest.mark.parametrize("shape", SHAPES)
    def test_images(
        self, tmp_path: Path, random: np.random.Generator, shape: tuple[int, ...], kind: str
    ) -> None:
        pixels = self.images(random, shape, kind)
        for name in ("x.h5", "y.h5"):
            h5.write(Images(classes=CLASSES, images=pixels), str(tmp_path / name))
        assert (tmp_path / "x.h5").read_bytes() == (tmp_path / "y.h5").read_bytes()
        with h5py.File(tmp_path / "x.h5") as file:
            np.testing.assert_array_equal(file["images"][...], pixels, strict=True)
            row = shape[0] // 2
            np.testing.assert_array_equal(file["images"][row, 3:9, 2:5], pixels[row, 3:9, 2:5])
        size = (tmp_path / "x.h5").stat().st_size
        assert size < (0.02 if kind == "zeros" else 1.02) * pixels.nbytes + 20_000

    @pytest.mark.parametrize("items", [1, 511, 32_768, 32_769, 100_003])
    @pytest.mark.parametrize("classes", [2, 3, 1000])
    def test_probabilities_and_votes(
        self, tmp_path: Path, random: np.random.Generator, items: int, classes: int
    ) -> None:
        items = items if classes < 1000 else items // 100 + 1
        votes = random.integers(1, 60, (items, classes), dtype=np.int32)
        probs = votes / votes.sum(axis=1, keepdims=True)
        names = tuple(map(str, range(classes)))
        h5.write(Labels(classes=names, probs=probs, counts=votes), str(tmp_path / "x.h5"))
        with h5py.File(tmp_path / "x.h5") as file:
            np.testing.assert_array_equal(file["probs"][...], probs, strict=True)
            np.testing.assert_array_equal(file["counts"][...], votes, strict=True)

    @pytest.mark.parametrize(("members", "items"), [(1, 50_000), (3, 21_846), (2, 5)])
    def test_logits_of_members_and_names(
        self, tmp_path: Path, random: np.random.Generator, members: int, items: int
    ) -> None:
        logits = random.normal(size=(members, items, 3)).astype("f4")
        ids = np.array([f"naïve 猫 {number}" for number in range(items)])
        member = np.array([str(number) for number in range(members)])
        record = Predictions(classes=CLASSES, logits=logits, member=member, ids=ids)
        h5.write(record, str(tmp_path / "x.h5"))
        with h5py.File(tmp_path / "x.h5") as file:
            np.testing.assert_array_equal(file["logits"][...], logits, strict=True)
            assert file["ids"].asstr()[...].tolist() == ids.tolist()

    def test_several_blocks(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, random: np.random.Generator
    ) -> None:
        monkeypatch.setattr(h5, "BLOCK_BYTES", 1_000_000)
        pixels = random.integers(0, 256, (2000, 32, 32, 3), dtype=np.uint8)
        done: list[int] = []
        h5.write(Images(classes=CLASSES, images=pixels), str(tmp_path / "x.h5"), done.append)
        assert len(done) > 5
        assert sum(done) == 2000
        with h5py.File(tmp_path / "x.h5") as file:
            np.testing.assert_array_equal(file["images"][...], pixels, strict=True)

    @pytest.mark.parametrize("dtype", ["<f8", ">f8"])
    def test_bytes_are_as_hdf5_would_have_them(
        self, tmp_path: Path, random: np.random.Generator, dtype: str
    ) -> None:
        """The filters of HDF5, applied by itself, leave the same bytes to be compressed."""
        values = (random.integers(0, 9, (9000, 3)) / 4).astype(dtype)
        record = Labels(classes=CLASSES, probs=values, counts=values.astype("i4"))
        h5.write(record, str(tmp_path / "x.h5"))
        with h5py.File(tmp_path / "x.h5") as file, h5py.File(tmp_path / "y.h5", "w") as other:
            for name in ("probs", "counts"):
                ours = file[name]
                other.create_dataset(
                    name,
                    data=ours[...],
                    chunks=ours.chunks,
                    compression="gzip",
                    compression_opts=ours.compression_opts,
                    shuffle=ours.shuffle,
                )
                found, wanted = (
                    zlib.decompress(one.id.read_direct_chunk((0, 0))[1])
                    for one in (ours, other[name])
                )
                assert found == wanted

    def test_what_compresses_badly_is_stored(
        self, tmp_path: Path, random: np.random.Generator
    ) -> None:
        """Level 0 of zlib, which has 5 bytes for each 65,535 or fewer and 6 about them all."""
        pixels = random.integers(0, 256, (85, 32, 32, 3), dtype=np.uint8)
        h5.write(Images(classes=CLASSES, images=pixels), str(tmp_path / "x.h5"))
        with h5py.File(tmp_path / "x.h5") as file:
            stored = file["images"].id.get_chunk_info(0).size
            assert pixels.nbytes < stored < pixels.nbytes + 200
