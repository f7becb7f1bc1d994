"""Aggregation models against crowd-kit called directly on the same judgments."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from crowdkit.aggregation import GLAD, MACE, DawidSkene

from c10h.errors import InputError
from c10h.files import Source
from c10h.formats.judgments import open_judgments
from c10h.formats.known_column_names import Columns
from c10h.labels.judgment_filters import Filters
from c10h.labels.source_inputs import SourceInputs
from c10h.labels.sources import SOURCES, Takes
from c10h.labels.votes import Votes, count_votes
from c10h.records import Array, Labels

# crowd-kit 1.4.2 calls pandas in ways that pandas 3 will not always allow. The first filter is for
# releases of pandas in which that is a DeprecationWarning.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:crowdkit")

CLASSES = ("cat", "dog", "bird")
CHECKS = Columns("who", "what", "said", "check", "right")
MODELS = [name for name, source in SOURCES.items() if source.takes is Takes.JUDGMENTS]
GOOD, SPAMMERS, ITEMS = 6, 3, 18
Rows = Sequence[tuple[str, str, str]]
Built = dict[str, Labels]


@pytest.fixture(scope="module")
def rows() -> Rows:
    """Annotator, item and class: six who are mostly right, three who guess."""
    random = np.random.default_rng(1)
    found = []
    for item in range(ITEMS):
        for who in range(GOOD + SPAMMERS):
            if random.random() < 0.8:
                right = who < GOOD and random.random() < 0.9
                label = item % 3 if right else int(random.integers(3))
                found.append((f"w{who}", str(item), CLASSES[label]))
    return [found[place] for place in random.permutation(len(found))]


def votes_of(
    folder: Path, rows: Rows, classes: Sequence[str] = CLASSES, checks: Sequence[str] = ()
) -> Votes:
    """The table as a file, read; ``checks`` are annotators who fail one."""
    lines = ["who,what,said,check,right", *(f"{','.join(row)},0,0" for row in rows)]
    lines += [f"{who},check,,1,0" for who in checks]
    path = folder / "judgments.csv"
    path.write_text("\n".join(lines))
    return count_votes(open_judgments(Source.open(str(path)), CHECKS), Filters(), classes)


def build(what: str, votes: Votes, **inputs: Any) -> Labels:
    return SOURCES[what].build(SourceInputs(votes.labels.classes, votes=votes, **inputs))


def frame_of(rows: Rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["worker", "task", "label"])


@pytest.fixture(scope="module")
def built(rows: Rows, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """What every model makes of these judgments."""
    votes = votes_of(tmp_path_factory.mktemp("judgments"), rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return {what: build(what, votes) for what in MODELS}


def in_order(posterior: pd.DataFrame) -> Array:
    """Rows by item number, columns by our order of classes."""
    return np.asarray(posterior.loc[[str(item) for item in range(ITEMS)], list(CLASSES)])


def codes_of(rows: Rows) -> tuple[pd.DataFrame, Array, Array]:
    """Judgments by item, annotator and class, numbered by first appearance; what codes mean."""
    ordered = sorted((int(item), who, CLASSES.index(said)) for who, item, said in rows)
    columns, names = {}, {}
    for column, values in zip(("task", "worker", "label"), zip(*ordered, strict=True), strict=True):
        columns[column], names[column] = pd.factorize(np.array(values))
    return pd.DataFrame(columns), names["worker"], names["label"]


class TestAgainstCrowdKit:
    def test_dawid_skene(self, built: Built, rows: Rows) -> None:
        model = DawidSkene().fit(frame_of(rows))
        found = built["dawid-skene"]
        np.testing.assert_allclose(found.probs[:], in_order(model.probas_), atol=1e-9)

    def test_skill_of_dawid_skene_is_the_chance_to_be_right(self, built: Built, rows: Rows) -> None:
        model = DawidSkene().fit(frame_of(rows))
        found = built["dawid-skene"].annotators
        for name, skill in zip(found["id"], found["skill"], strict=True):
            assert model.errors_ is not None
            assert model.priors_ is not None
            matrix = model.errors_.loc[name]
            wanted = sum(matrix.loc[k, k] * model.priors_[k] for k in CLASSES)
            assert skill == pytest.approx(wanted, abs=1e-9)

    def test_glad(self, built: Built, rows: Rows) -> None:
        model = GLAD().fit(frame_of(rows))
        found = built["glad"]
        np.testing.assert_allclose(found.probs[:], in_order(model.probas_), atol=1e-5)
        skill = dict(zip(found.annotators["id"], found.annotators["skill"], strict=True))
        assert skill == pytest.approx(model.alphas_.to_dict(), abs=1e-4)

    @pytest.mark.parametrize("seed", [0, 5])
    def test_mace(self, tmp_path: Path, rows: Rows, seed: int) -> None:
        frame, workers, labels = codes_of(rows)
        model = MACE(n_restarts=1, random_state=seed).fit(frame)
        found = build("mace", votes_of(tmp_path, rows), seed=seed)
        assert model.probas_ is not None
        np.testing.assert_allclose(np.asarray(found.probs)[:, labels], model.probas_, rtol=1e-12)
        skill = dict(zip(found.annotators["id"], found.annotators["skill"], strict=True))
        for code, name in enumerate(workers):
            assert skill[name] == pytest.approx(model.spamming_[code, 1], rel=1e-12)

    def test_restarts_of_mace_change_nothing(self, rows: Rows) -> None:
        # Which is why we make one: if this fails, a newer crowd-kit draws anew.
        frame, _, _ = codes_of(rows)
        one, two = (MACE(n_restarts=count).fit(frame).probas_ for count in (1, 2))
        np.testing.assert_array_equal(one, two)

    def test_crowd_kit_itself_depends_on_the_order_of_rows(self, rows: Rows) -> None:
        # Which is why we number by first appearance: if this fails, crowd-kit has been mended.
        turned = sorted(rows)
        models = [MACE(n_restarts=1).fit(frame_of(one)) for one in (rows, turned)]
        first, second = (in_order(model.probas_) for model in models)
        assert np.abs(first - second).max() > 1e-5


@pytest.mark.parametrize("what", MODELS)
class TestEveryModel:
    def test_order_of_rows_does_not_matter(
        self, what: str, built: Built, tmp_path: Path, rows: Rows
    ) -> None:
        first = built[what]
        second = build(what, votes_of(tmp_path, sorted(rows)))
        np.testing.assert_array_equal(second.probs, first.probs)
        np.testing.assert_array_equal(second.annotators["skill"], first.annotators["skill"])

    def test_a_class_that_nobody_chose(
        self, what: str, built: Built, tmp_path: Path, rows: Rows
    ) -> None:
        first = built[what]
        wider = ("horse", "cat", "frog", "dog", "bird")
        second = np.asarray(build(what, votes_of(tmp_path, rows, wider)).probs)
        np.testing.assert_array_equal(second[:, [1, 3, 4]], first.probs)
        assert (second[:, [0, 2]] == 0).all()

    def test_it_finds_the_truth_and_collapses(
        self, what: str, tmp_path: Path, built: Built, rows: Rows
    ) -> None:
        votes = votes_of(tmp_path, rows)
        found = np.asarray(built[what].probs)
        assert (found.argmax(axis=1) == np.arange(ITEMS) % 3).mean() > 0.95
        assert np.median(found.max(axis=1)) > 0.99
        assert np.median(votes.labels.probs[0:ITEMS].max(axis=1)) < 0.9
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)

    def test_skill_tells_good_annotators_from_spammers(self, what: str, built: Built) -> None:
        skill = built[what].annotators["skill"]
        assert skill[:GOOD].min() > skill[GOOD:].max()

    def test_excluded_annotators_have_no_skill(self, what: str, tmp_path: Path, rows: Rows) -> None:
        votes = votes_of(tmp_path, rows, checks=["w0", "w8"])
        found = build(what, votes)
        assert np.isnan(found.annotators["skill"]).tolist() == [True, *[False] * 7, True]
        others = [row for row in rows if row[0] not in ("w0", "w8")]
        alone = build(what, votes_of(tmp_path, others))
        np.testing.assert_array_equal(found.probs, alone.probs)

    def test_repeated_runs_are_equal(
        self, what: str, tmp_path: Path, built: Built, rows: Rows
    ) -> None:
        first, second = built[what], build(what, votes_of(tmp_path, rows))
        assert np.asarray(first.probs).tobytes() == np.asarray(second.probs).tobytes()
        assert first.annotators["skill"].tobytes() == second.annotators["skill"].tobytes()

    @pytest.mark.parametrize(
        "rows",
        [
            [("w0", "0", "dog")],
            [("w0", "0", "dog"), ("w1", "0", "cat")],
            [("w0", str(item), CLASSES[item % 3]) for item in range(6)],
            [(f"w{who}", str(item), "dog") for who in range(3) for item in range(4)],
            [("w0", "0", "dog"), ("w0", "0", "dog"), ("w0", "1", "cat"), ("w1", "1", "dog")],
        ],
        ids=["one judgment", "one item", "one annotator", "one class", "repeated"],
    )
    def test_little_to_learn_from(self, what: str, tmp_path: Path, rows: Rows) -> None:
        found = build(what, votes_of(tmp_path, rows))
        probs = np.asarray(found.probs)
        assert np.isfinite(probs).all()
        np.testing.assert_allclose(probs.sum(axis=1), 1, rtol=1e-12)
        assert np.isfinite(found.annotators["skill"]).all()

    @pytest.mark.parametrize("missing", ["crowdkit.aggregation", "pandas"])
    def test_without_crowd_kit_one_line_tells_how_to_get_it(
        self,
        what: str,
        missing: str,
        tmp_path: Path,
        rows: Rows,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        votes = votes_of(tmp_path, rows)
        monkeypatch.setitem(sys.modules, missing, None)
        with pytest.raises(InputError, match=rf"--as {what} needs crowd-kit: pip install .*crowd"):
            build(what, votes)


@pytest.mark.parametrize("what", ["dawid-skene", "mace"])
class TestFastModels:
    def test_names_do_not_matter(self, what: str, built: Built, tmp_path: Path, rows: Rows) -> None:
        first = built[what]
        named = [
            (f"annotator {who[1:]}", f"image-{int(item):02d}", said) for who, item, said in rows
        ]
        second = build(what, votes_of(tmp_path, named))
        np.testing.assert_array_equal(second.probs, first.probs)
        assert second.ids is not None
        assert second.ids.tolist() == [f"image-{item:02d}" for item in range(ITEMS)]

    def test_who_comes_first_hardly_matters(
        self, what: str, built: Built, tmp_path: Path, rows: Rows
    ) -> None:
        first = built[what]
        named = [(f"w{8 - int(who[1:])}", item, said) for who, item, said in rows]
        second = build(what, votes_of(tmp_path, named))
        np.testing.assert_allclose(second.probs[:], first.probs[:], atol=1e-4)
        turned = second.annotators["skill"][::-1]
        np.testing.assert_allclose(turned, first.annotators["skill"], atol=1e-3)

    def test_classes_in_another_order(
        self, what: str, built: Built, tmp_path: Path, rows: Rows
    ) -> None:
        first = built[what]
        second = build(what, votes_of(tmp_path, rows, ("bird", "cat", "dog")))
        np.testing.assert_allclose(second.probs[:][:, [1, 2, 0]], first.probs[:], atol=1e-4)

    def test_counts_are_not_kept(self, what: str, tmp_path: Path, rows: Rows) -> None:
        votes = votes_of(tmp_path, rows)
        assert votes.labels.counts is not None
        found = build(what, votes, truth=np.arange(ITEMS) % 3)
        assert found.counts is None
        assert found.truth is not None
        assert found.truth.tolist() == [item % 3 for item in range(ITEMS)]
        assert set(found.annotators) == {*votes.labels.annotators, "skill"}


def test_mace_is_drawn_and_dawid_skene_is_not(tmp_path: Path, built: Built, rows: Rows) -> None:
    votes = votes_of(tmp_path, rows)
    for what in ("dawid-skene", "mace"):
        found = np.asarray(build(what, votes, seed=2).probs)
        same = found.tobytes() == np.asarray(built[what].probs).tobytes()
        assert same is not SOURCES[what].drawn


def test_a_seed_can_be_large(tmp_path: Path, rows: Rows) -> None:
    found = build("mace", votes_of(tmp_path, rows), seed=1 << 40)
    assert np.isfinite(found.probs[:]).all()
