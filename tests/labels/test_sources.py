"""Every source of labels, against its formula written out here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from formats.files import probs_of

from c10h.errors import InputError
from c10h.labels.source_inputs import SourceInputs
from c10h.labels.sources import SOURCES, Takes
from c10h.records import Array, Labels, Predictions

CLASSES = ("cat", "dog", "bird")
COUNTS = np.array([[40, 8, 3], [0, 51, 0], [1, 0, 0], [10, 20, 30], [5, 0, 5]], dtype="i4")
SHARES = COUNTS / COUNTS.sum(axis=1, keepdims=True)
TRUTH = np.array([0, 1, 0, 2, 2])
PEOPLE = Labels(classes=CLASSES, probs=SHARES, counts=COUNTS, truth=TRUTH)


def build(what: str, **inputs: Any) -> Labels:
    return SOURCES[what].build(SourceInputs(CLASSES, **{"truth": TRUTH, **inputs}))


def predictions(*logits: Array) -> Predictions:
    names = np.array([f"m{number}" for number in range(len(logits))])
    return Predictions(classes=CLASSES, logits=np.stack(logits), member=names)


@pytest.fixture
def nets(random: np.random.Generator) -> list[Array]:
    return [random.normal(size=(5, 3)) * 40 for _ in range(3)]


class TestHuman:
    def test_shares_of_votes(self) -> None:
        found = build("human", labels=PEOPLE)
        np.testing.assert_array_equal(probs_of(found), SHARES)
        np.testing.assert_array_equal(found.counts, COUNTS)
        np.testing.assert_array_equal(found.truth, TRUTH)

    @pytest.mark.parametrize("prior", [0.5, 1, 10])
    def test_a_prior_adds_votes_to_every_class(self, prior: float) -> None:
        found = build("human", labels=PEOPLE, prior=prior)
        for row, votes in enumerate(COUNTS.tolist()):
            wanted = [(vote + prior) / (sum(votes) + 3 * prior) for vote in votes]
            assert probs_of(found)[row].tolist() == pytest.approx(wanted, rel=1e-14)
        np.testing.assert_array_equal(found.counts, COUNTS)

    def test_a_prior_needs_counts(self) -> None:
        with pytest.raises(InputError, match="--prior needs vote counts"):
            build("human", labels=Labels(classes=CLASSES, probs=SHARES), prior=1)

    def test_ids_and_annotators_pass_through(self) -> None:
        people = Labels(classes=CLASSES, probs=SHARES, annotators={"skill": np.array([0.5])})
        found = build("human", labels=people, ids=np.array(list("abcde")))
        assert found.annotators["skill"].tolist() == [0.5]
        assert found.ids is not None
        assert found.ids.tolist() == list("abcde")


class TestHard:
    def test_all_mass_is_on_the_truth(self) -> None:
        found = build("hard")
        assert probs_of(found).tolist() == [
            [1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 1],
        ]  # fmt: skip
        assert found.counts is None


class TestMajority:
    def test_all_mass_is_on_the_first_choice(self) -> None:
        told: list[str] = []
        found = build("majority", labels=PEOPLE, truth=None, tell=told.append)
        assert probs_of(found).tolist() == [
            [1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1], [0.5, 0, 0.5],
        ]  # fmt: skip
        assert told == ["1 item with several first choices: these share the label equally"]

    def test_votes_would_say_what_the_label_leaves_out(self) -> None:
        assert build("majority", labels=PEOPLE).counts is None

    def test_truth_and_ids_pass_through(self) -> None:
        right = np.array([[1, 1, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 1]], dtype=np.uint8)
        found = build("majority", labels=PEOPLE, ids=np.array(list("abcde")), right=right)
        np.testing.assert_array_equal(found.truth, TRUTH)
        np.testing.assert_array_equal(found.right, right)
        assert found.ids is not None
        assert found.ids.tolist() == list("abcde")

    def test_probabilities_will_do(self) -> None:
        third = 1 / 3
        shares = np.array([[0.2, 0.7, 0.1], [third, third, third], [0.4, 0.2, 0.4]])
        told: list[str] = []
        labels = Labels(classes=CLASSES, probs=shares)
        found = build("majority", labels=labels, truth=None, tell=told.append)
        wanted = [[0, 1, 0], [third, third, third], [0.5, 0, 0.5]]
        np.testing.assert_array_equal(probs_of(found), wanted)
        assert told == ["2 items with several first choices: these share the label equally"]

    def test_votes_decide_where_there_are_any(self) -> None:
        """A prior adds the same to every class, and rounding must not break a tie."""
        prior = (COUNTS + 0.1) / (COUNTS + 0.1).sum(axis=1, keepdims=True)
        labels = Labels(classes=CLASSES, probs=prior, counts=COUNTS)
        np.testing.assert_array_equal(
            probs_of(build("majority", labels=labels)), probs_of(build("majority", labels=PEOPLE))
        )

    def test_nothing_is_told_without_ties(self) -> None:
        told: list[str] = []
        labels = Labels(classes=CLASSES, probs=np.eye(3))
        build("majority", labels=labels, truth=None, tell=told.append)
        assert told == []


class TestSmooth:
    @pytest.mark.parametrize("smoothing", [0, 0.1, 0.3, 1])
    def test_its_formula(self, smoothing: float) -> None:
        found = probs_of(build("smooth", smoothing=smoothing))
        for row, truth in enumerate(TRUTH):
            for column in range(3):
                wanted = (1 - smoothing) * (column == truth) + smoothing / 3
                assert found[row, column] == pytest.approx(wanted, rel=1e-14)

    @pytest.mark.parametrize("smoothing", [-0.1, 1.1, float("nan")])
    def test_a_share_outside_of_0_and_1(self, smoothing: float) -> None:
        with pytest.raises(InputError, match=f"--smoothing {smoothing:g}: expected a share"):
            build("smooth", smoothing=smoothing)


class TestClass:
    def test_the_mean_of_each_class(self) -> None:
        found = probs_of(build("class", labels=PEOPLE))
        means = {0: (SHARES[0] + SHARES[2]) / 2, 1: SHARES[1], 2: (SHARES[3] + SHARES[4]) / 2}
        np.testing.assert_allclose(found, [means[one] for one in TRUTH.tolist()], rtol=1e-14)
        assert len(np.unique(found, axis=0)) == 3

    def test_counts_do_not_belong_to_items_any_more(self) -> None:
        assert build("class", labels=PEOPLE).counts is None

    def test_a_class_without_an_item(self) -> None:
        with pytest.raises(InputError, match="no item has the true class 'dog'"):
            build("class", labels=PEOPLE, truth=np.array([0, 0, 0, 2, 2]))


class TestDistill:
    @pytest.mark.parametrize("temperature", [1.0, 0.5, 4.0])
    def test_the_mean_softmax_of_files(self, nets: list[Array], temperature: float) -> None:
        import torch

        files = [predictions(logits) for logits in nets]
        found = probs_of(build("distill", predictions=files, temperature=temperature))
        tensors = torch.tensor(np.stack(nets)) / temperature
        wanted = torch.softmax(tensors, dim=2).mean(dim=0)
        np.testing.assert_allclose(found, wanted.numpy(), rtol=1e-12, atol=1e-300)

    def test_a_file_counts_once_however_many_members_it_has(self, nets: list[Array]) -> None:
        import torch

        files = [predictions(nets[0], nets[1]), predictions(nets[2])]
        found = probs_of(build("distill", predictions=files))
        a, b, c = torch.softmax(torch.tensor(np.stack(nets)), dim=2)
        np.testing.assert_allclose(found, ((a + b) / 2 + c) / 2, rtol=1e-12, atol=1e-300)

    def test_the_given_logits_are_left_alone(self, nets: list[Array]) -> None:
        before = nets[0].copy()
        probs_of(build("distill", predictions=[predictions(nets[0])], temperature=2))
        np.testing.assert_array_equal(nets[0], before)

    @pytest.mark.parametrize("temperature", [1e-3, 1e-310])
    def test_next_to_no_temperature_leaves_the_first_class(
        self, nets: list[Array], temperature: float
    ) -> None:
        probs = probs_of(
            build("distill", predictions=[predictions(nets[0])], temperature=temperature)
        )
        np.testing.assert_allclose(probs, np.eye(3)[nets[0].argmax(axis=1)], atol=1e-9)

    @pytest.mark.parametrize("temperature", [0, -1, float("nan")])
    def test_a_temperature_that_is_none(self, nets: list[Array], temperature: float) -> None:
        with pytest.raises(InputError, match=f"--temperature {temperature:g}: expected a number"):
            build("distill", predictions=[predictions(nets[0])], temperature=temperature)


# Sources that take judgments have tests of their own.
OTHERS = [name for name, source in SOURCES.items() if source.takes is not Takes.JUDGMENTS]


@pytest.mark.parametrize("what", OTHERS)
def test_every_source_gives_distributions(what: str, nets: list[Array]) -> None:
    files = [predictions(logits) for logits in nets]
    found = probs_of(build(what, labels=PEOPLE, predictions=files))
    assert found.shape == (5, 3)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("human", "needs vote counts or probabilities"),
        ("class", "needs vote counts or probabilities"),
        ("hard", "needs the true classes: use --truth"),
        ("smooth", "needs the true classes: use --truth"),
        ("distill", "needs predictions"),
        ("dawid-skene", "needs a table of judgments"),
        ("mace", "needs a table of judgments"),
        ("glad", "needs a table of judgments"),
    ],
)
def test_what_is_missing_is_told(what: str, says: str) -> None:
    with pytest.raises(InputError, match=f"--as {what} {says}"):
        build(what, truth=None)
