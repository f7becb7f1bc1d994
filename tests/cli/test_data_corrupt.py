"""``c10h data corrupt``: the same items, other pixels, and how they were made."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from edits import edited

from c10h import h5
from c10h.records import Images

from .conftest import Refuse, Run, read_file

SIZE = 300


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Images:
    """images.h5 in the working folder: 300 pictures with truth and ids."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    images = Images(
        classes=("cat", "dog"),
        images=random.integers(40, 200, (SIZE, 12, 12, 3), dtype=np.uint8),
        truth=np.arange(SIZE) % 3 - 1,
        ids=np.array([f"{number}.png" for number in range(SIZE)]),
    )
    h5.write(images, "images.h5")
    return images


def corrupt(c10h: Run, output: str, *options: object, given: str = "images.h5") -> Images:
    done = c10h(
        "data", "corrupt", given, "--kind", "gaussian_noise", "--severity", 2, *options,
        "-o", output,
    )  # fmt: skip
    assert done.status == 0, done.err
    assert done.out == ""
    return read_file(output, Images)


class TestWhatIsWritten:
    def test_truth_ids_and_classes_stay(self, images: Images, c10h: Run) -> None:
        noisy = corrupt(c10h, "noisy.h5")
        assert noisy.classes == images.classes
        np.testing.assert_array_equal(noisy.truth, images.truth)
        np.testing.assert_array_equal(noisy.ids, images.ids)
        spread = (noisy.images[0:SIZE].astype(float) - images.images[0:SIZE]).std()
        assert spread == pytest.approx(255 * 0.06, rel=0.02)

    def test_seeds(self, images: Images, c10h: Run) -> None:
        corrupt(c10h, "one.h5")
        corrupt(c10h, "same.h5", "--seed", 0)
        corrupt(c10h, "other.h5", "--seed", 1)
        assert Path("one.h5").read_bytes() == Path("same.h5").read_bytes()
        assert Path("one.h5").read_bytes() != Path("other.h5").read_bytes()

    def test_an_item_is_corrupted_alike_in_a_part_of_the_file(
        self, images: Images, c10h: Run
    ) -> None:
        rows = np.array([250, 3, 77])
        assert images.truth is not None
        assert images.ids is not None
        part = Images(
            classes=images.classes,
            images=images.images[0:SIZE][rows],
            truth=images.truth[rows],
            ids=images.ids[rows],
        )
        h5.write(part, "part.h5")
        whole = corrupt(c10h, "whole.h5").images[0:SIZE]
        few = corrupt(c10h, "few.h5", given="part.h5").images[0:3]
        np.testing.assert_array_equal(few, whole[rows])

    def test_through_a_pipe(self, images: Images, c10h: Run) -> None:
        corrupt(c10h, "noisy.h5")
        done = c10h(
            "data", "corrupt", "-", "--kind", "gaussian_noise", "--severity", 2, "-o", "-",
            stdin=Path("images.h5").read_bytes(),
        )  # fmt: skip
        assert done.status == 0, done.err
        Path("piped.h5").write_bytes(done.stdout)
        piped = read_file("piped.h5", Images).images[0:SIZE]
        np.testing.assert_array_equal(piped, read_file("noisy.h5", Images).images[0:SIZE])

    def test_a_data_set_by_name(self, images: Images, c10h: Run) -> None:
        far = corrupt(c10h, "far.h5", given="synthetic-far")
        assert far.images.shape == (2000, 32, 32, 3)


def test_the_lineage(images: Images, c10h: Run) -> None:
    """tests/cli/test_report_script.py makes the same bytes from it."""
    corrupt(c10h, "noisy.h5", "--seed", 5)
    shown = c10h("show", "noisy.h5").out
    assert "c10h data corrupt --kind gaussian_noise --severity 2" in shown
    assert "seed 5" in shown
    assert "images: images.h5" in shown


def hashes(images: Images) -> list[int]:
    """The first 64 bits of the SHA-256 of each image."""
    pixels = np.asarray(images.images[0 : images.images.shape[0]])
    return [int.from_bytes(sha256(one.tobytes()).digest()[:8], "big") for one in pixels]


class TestOriginals:
    def test_each_image_has_that_of_the_same_row(self, images: Images, c10h: Run) -> None:
        noisy = corrupt(c10h, "noisy.h5")
        assert noisy.original is not None
        assert noisy.original.dtype == np.uint64
        assert noisy.original.tolist() == hashes(images) != hashes(noisy)
        assert "original  uint64  n=300" in c10h("show", "noisy.h5").out
        assert "original" not in c10h("show", "images.h5").out

    def test_of_a_chain_it_is_the_first(self, images: Images, c10h: Run) -> None:
        corrupt(c10h, "once.h5")
        twice = corrupt(c10h, "twice.h5", "--seed", 1, given="once.h5")
        assert twice.original is not None
        assert twice.original.tolist() == hashes(images)

    def test_of_a_file_of_version_1(self, images: Images, c10h: Run) -> None:
        with edited("images.h5") as file:
            assert file.attrs["schema"] == 2
            file.attrs["schema"] = 1
        noisy = corrupt(c10h, "noisy.h5")
        assert noisy.original is not None
        assert noisy.original.tolist() == hashes(images)


class TestRefused:
    LINE = ("data", "corrupt", "images.h5", "-o", "new.h5")

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            (("--kind", "frost", "--severity", 1), "--kind"),
            (("--kind", "fogg", "--severity", 1), "fog"),
            (("--kind", "fog", "--severity", 6), "1<=x<=5"),
            (("--kind", "fog"), "--severity"),
            (("--severity", 1), "--kind"),
        ],
    )
    def test_options(
        self, images: Images, c10h: Run, options: tuple[object, ...], says: str
    ) -> None:
        result = c10h(*self.LINE, *options)
        assert result.status in (1, 2)
        assert says in result.err
        assert not Path("new.h5").exists()

    def test_inputs(self, images: Images, refuses: Refuse) -> None:
        options = ("--kind", "fog", "--severity", 1)
        Path("x.npy").write_bytes(b"\x93NUMPY")
        refuses("data", "corrupt", "x.npy", *options, "-o", "new.h5", says="c10h data import")
        refuses("data", "corrupt", "nothing.h5", *options, "-o", "new.h5", says="no such file")
        same = ("data", "corrupt", "images.h5", *options, "-o", "images.h5", "--force")
        refuses(*same, says="images.h5")
