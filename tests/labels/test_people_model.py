"""The model of people's distributions against scipy, enumeration and populations that are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import dirichlet, dirichlet_multinomial

from c10h.labels import people_model as module
from c10h.labels.people_model import (
    CONCENTRATIONS,
    MOST_CLASSES,
    SHARES_OF_OTHERS,
    PeopleModel,
    expected_moments,
    fit_people,
    one_dirichlet,
    patterns_of,
)
from c10h.records import Array


def moments_by_component(model: PeopleModel, counts: Array) -> tuple[float, float]:
    """Of one item: scipy's chances of the votes under every Dirichlet, and its posterior."""
    weights, errors, apart = [], [], []
    total = int(counts.sum())
    for alpha, weight in zip(
        model.alpha.reshape(-1, len(counts)), model.weights.ravel(), strict=True
    ):
        weights.append(weight * dirichlet_multinomial.pmf(counts, alpha, total))
        people = dirichlet(alpha + counts)
        mean, variance = people.mean(), people.var().sum()
        errors.append(variance + ((counts / total - mean) ** 2).sum())
        apart.append(1 - variance - (mean**2).sum())
    share = np.array(weights) / sum(weights)
    return float(share @ errors), float(share @ apart)


@pytest.fixture
def counts(random: np.random.Generator) -> Array:
    return random.multinomial(random.integers(1, 9, 60), random.dirichlet([0.6, 0.2, 0.3], 60))


class TestMoments:
    def test_each_component_written_out(self, counts: Array) -> None:
        model = fit_people(counts)
        patterns, _ = patterns_of(counts)
        error, disagreement = expected_moments(model, patterns)
        for row, *found in zip(patterns, error, disagreement, strict=True):
            assert found == pytest.approx(moments_by_component(model, row), rel=1e-8)

    def test_one_dirichlet(self, counts: Array) -> None:
        model = one_dirichlet(3, 0.4)
        found = np.transpose(expected_moments(model, counts))
        wanted = [moments_by_component(model, row) for row in counts]
        np.testing.assert_allclose(found, wanted, rtol=1e-9)

    def test_blocks_do_not_matter(self, counts: Array, monkeypatch: pytest.MonkeyPatch) -> None:
        model = fit_people(counts)
        wanted = expected_moments(model, counts)
        monkeypatch.setattr(module, "BLOCK_ELEMENTS", 700)
        np.testing.assert_allclose(expected_moments(model, counts), wanted, rtol=1e-12)

    def test_many_votes_leave_little_to_learn(self) -> None:
        counts = np.array([[500_000, 500_000, 0], [10**6, 0, 0]])
        error, disagreement = expected_moments(one_dirichlet(3, 0.1), counts)
        assert disagreement == pytest.approx([0.5, 0], abs=1e-5)
        assert (error < 1e-5).all()


class TestFit:
    def test_weights_are_shares(self, counts: Array) -> None:
        model = fit_people(counts)
        kinds = len(CONCENTRATIONS) * len(SHARES_OF_OTHERS)
        assert model.weights.shape == (3, kinds)
        assert model.weights.sum() == pytest.approx(1)
        assert (model.weights > 0).all()
        np.testing.assert_allclose(
            model.pseudo_votes.reshape(3, len(CONCENTRATIONS), -1)[:, :, 0],
            np.tile(CONCENTRATIONS, (3, 1)),
        )

    def test_it_makes_the_votes_likelier(self, random: np.random.Generator) -> None:
        counts = random.multinomial(6, random.dirichlet([0.5, 0.1, 0.1], 400))
        model = fit_people(counts)
        even = PeopleModel(model.alpha, np.full_like(model.weights, 1 / model.weights.size))

        def log_likelihood(model: PeopleModel) -> float:
            chances = [
                weight * dirichlet_multinomial.pmf(counts, alpha, 6)
                for alpha, weight in zip(
                    model.alpha.reshape(-1, 3), model.weights.ravel(), strict=True
                )
            ]
            return float(np.log(np.sum(chances, axis=0)).sum())

        assert log_likelihood(model) > log_likelihood(even) + 50

    def test_it_tells_certain_classes_from_others(self, random: np.random.Generator) -> None:
        # People agree on items of the first class, and are split between the other two.
        people = np.concatenate([np.tile([1.0, 0, 0], (500, 1)), random.dirichlet([0, 3, 3], 500)])
        counts = random.multinomial(4, people)
        model = fit_people(counts)
        _, disagreement = expected_moments(model, 4 * np.eye(3, dtype=int))
        assert disagreement[0] < 0.5 * disagreement[1:].min()

    def test_what_it_expects_is_what_the_population_has(self, random: np.random.Generator) -> None:
        kind = random.integers(0, 2, 20_000)
        alpha = np.array([[20.0, 0.3, 0.3, 0.3], [1.5, 1.0, 0.1, 0.1]])[kind]
        people = random.standard_gamma(alpha)
        people = random.permuted(people / people.sum(axis=1, keepdims=True), axis=1)
        counts = random.multinomial(6, people)
        patterns, of_item = patterns_of(counts)
        error, disagreement = expected_moments(fit_people(counts), patterns)
        real = ((counts / 6 - people) ** 2).sum(axis=1)
        assert error[of_item].mean() == pytest.approx(real.mean(), rel=0.05)
        apart = 1 - (people**2).sum(axis=1)
        assert disagreement[of_item].mean() == pytest.approx(apart.mean(), rel=0.05)
        agreed = counts.max(axis=1) == 6
        assert disagreement[of_item][agreed].mean() == pytest.approx(apart[agreed].mean(), rel=0.2)

    def test_the_order_of_items_and_classes_does_not_matter(
        self, counts: Array, random: np.random.Generator
    ) -> None:
        wanted = expected_moments(fit_people(counts), counts)
        turned = counts[random.permutation(len(counts))]
        np.testing.assert_allclose(expected_moments(fit_people(turned), counts), wanted, rtol=1e-9)
        model = fit_people(counts[:, ::-1])
        np.testing.assert_allclose(expected_moments(model, counts[:, ::-1]), wanted, rtol=1e-9)

    def test_a_sample_of_many_items_tells_nearly_the_same(
        self, random: np.random.Generator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        counts = random.multinomial(5, random.dirichlet([0.5, 0.1, 0.1], 20_000))
        patterns, _ = patterns_of(counts)
        wanted = expected_moments(fit_people(counts), patterns)
        monkeypatch.setattr(module, "FITTED_ELEMENTS", 5000 * 3 * 35)
        found = expected_moments(fit_people(counts), patterns)
        np.testing.assert_allclose(found, wanted, rtol=0.25)

    def test_as_many_classes_as_it_is_for(self, random: np.random.Generator) -> None:
        counts = random.multinomial(5, random.dirichlet(np.full(MOST_CLASSES, 0.1), 200))
        error, disagreement = expected_moments(fit_people(counts), counts)
        assert np.isfinite(error).all()
        assert ((disagreement >= 0) & (disagreement <= 1)).all()
