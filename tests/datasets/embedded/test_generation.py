"""The embedded sets: the same everywhere, and drawn from the p(y|x) that they tell."""

from __future__ import annotations

import hashlib
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from c10h import h5
from c10h.datasets.cache import open_input
from c10h.datasets.catalogue import CATALOGUE
from c10h.datasets.embedded.drawings import DRAW, KINDS, NAMES
from c10h.datasets.embedded.generation import SETTINGS, SyntheticSet, make, share_of_second
from c10h.datasets.embedded.rendering import PALETTES, Random
from c10h.datasets.embedded.simulated_annotators import CHECKS, TRIALS, judge
from c10h.records import Images, Labels, Predictions

# A change of these is a new version of the set: CATALOGUE has its number.
DIGESTS = {
    "synthetic": (
        2,
        "e2c3d754be0fa80af8d56dc06dbb408a11497cc245c4465a97c714a3b6ea85be",
        "b690bba170e980a272960ba74bd6a198f82f9a6720ff26f809f61ec0f14e7b31",
    ),
    "synthetic-far": (
        2,
        "662635f25ffb4746bb7d8cd0ea50479ec695ea00fd1ab37f6a9758d7efd4068c",
        "a18b6ac9b6bc4ee1377f6b22b91ecc010a9662c5b81ffe6b4c9c0ae2ba94c6ee",
    ),
}


@pytest.fixture(scope="module", params=list(SETTINGS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def made(name: str) -> SyntheticSet:
    return make(SETTINGS[name])


def test_it_is_the_same_on_every_machine(name: str, made: SyntheticSet) -> None:
    version, images, trials = DIGESTS[name]
    assert CATALOGUE[name].version == version
    assert hashlib.sha256(made.images.tobytes()).hexdigest() == images
    table = made.judgments.to_csv(NAMES).encode()
    assert hashlib.sha256(table).hexdigest() == trials


def test_every_category_is_drawn() -> None:
    assert {end for ends in KINDS.values() for end in ends} == set(NAMES)
    assert set(KINDS) == set(DRAW) == set(PALETTES)


def test_shares_are_those_of_a_beta_distribution() -> None:
    """The integral of the Beta(3, 3) density is the step 6u⁵ - 15u⁴ + 10u³."""
    grade = np.linspace(0, 1, 101)
    expected = stats.beta(3, 3).cdf((grade - 0.5) / 0.7 + 0.5)
    np.testing.assert_allclose(share_of_second(grade), expected, atol=1e-12)


def test_probabilities(made: SyntheticSet, name: str) -> None:
    size = SETTINGS[name].size
    assert made.images.shape == (size, 32, 32, 3)
    assert made.images.dtype == np.uint8
    np.testing.assert_allclose(made.probs.sum(axis=1), 1, atol=1e-15)
    assert (made.probs[np.arange(size), made.truth] > 0).all()
    for number, ends in enumerate(KINDS.values()):
        mine = made.probs[made.kind == number]
        others = [index for index, one in enumerate(NAMES) if one not in ends]
        assert not mine[:, others].any()
    counts = np.bincount(made.truth, minlength=10)
    assert np.abs(counts / size - 0.1).max() < 0.012


def test_truth_is_drawn_from_them(made: SyntheticSet) -> None:
    """Hosmer and Lemeshow's test: expected and found numbers in ten groups of equal size."""
    doubtful = made.probs.max(axis=1) < 1
    second = [NAMES.index(ends[1]) for ends in KINDS.values()]
    chosen = np.array(second)[made.kind[doubtful]]
    p = made.probs[doubtful, chosen]
    is_second = made.truth[doubtful] == chosen
    groups = np.array_split(np.argsort(p), 10)
    squares = sum(
        (is_second[one].sum() - p[one].sum()) ** 2 / (p[one] * (1 - p[one])).sum() for one in groups
    )
    assert stats.chi2(10).sf(squares) > 0.001


class TestPeople:
    def test_everyone_judges_as_many_and_no_item_twice(self, made: SyntheticSet, name: str) -> None:
        judged = made.judgments
        normal = judged.check == 0
        people = np.unique(judged.annotator)
        assert (np.bincount(judged.annotator[normal]) == TRIALS).all()
        assert (np.bincount(judged.annotator[~normal]) == CHECKS).all()
        pairs = np.stack([judged.annotator[normal], judged.item[normal]])
        assert np.unique(pairs, axis=1).shape[1] == pairs.shape[1] == len(people) * TRIALS
        assert (np.bincount(judged.item[normal]) == SETTINGS[name].votes).all()
        assert (judged.item[~normal] == -1).all()
        np.testing.assert_array_equal(judged.true_label[normal], made.truth[judged.item[normal]])

    def test_most_follow_the_true_probabilities(self, made: SyntheticSet) -> None:
        judged = made.judgments
        checks = judged.check == 1
        passed = np.bincount(
            judged.annotator[checks], judged.label[checks] == judged.true_label[checks]
        )
        careful = passed >= 8
        assert 0.02 <= 1 - careful.mean() <= 0.06
        counts = (judged.check == 0) & careful[judged.annotator]
        p = made.probs[judged.item[counts], judged.label[counts]]
        # An answer that p(y|x) has as impossible is a lapse, a glance or a bias.
        assert 0.01 < (p == 0).mean() < 0.06
        second = np.array([NAMES.index(ends[1]) for ends in KINDS.values()])[made.kind]
        is_second = judged.label[counts] == second[judged.item[counts]]
        share = made.probs[np.arange(len(second)), second][judged.item[counts]]
        for low, high in ((0.05, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 0.95)):
            here = (share > low) & (share < high)
            assert is_second[here].mean() == pytest.approx(share[here].mean(), abs=0.05)

    def test_doubt_takes_time(self, made: SyntheticSet) -> None:
        judged = made.judgments
        normal = judged.check == 0
        certain = made.probs.max(axis=1)[judged.item] == 1
        assert judged.rt.min() >= 150
        slow, fast = (np.median(judged.rt[normal & one]) for one in (~certain, certain))
        assert slow > 1.2 * fast

    def test_votes_that_do_not_divide(self) -> None:
        with pytest.raises(ValueError, match="7 items with 20 votes do not divide by 200"):
            judge(np.zeros(7), np.zeros((7, 2), int), np.zeros(7, int), lambda g: g, 20, Random(0))


class TestFiles:
    def test_labels_are_what_the_command_builds(self, name: str, tmp_path: Path) -> None:
        output = tmp_path / "labels.h5"
        command = [sys.executable, "-m", "c10h", "labels", "build", name, "-o", str(output)]
        subprocess.run(command, check=True, capture_output=True)
        built, known = (
            h5.read(one, Labels) for one in (open_input(str(output)), open_input(name, "labels"))
        )
        assert isinstance(built, Labels)
        assert isinstance(known, Labels)
        assert built.classes == known.classes == NAMES
        for field in ("counts", "probs", "truth"):
            np.testing.assert_array_equal(getattr(built, field)[:], getattr(known, field)[:])
        assert built.lineage is not None
        assert known.lineage is not None
        assert built.lineage.inputs == known.lineage.inputs
        assert built.lineage.excluded == known.lineage.excluded

    def test_images_and_predictions(self, name: str, made: SyntheticSet) -> None:
        images = h5.read(open_input(name, "images"), Images)
        ideal = h5.read(open_input(name, "predictions"), Predictions)
        assert isinstance(images, Images)
        assert isinstance(ideal, Predictions)
        np.testing.assert_array_equal(images.images[0:], made.images)
        np.testing.assert_array_equal(images.truth, made.truth)
        np.testing.assert_array_equal(ideal.truth, made.truth)
        np.testing.assert_allclose(np.exp(ideal.logits[0, 0:]), made.probs, atol=1e-6)
        assert images.lineage is not None
        assert images.lineage.seed == SETTINGS[name].seed

    def test_a_cache_that_cannot_be_written(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("C10H_CACHE", str(tmp_path / "file"))
        source = open_input("synthetic-far", "labels")
        assert source.name == "synthetic-far-labels.h5"
        assert isinstance(h5.read(source), Labels)
        assert stat.S_ISREG(source.path.stat().st_mode)

    def test_it_leaves_no_temporary_files(self, tmp_path: Path) -> None:
        (tmp_path / "tmp").mkdir()
        code = "from c10h.datasets.cache import open_input; open_input('synthetic-far', 'labels')"
        environment = {"C10H_CACHE": "/dev/null/x", "TMPDIR": str(tmp_path / "tmp")}
        subprocess.run([sys.executable, "-c", code], env=environment, check=True)
        assert list((tmp_path / "tmp").iterdir()) == []
