"""What scores say on one screen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from c10h.metrics.differences import pairs_with_first
from c10h.metrics.estimates import ScoredRun
from c10h.views.answer import Answer
from c10h.views.score_answer import MOST_STRATA, Shown, score_answer

from .made_results import NAN, near_and_far, scored, texts

VALUES = {"accuracy": 0.9, "ce_human": 0.5}


def drawn(run: ScoredRun, *samples: float) -> ScoredRun:
    """The run with these values of every metric in the resamples."""
    shape = (*run.scores.value.shape, len(samples))
    record = replace(
        run.scores,
        samples=np.broadcast_to(np.array(samples, "f4"), shape),
        settings={"seed": 0, "resamples": len(samples), "by": ""},
    )
    return replace(run, scores=record)


def answer_of(*runs: ScoredRun, compare: bool = True, **more: str) -> Answer:
    pairs = pairs_with_first(runs) if compare else []
    return score_answer(Shown(runs, pairs, list(VALUES), **more), "source")


class TestOneRun:
    def test_its_figures_in_a_sentence(self) -> None:
        answer = answer_of(scored("human", VALUES))
        assert answer.sentences == [
            "human: accuracy 0.900 (.890–.910); cross-entropy with people 0.500 (.490–.510)."
        ]
        assert answer.table is not None
        assert answer.table.header == ["metric", "value", "95 %"]
        assert texts(answer.table) == [
            ["accuracy ↑", "0.900", ".890–.910"],
            ["ce_human ↓", "0.500", ".490–.510"],
        ]
        assert answer.source == "source"

    def test_only_what_is_shown_is_told(self) -> None:
        run = scored("human", {**VALUES, "equivalent_annotators": 1.4})
        answer = score_answer(Shown([run], [], ["accuracy"]), "")
        assert answer.sentences == ["human: accuracy 0.900 (.890–.910)."]
        answer = score_answer(Shown([run], [], ["equivalent_annotators"]), "")
        assert answer.sentences == ["human: worth 1.400 (1.390–1.410) annotators."]

    def test_what_it_was_trained_on_is_always_told(self) -> None:
        answer = answer_of(scored("human", VALUES, exposure="in-sample"))
        assert "Items in training: in-sample (human)" in answer.notes

    def test_a_value_that_it_lacks_has_its_reason(self) -> None:
        answer = answer_of(scored("human", {"accuracy": 0.9, "ce_human": NAN}))
        assert answer.table is not None
        assert texts(answer.table)[1] == ["ce_human ↓", "-", ""]
        assert "No ce_human for human: it does not exist" in answer.notes

    def test_what_is_to_be_known_of_a_metric_is_told(self) -> None:
        run = replace(scored("human", VALUES), notes="ce_human: 3 zeros are clipped\nkl: more")
        assert "human: ce_human: 3 zeros are clipped" in answer_of(run).notes
        assert "human: kl: more" not in answer_of(run).notes

    def test_strata_stand_down(self) -> None:
        run = scored("human", VALUES)
        names = ["all", *(f"truth={number}" for number in range(MOST_STRATA + 5))]
        shape = (1, 2, len(names))
        values = np.arange(np.prod(shape), dtype="f8").reshape(shape)
        record = replace(
            run.scores,
            value=values,
            low=values,
            high=values,
            n=np.full(shape, 7),
            why=np.full(shape, ""),
            stratum=np.array(names),
            samples=np.zeros((*shape, 2), "f4"),
        )
        answer = answer_of(replace(run, scores=record), by="truth")
        assert answer.table is not None
        assert answer.table.header == ["truth", "accuracy", "95 %", "ce_human", "95 %", "n"]
        assert texts(answer.table)[:2] == [
            ["all", "0.000", ".000–.000", "20.000", "20.000–20.000", "7"],
            ["0", "1.000", "1.000–1.000", "21.000", "21.000–21.000", "7"],
        ]
        assert len(answer.table.rows) == MOST_STRATA
        assert "6 more strata are in --detail" in answer.notes
        assert (
            "Strata of fewer than 20 items say little: all, 0, 1, 2, 3, 4, 5, 6, …" in answer.notes
        )

    def test_strata_of_enough_items_with_room_for_intervals(self) -> None:
        run = scored("human", VALUES)
        assert answer_of(run, by="truth").notes == answer_of(run).notes
        table = answer_of(run, by="truth").table
        assert table is not None
        assert table.header == ["truth", "accuracy", "95 %", "ce_human", "95 %", "n"]


class TestTwoRuns:
    hard = drawn(scored("hard", VALUES), 0.0, 0.0)

    def test_a_difference_that_can_be_told(self) -> None:
        human = drawn(scored("human", {"accuracy": 0.9, "ce_human": 0.45}), -0.06, -0.04)
        answer = answer_of(self.hard, human)
        (sentence,) = answer.sentences
        assert sentence.startswith("human differs from hard by −0.050 (−.0")
        assert "in ce_human" in sentence
        assert answer.table is not None
        assert answer.table.header == ["metric", "hard", "human", "difference", "95 %"]
        assert [row[3] for row in texts(answer.table)] == ["*0.000", "*−0.050"]

    def test_one_that_cannot(self) -> None:
        human = drawn(scored("human", {"accuracy": 0.91, "ce_human": 0.49}), -0.1, 0.1)
        (sentence,) = answer_of(self.hard, human).sentences
        assert sentence.startswith("No difference in ce_human can be told between human and hard")
        assert "; no difference in accuracy can be told: +0.010 (" in sentence

    def test_without_a_baseline_nothing_is_compared(self) -> None:
        answer = answer_of(self.hard, scored("human", VALUES), compare=False)
        assert answer.table is not None
        assert answer.table.header == ["metric", "hard", "95 %", "human", "95 %"]
        assert "differs" not in " ".join(answer.sentences)

    def test_runs_that_are_not_paired_say_why(self) -> None:
        other = scored("human", VALUES, items="others")
        answer = answer_of(scored("hard", VALUES), other)
        why = "human: not paired: the runs have different items or labels."
        assert answer.sentences == [why]

    def test_strata_have_their_differences(self) -> None:
        answer = answer_of(self.hard, drawn(scored("human", VALUES), 0.1, 0.2), by="truth")
        assert answer.table is not None
        header = ["truth", "hard", "human", "difference", "95 %", "n"]
        assert (answer.table.title, answer.table.header) == ("ce_human", header)
        plain = answer_of(self.hard, drawn(scored("human", VALUES), 0.1, 0.2)).table
        assert plain is not None
        of_all = next(row for row in texts(plain) if row[0] == "ce_human ↓")
        assert texts(answer.table)[0][1:5] == of_all[1:5]
        assert "with --detail: accuracy" in answer.notes


def test_many_runs_stand_down() -> None:
    runs = [scored(f"run {number}", VALUES) for number in range(6)]
    answer = answer_of(*runs, compare=False)
    assert answer.table is not None
    assert answer.table.header == ["run", "accuracy ↑", "ce_human ↓"]
    assert len(answer.table.rows) == 6
    across = answer_of(*runs[:5], compare=False).table
    assert across is not None
    assert across.header == ["metric", *(run.name for run in runs[:5])]


def test_only_the_first_comparisons_are_sentences() -> None:
    runs = [drawn(scored(f"run {number}", VALUES), 0.0, number) for number in range(6)]
    answer = answer_of(*runs)
    assert len(answer.sentences) == 4
    assert answer.sentences[-1] == "2 more comparisons are in --detail."


@pytest.mark.parametrize("compare", [True, False])
def test_data_sets_stand_across(compare: bool) -> None:
    runs = near_and_far().scored
    pairs = pairs_with_first(runs) if compare else []
    answer = score_answer(Shown(runs, pairs, ["accuracy", "ce_hard", "sba"]), "")
    assert answer.table is not None
    assert answer.table.title == "ce_hard ↓"
    assert answer.table.header == ["training", "near", "far"]
    assert [[text.lstrip("*") for text in row] for row in texts(answer.table)] == [
        ["hard", "0.300", "4.000"],
        ["human", "0.200", "3.000"],
    ]
    assert "with --detail: intervals, accuracy, sba" in answer.notes
    assert any(sentence.startswith("near: ") for sentence in answer.sentences) == compare
