from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax, softmax

from c10h.metrics.item_block import Block, Ranking
from metrics.oracles import orders
from metrics.scoring import fixed_examples

COLUMN = st.lists(st.integers(0, 3), min_size=2, max_size=5)


def test_model_is_the_softmax_of_the_logits(random: np.random.Generator) -> None:
    logits = random.normal(0, 5, (30, 7))
    block = Block(logits=logits)
    np.testing.assert_allclose(block.model.T, softmax(logits, axis=1), rtol=1e-12)
    np.testing.assert_allclose(block.log_model.T, log_softmax(logits, axis=1), rtol=1e-12)
    np.testing.assert_allclose(block.confidence, softmax(logits, axis=1).max(axis=1), rtol=1e-12)


def test_float32_logits_are_computed_in_float64() -> None:
    logits = np.array([[3.1, -2.7, 0.4]], dtype=np.float32)
    expected = log_softmax(logits.astype(np.float64), axis=1)
    np.testing.assert_allclose(Block(logits=logits).log_model.T, expected, rtol=1e-14)


def test_saturated_logits_neither_overflow_nor_underflow() -> None:
    block = Block(logits=np.array([[1000.0, 0.0, -1000.0]]))
    assert block.model[:, 0].tolist() == [1.0, 0.0, 0.0]
    assert block.log_model[:, 0].tolist() == [0.0, -1000.0, -2000.0]
    assert block.model_entropy.tolist() == [0.0]


def test_saturated_logits_keep_their_order() -> None:
    second = Block(logits=np.array([[1000.0, -999.0, -1000.0]])).model_ranking.second
    assert second[:, 0].tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("scores", "first", "second"),
    [
        ([3, 2, 1], [1, 0, 0], [0, 1, 0]),
        ([3, 3, 1], [1, 1, 0], [1, 1, 0]),
        ([3, 1, 1], [1, 0, 0], [0, 1, 1]),
        ([2, 2, 2], [1, 1, 1], [1, 1, 1]),
        ([0, 5, 4], [0, 1, 0], [0, 0, 1]),
    ],
)
def test_first_and_second_places(scores: list[int], first: list[int], second: list[int]) -> None:
    ranking = Ranking.of(np.array(scores, dtype=np.float64)[:, None])
    assert ranking.first[:, 0].astype(int).tolist() == first
    assert ranking.second[:, 0].astype(int).tolist() == second


@fixed_examples
@given(COLUMN)
def test_places_are_those_of_all_orders_of_the_ties(column: list[int]) -> None:
    ranking = Ranking.of(np.array(column, dtype=np.float64)[:, None])
    found = orders(np.array(column))
    assert set(np.flatnonzero(ranking.first[:, 0])) == {order[0] for order in found}
    assert set(np.flatnonzero(ranking.second[:, 0])) == {order[1] for order in found}


def test_a_term_is_computed_once() -> None:
    calls = []
    block = Block(logits=np.zeros((2, 2)))

    def term(block: Block) -> int:
        calls.append(block)
        return block.size

    assert (block.get(term), block.get(term), len(calls)) == (2, 2, 1)
