from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from c10h.metrics.item_block import Block, Float
from c10h.metrics.metric_type import Binned, Term, count, divide
from c10h.metrics.sums import (
    Cells,
    Formulas,
    add_totals,
    evaluate_terms,
    join,
    sum_by_cell,
    sum_terms,
)

GROUP = np.array([2, 0, 2, 1, 0, 2])
STRATUM = np.array([0, 1, 1, 0, 1, 0])


def confidence(block: Block) -> Float:
    return block.confidence


def summed(
    terms: list[Term], blocks: list[Block], cells: Cells, items: slice
) -> Mapping[Term, Float]:
    return sum_terms(evaluate_terms(terms, blocks), cells, items)


@pytest.fixture
def cells() -> Cells:
    return Cells.of(GROUP, 4, STRATUM, 3)


def test_cells_are_numbered_by_stratum_then_group(cells: Cells) -> None:
    assert list(zip(cells.stratum, cells.group, strict=True)) == [(0, 1), (0, 2), (1, 0), (1, 2)]
    assert cells.of_item.tolist() == [1, 2, 3, 0, 2, 1]
    assert [cells.slice_of(number) for number in range(3)] == [
        slice(0, 2), slice(2, 4), slice(4, 4)
    ]  # fmt: skip


def test_sums_by_cell_are_a_loop_over_items(cells: Cells, random: np.random.Generator) -> None:
    values = random.random(6)
    expected = [sum(values[cells.of_item == cell]) for cell in range(4)]
    np.testing.assert_allclose(sum_by_cell(values, cells.of_item, 4), expected)


def test_binned_sums_keep_bins_apart(cells: Cells, random: np.random.Generator) -> None:
    slots, values = np.array([0, 1, 2, 0, 1, 2]), random.random(6)
    expected = np.zeros((4, 3))
    for cell, slot, value in zip(cells.of_item, slots, values, strict=True):
        expected[cell, slot] += value
    np.testing.assert_allclose(sum_by_cell(Binned(3, slots, values), cells.of_item, 4), expected)


def test_blocks_are_summed_as_one(cells: Cells, random: np.random.Generator) -> None:
    logits = random.random((6, 3))
    whole = summed([count, confidence], [Block(logits=logits)], cells, slice(0, 6))
    parts = [Block(logits=logits[:2]), Block(logits=logits[2:])]
    for term, sums in summed([count, confidence], parts, cells, slice(0, 6)).items():
        np.testing.assert_array_equal(sums, whole[term])


def test_totals_add_up(cells: Cells, random: np.random.Generator) -> None:
    logits = random.random((6, 3))
    total: dict[Term, Float] = {}
    for items in (slice(0, 4), slice(4, 6)):
        block = Block(logits=logits[items])
        add_totals(total, summed([confidence], [block], cells, items))
    whole = summed([confidence], [Block(logits=logits)], cells, slice(0, 6))
    np.testing.assert_allclose(total[confidence], whole[confidence])


def test_binned_terms_join_in_order() -> None:
    first, second = (Binned(5, np.array([slot]), np.array([slot / 2])) for slot in (3, 1))
    joined = join([first, second])
    assert isinstance(joined, Binned)
    assert (joined.slot.tolist(), joined.value.tolist()) == ([3, 1], [1.5, 0.5])


def test_a_weighted_formula_is_the_formula_of_repeated_groups() -> None:
    formulas = Formulas(np.array([1, 2]), 3)
    formulas.add("mean", divide, {"sum": np.array([6.0, 1.0]), "n": np.array([2.0, 1.0])})
    assert formulas.evaluate()["mean"] == (pytest.approx([7 / 3]), pytest.approx([3]))
    value, n = formulas.evaluate(np.array([[9.0, 2.0, 1.0], [5.0, 0.0, 0.0]]))["mean"]
    np.testing.assert_allclose(n, [5, 0])
    np.testing.assert_allclose(value, [13 / 5, np.nan])


def test_metrics_that_share_sums_do_not_disturb_each_other() -> None:
    shared, other = np.array([6.0, 1.0]), np.array([[1.0, 2.0], [3.0, 4.0]])
    formulas = Formulas(np.array([0, 1]), 2)
    formulas.add("sum", lambda total, n: total, {"sum": shared, "n": np.ones(2)})
    formulas.add("bins", lambda bins, n: bins[:, 1] / n, {"bins": other, "n": np.ones(2)})
    formulas.add("again", lambda total, n: total / n, {"sum": shared, "n": np.ones(2)})
    found = {name: float(value[0]) for name, (value, _) in formulas.evaluate().items()}
    assert found == {"sum": 7, "bins": 3, "again": 3.5}
