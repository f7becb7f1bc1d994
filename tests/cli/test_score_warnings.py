"""What ``c10h score`` warns of and asks about: a wrong order, exchanged classes, zeros."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from c10h import score

from .conftest import Files, Run
from .test_score import metrics_of

pytestmark = pytest.mark.usefixtures("files")


class TestMisordered:
    """Predictions whose columns are in another order than those of the labels."""

    WARNING = "hardly closer to the labels than equal probabilities"

    def test_columns_in_a_wrong_order(self, files: Files, c10h: Run) -> None:
        files.save("wrong.npy", files.logits["a"][:, [1, 2, 0]])
        shown = " ".join(c10h("score", "wrong.npy", "--labels", "labels.h5", "-q").out.split())
        assert f"wrong is {self.WARNING}, at any temperature: are its classes and items" in shown
        both = " ".join(c10h("score", "a.npy", "wrong.npy", "--labels", "labels.h5").out.split())
        assert f"warning: wrong is {self.WARNING}" in both

    def test_where_there_is_no_answer_to_say_it_in(self, files: Files, c10h: Run) -> None:
        files.save("wrong.npy", files.logits["a"][:, [1, 2, 0]])
        line = ("score", "wrong.npy", "--labels", "labels.h5", "--resamples", "20")
        warning = f"warning: wrong is {self.WARNING}"
        for more in (("--json",), ("--format", "csv"), ("--format", "markdown"), ("--detail",)):
            assert warning in c10h(*line, *more).err
        assert warning not in c10h(*line).err
        (run,) = c10h(*line, "--json").json()["runs"]
        assert any(note.startswith(warning) for note in run["notes"])
        assert c10h(*line, "-o", "s.h5").status == 0
        assert warning in c10h("report", "s.h5", "--json").err
        result = score("wrong.npy", labels="labels.h5", resamples=20)
        assert any(note.startswith(warning) for note in result.notes)
        assert repr(result).replace("\n", " ").count(self.WARNING) == 1

    @pytest.mark.parametrize("share", [0.0, 0.1])
    def test_names_above_the_wrong_columns(self, files: Files, c10h: Run, share: float) -> None:
        """Nothing but the first choices knows; and a little that is right does not help."""
        logits = (1 - share) * files.logits["a"][:, [1, 2, 0]] + share * files.logits["a"]
        rows = "".join(",".join(map(str, row)) + "\n" for row in logits)
        files.save("wrong.csv", "cat,dog,bird\n" + rows)
        shown = " ".join(c10h("score", "wrong.csv", "--labels", "labels.h5").out.split())
        assert self.WARNING in shown

    def test_columns_in_order(self, c10h: Run) -> None:
        result = c10h("score", "a.npy", "b.npy", "--labels", "labels.h5")
        assert self.WARNING not in " ".join(result.out.split())


def test_labels_against_themselves(files: Files, c10h: Run) -> None:
    np.save("p.npy", files.shares)
    shown = c10h("score", "p.npy", "a.npy", "--labels", "counts.npy").out
    assert "warning: p: its probabilities are the labels, compared with themselves" in shown
    assert "warning: a" not in shown


@pytest.mark.parametrize(("size", "asked"), [(99, False), (100, True)])
def test_a_truth_of_its_own_first_choices(
    c10h: Run, random: np.random.Generator, size: int, *, asked: bool
) -> None:
    logits = random.normal(size=(size, 3))
    np.save("p.npy", logits)
    np.save("y.npy", logits.argmax(axis=1))
    shown = " ".join(c10h("score", "p.npy", "--truth", "y.npy").out.split())
    question = f"p: right on all {size} items: is the truth made of its first choices?"
    assert (question in shown) == asked


def test_the_first_sentence_says_how_many_items_have_a_truth(files: Files, c10h: Run) -> None:
    truth = np.where(np.arange(len(files.truth)) < 20, files.truth, -1)
    np.save("some.npy", truth)
    line = ("score", "a.npy", "--labels", "counts.npy", "--truth")
    shown = " ".join(c10h(*line, "some.npy").out.split())
    assert ") of 20 items; cross-entropy with people" in shown
    assert "items; cross-entropy" not in " ".join(c10h(*line, "truth.npy").out.split())


class TestExchangedClasses:
    WARNING = "warning: p: its first choices are other classes:"

    @pytest.fixture
    def scored(self, c10h: Run, random: np.random.Generator) -> Callable[[list[int]], str]:
        shares = random.dirichlet([0.3] * 4, 400)
        np.save("votes.npy", random.multinomial(50, shares))

        def score(order: list[int]) -> str:
            np.save("p.npy", random.dirichlet(shares[0] + 1, 400) * 0.1 + 0.9 * shares[:, order])
            line = ("score", "p.npy", "--labels", "votes.npy", "--classes", "cat,dog,elk,fox")
            return " ".join(c10h(*line).out.split())

        return score

    def test_two_of_four(self, scored: Callable[[list[int]], str]) -> None:
        shown = scored([0, 2, 1, 3])
        assert (
            f"{self.WARNING} dog is elk in most labels, elk is dog in most labels: are its columns "
            "in the order of the labels?"
        ) in shown

    def test_a_cycle(self, scored: Callable[[list[int]], str]) -> None:
        # Column 0 has what belongs to class 1, 1 that of 2, and 2 that of 0.
        pairs = "cat is dog in most labels, dog is elk in most labels, elk is cat in most labels"
        assert f"{self.WARNING} {pairs}" in scored([1, 2, 0, 3])

    def test_in_order(self, scored: Callable[[list[int]], str]) -> None:
        assert "warning" not in scored([0, 1, 2, 3])

    def test_one_class_that_is_taken_for_another(self, scored: Callable[[list[int]], str]) -> None:
        assert self.WARNING not in scored([0, 1, 1, 3])


def test_names_that_a_file_has_hold_whatever_classes_says(files: Files, c10h: Run) -> None:
    files.save("named.csv", "cat,dog,bird\n2.5,-1,0.25\n0.5,3,-2\n")
    files.save("v.csv", "cat,dog,bird\n4,1,0\n0,5,0\n")
    line = ("score", "named.csv", "--labels", "v.csv", "--resamples", "0", "--json")
    told = "named: has names of its classes, which hold in the order that it has: --classes names"
    plain, other = c10h(*line), c10h(*line, "--classes", "bird,dog,cat")
    assert told not in plain.err
    assert told in other.err
    assert metrics_of(other.json())["ce_human"] == metrics_of(plain.json())["ce_human"]


def test_percentages_beside_logits(files: Files, c10h: Run) -> None:
    files.save("percent.csv", "cat,dog,bird\n62.51,37.5,0\n12.25,87.75,0\n")
    files.save("logits.csv", "cat,dog,bird\n2.5,-1,0.25\n0.5,3,-2\n")
    files.save("v.csv", "cat,dog,bird\n4,1,0\n0,5,0\n")
    line = ("score", "percent.csv", "logits.csv", "--labels", "v.csv", "--resamples", "0")
    result = c10h(*line, "--json")
    assert "percent.csv: percentages, 2 items x 3 classes" in result.err
    assert "logits.csv: logits, 2 items x 3 classes" in result.err
    shares = np.array([[0.6251, 0.375], [0.1225, 0.8775]]) / [[1.0001], [1]]
    wanted = -np.mean([0.8 * np.log(shares[0, 0]) + 0.2 * np.log(shares[0, 1]), np.log(0.8775)])
    known = result.json()["runs"][0]["metrics"]["ce_human"]["value"]
    assert known == pytest.approx(wanted, rel=1e-9)
    warning = "percent.csv: all rows are in [0, 100] and sum to 100, as percentages do"
    assert warning in c10h(*line, "--logits").err
    says = "logits.csv: row 0: expected probabilities of 0 or more, found 2.5 -1 0.25 (logits?"
    assert says in c10h(*line, "--probs").err


class TestDecisiveZeros:
    """Of the same network, once with its digits and once with probabilities rounded to 0."""

    @pytest.fixture
    def shares(self, files: Files) -> None:
        logits = 4 * files.logits["a"]
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        for name, digits in (("few", 3), ("many", 15)):
            lines = [",".join(f"{share:.{digits}f}" for share in row) for row in shares]
            files.save(f"{name}.csv", "cat,dog,bird\n" + "\n".join(lines) + "\n")

    @pytest.mark.usefixtures("shares")
    def test_nothing_is_said_at_equal_scale(self, c10h: Run) -> None:
        line = ("score", "b.npy", "few.csv", "--labels", "labels.h5")
        shown = " ".join(c10h(*line).out.split())
        decide = (
            "but probabilities of 0 decide the distance and the temperature of few: nothing can"
        )
        assert decide in shown
        squared = re.search(r"in brier_human, which has no logarithm: (\S+) \(", shown)
        assert squared is not None
        named = {d["metric"]: d["value"] for d in c10h(*line, "--json").json()["differences"]}
        assert float(squared[1].replace("−", "-")) == pytest.approx(named["brier_human"], abs=5e-4)
        assert "save logits, or more digits" in shown
        for difference in c10h(*line, "--json").json()["differences"]:
            assert difference["at_equal_scale"]["value"] is None
        (row,) = (
            line
            for line in c10h("score", "few.csv", "--labels", "labels.h5").out.splitlines()
            if line.startswith("brier_human")
        )
        assert len(row.split()) == 6, row  # name, arrow, value, interval, first choice, people

    @pytest.mark.usefixtures("shares")
    def test_with_more_digits_it_is(self, c10h: Run) -> None:
        line = ("score", "b.npy", "many.csv", "--labels", "labels.h5")
        assert "nothing can be told" not in " ".join(c10h(*line).out.split())
        known = {
            d["metric"]: d["at_equal_scale"] for d in c10h(*line, "--json").json()["differences"]
        }
        assert known["ce_human"]["value"] is not None

    @pytest.mark.parametrize(("votes", "decide"), [(2, False), (200, True)])
    def test_zeros_that_hardly_count(self, c10h: Run, votes: int, *, decide: bool) -> None:
        """Of 4,000 items with 100 votes and 2 classes, some votes are where a probability is 0."""
        shares = np.random.default_rng(0).uniform(0.2, 0.8, 4000)
        counts = np.stack([np.round(100 * shares), 100 - np.round(100 * shares)], axis=1)
        other = np.clip(shares + 0.1, 0, 1)
        shares[0], counts[0] = 0, [votes / 2, 100 - votes / 2]
        np.save("votes.npy", counts.astype(int))
        np.save("few.npy", np.stack([shares, 1 - shares], axis=1))
        np.save("other.npy", np.stack([other, 1 - other], axis=1))
        line = ("score", "few.npy", "other.npy", "--labels", "votes.npy", "--json")
        result = c10h(*line).json()
        distance = result["runs"][0]["metrics"]["ce_human"]["value"]
        # The votes' share times -log of the smallest normal float32, 126 log 2, of the mean.
        part = votes / 2 / 100 * 126 * np.log(2) / 4000 / distance
        told = f"{100 * part:.1f}" if decide else f"{100 * part:.1g}"
        (note,) = (n for n in result["runs"][0]["notes"] if n.startswith("ce_human"))
        assert "ce_human: 0.03 % of its items have a class with votes" in note
        assert f"which is {told} % of it" in note
        assert ("save logits, or more digits" in note) == decide
        (scaled,) = (
            d["at_equal_scale"]["value"] for d in result["differences"] if d["metric"] == "ce_human"
        )
        assert (scaled is None) == decide
