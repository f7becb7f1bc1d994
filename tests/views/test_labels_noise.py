"""How noisy labels are, as it is shown."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from metrics.scoring import Case, labels_of, made_up
from stages.noise import SPECIAL, noise_of

from c10h.stages.labels_noise import Noise
from c10h.views.answer import Amount, Answer
from c10h.views.labels_noise import charts, display, tables


def answers_of(noise: Noise) -> Sequence[Answer]:
    """The answers that a display has."""
    answers = display(noise).answers
    assert answers is not None
    return answers()


@pytest.fixture
def case(random: np.random.Generator) -> Case:
    return made_up(random, 40, votes=(1, 30))


def test_rows_and_json_have_the_same_numbers(case: Case) -> None:
    shown = display(noise_of(case.labels(), 1, 4))
    header, *rows = csv.reader(io.StringIO(shown.text("csv")))
    assert header == ["metric", "method", "votes", "value", "standard_error"]
    values = json.loads(shown.text("json"))
    assert values["n"] == ["1", "4", "all"]
    expected = [
        [curve["metric"], curve["method"] or "", n, value, error]
        for curve in values["curves"]
        for n, value, error in zip(
            values["n"], curve["values"], curve["standard_errors"], strict=True
        )
    ]
    assert [["" if cell is None else str(cell) for cell in row] for row in expected] == rows


@pytest.mark.parametrize("width", [40, 80, 120])
def test_charts_fit(case: Case, width: int) -> None:
    lines = charts(noise_of(case.labels(), 1, 2, 5, 10), width).splitlines()
    assert max(map(len, lines)) <= width


def test_what_is_drawn_has_its_error(case: Case) -> None:
    _, ceiling, _, shares = tables(noise_of(case.labels(), 1, 4))
    cells = {row[0].text: row[1:] for row in ceiling.rows}
    assert cells["accuracy leave-one-vote-out"][1].small.startswith("±0.")
    assert not cells["ce_human plug-in"][1].small
    assert cells["accuracy leave-one-vote-out"][0].text == "-"
    assert [row[0].text for row in shares.rows] == ["5%", "10%", "20%", "30%", "50%"]
    assert "seed 0" in shares.notes[1]


def test_agreement_is_told_with_its_interval(case: Case) -> None:
    noise = noise_of(case.labels(), 1, 4)
    told = tables(noise)[-1].notes[2]
    assert told.startswith(f"Krippendorff's alpha (nominal): {noise.alpha.value:.4f} (")
    assert json.loads(display(noise).text("json"))["krippendorff_alpha"] == {
        "value": noise.alpha.value,
        "low": noise.alpha.low,
        "high": noise.alpha.high,
        "items": noise.alpha.items,
    }


def test_one_budget_is_spread_over_items_and_votes(case: Case) -> None:
    noise = noise_of(case.labels(), 1, 4)
    designs = tables(noise)[2]
    assert designs.title == f"More items or more votes? {noise.total:,} judgments"
    (single, four) = ([cell.text for cell in row] for row in designs.rows)
    assert single[:3] == ["1", f"{noise.total:,}", "-"]
    assert four[:2] == ["4", f"{noise.total // 4:,}"]
    (first, second) = json.loads(display(noise).text("json"))["same_budget"]
    assert first["standard_errors"]["disagreement"] is None
    assert 0 < first["standard_errors"]["accuracy"] < second["standard_errors"]["accuracy"]
    assert first["squared_error"] == pytest.approx(4 * second["squared_error"])


def test_too_few_votes_have_no_table_of_one_budget() -> None:
    noise = noise_of(labels_of(counts=[[2, 1], [3, 0]]), 1, 2)
    assert not noise.designs
    assert len(tables(noise)) == 3


@pytest.mark.parametrize("what", SPECIAL)
def test_labels_with_little_to_go_by(what: str) -> None:
    counts = SPECIAL[what]
    shown = display(noise_of(labels_of(counts=counts, truth=np.zeros(len(counts), dtype=int))))
    assert json.loads(shown.text("json"))["items"] == len(counts)
    detailed = replace(shown, amount=Amount.DETAIL)
    assert detailed.text("terminal").count("n votes per item:") == 2


class TestItemsOfOneVote:
    COUNTS = ([1, 0, 0], [0, 1, 0], [3, 0, 1], [2, 2, 0], [5, 1, 1], [0, 4, 2])
    OVER = ": over the 4 items with two votes or more"

    def test_the_first_screen_says_that_they_are_not_in_the_error(self) -> None:
        (answer,) = answers_of(noise_of(labels_of(counts=self.COUNTS), 2))
        assert "(without the 2 items of one vote, which tells none)" in answer.sentences[0]
        (note,) = (note for note in answer.notes if ": over the" in note)
        names = "squared error, unanimous, brier_human, sba, jsd, tvd, entropy_corr"
        assert note == names + self.OVER

    def test_nothing_is_said_where_there_are_none(self) -> None:
        (answer,) = answers_of(noise_of(labels_of(counts=self.COUNTS[2:]), 2))
        assert "without the" not in answer.sentences[0]
        assert not any("over the" in note for note in answer.notes)

    def test_details_say_what_each_row_is_over(self) -> None:
        truth = np.array([0, 1, 2, -1, 0, 1])
        noise = noise_of(labels_of(counts=self.COUNTS, truth=truth), 2)
        *_, designs, shares = tables(noise)
        assert [note for note in shares.notes if ": over the" in note] == [
            f"squared error, unanimous, brier_human, sba, jsd, tvd, entropy_corr{self.OVER}",
            "brier_hard, accuracy, kappa_human: over the 3 items with two votes or more whose true "
            "class is known",
        ]
        assert designs.notes[-1] == (
            "disagreement and squared error from 4 items with four votes or more; accuracy from 3 "
            "items with two votes or more"
        )

    def test_json_has_the_items_of_each_curve(self) -> None:
        values = json.loads(display(noise_of(labels_of(counts=self.COUNTS), 2)).text("json"))
        assert values["items_with_one_vote"] == 2
        over = {(one["metric"], one["method"]): one["items"] for one in values["curves"]}
        assert over["squared error", None] == 4
        assert over["ce_human", "plug-in"] == 6
        assert over["sba", "split-half"] is None

    def test_single_votes_alone(self) -> None:
        (answer,) = answers_of(noise_of(labels_of(counts=np.eye(3, dtype=int))))
        assert not answer.sentences
        assert any("over no item, as none has two votes" in note for note in answer.notes)


class TestTruthOfSome:
    def test_the_items_that_have_one_are_counted(self, random: np.random.Generator) -> None:
        case = made_up(random, 40, votes=(2, 30))
        known = np.arange(40) < 17
        labels = labels_of(counts=case.counts, truth=np.where(known, case.truth, -1))
        told = "over the 17 items whose true class is known"
        shown = noise_of(labels, 3)
        assert tables(shown)[-1].notes[-1] == f"brier_hard, accuracy, kappa_human: {told}"
        (answer,) = answers_of(shown)
        assert any(note.endswith(told) for note in answer.notes)

    def test_without_any_nothing_is_said_of_it(self, case: Case) -> None:
        unknown = noise_of(labels_of(counts=case.counts, truth=np.full(40, -1)), 3)
        without = noise_of(labels_of(counts=case.counts), 3)
        assert tables(unknown)[-1].notes == tables(without)[-1].notes


def test_the_answer_has_the_corrected_ceilings(case: Case) -> None:
    """Of entropies by Miller-Madow alone; the values are those of the curves."""
    noise = noise_of(case.labels(), 1, 2, 5, 10)
    (answer,) = answers_of(noise)
    assert answer.table is not None
    assert answer.table.header == ["votes per item:", "1", "2", "5", "10", "all"]
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in answer.table.rows}
    curves = {curve.name: curve.values for curve in noise.curves}
    assert "ce_human miller-madow" in rows
    assert "ce_human plug-in" not in rows
    assert rows["unanimous"] == ["-", *(f"{value:.3f}" for value in curves["unanimous"][1:])]
    error = curves["squared error"][-1]
    assert answer.sentences[0].startswith(
        f"The labels are off the population by a squared error of {error:.4f}"
    )
    assert f"Krippendorff's alpha is {noise.alpha.value:.3f}" in answer.sentences[0]
    # The error of the shares of n votes is V / n.
    assert f"with twice as many as now, {error / 2:.4f}." in answer.sentences[0]
    assert not any("no forecast" in note for note in answer.notes)


def test_more_votes_than_any_item_has_are_no_forecast(case: Case) -> None:
    most = int(case.counts.sum(axis=1).max())
    (answer,) = answers_of(noise_of(case.labels(), 1, most, most + 1, 500))
    size = len(case.counts)
    for votes in (most + 1, 500):
        told = f"{votes} votes: all {size} items have fewer, each of which keeps what it has"
        assert any(note.startswith(told) for note in answer.notes)
    assert not any(note.startswith("1 votes") for note in answer.notes)


def test_the_answer_of_many_numbers_of_votes_fits(case: Case) -> None:
    noise = noise_of(case.labels(), *range(1, 30))
    (answer,) = answers_of(noise)
    assert answer.table is not None
    assert len(answer.table.header) == 8
    assert answer.table.header[1] == "1"
    assert answer.table.header[-1] == "all"
