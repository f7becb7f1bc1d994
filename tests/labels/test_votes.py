"""From judgments to votes: who is left out, what words stand for, and the counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas
import pytest
from formats.files import counts_of as as_array
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import LabelEncoder

from c10h.errors import AmbiguousError, InputError, MismatchError, SchemaError
from c10h.formats.judgments import Codes, Judgments
from c10h.labels.judgment_filtering import attention_of, in_time
from c10h.labels.judgment_filters import Filters
from c10h.labels.votes import Exclusion, Votes, count_votes
from c10h.records import Array, Labels

Column = Sequence[Any] | Array
EVERYTHING = Filters()
SOME = Filters(min_votes=1)


def codes(column: Column) -> Codes:
    known = sorted({str(word) for word in column if word is not None})
    row = [len(known) if word is None else known.index(str(word)) for word in column]
    return Codes(np.array(known, dtype=np.str_), np.array(row, dtype=np.uint32))


def table(who: Column, what: Column, said: Column, **more: Any) -> Judgments:
    """Judgments from lists or words; check and correct are flags, rt numbers."""
    flags = {"check": bool, "correct": bool, "rt": float}
    parts: dict[str, Any] = {
        part: np.array(column, dtype=flags[part]) if part in flags else codes(column)
        for part, column in more.items()
    }
    return Judgments("t.csv", codes(who), codes(what), codes(said), **parts)


def counts_of(votes: Votes) -> list[list[int]]:
    return as_array(votes.labels).tolist()


def ids_of(labels: Labels) -> list[str] | None:
    return None if labels.ids is None else labels.ids.tolist()


class TestCounting:
    def test_votes_of_each_item(self) -> None:
        votes = count_votes(table("abcab", [0, 0, 0, 1, 1], [0, 1, 1, 2, 2]), EVERYTHING)
        assert counts_of(votes) == [[1, 2, 0], [0, 0, 2]]
        assert votes.labels.counts is not None
        assert votes.labels.counts.dtype == np.int32
        np.testing.assert_array_equal(votes.labels.probs[0:2], [[1 / 3, 2 / 3, 0], [0, 0, 1]])
        assert votes.labels.classes == ("0", "1", "2")
        assert votes.labels.ids is None
        assert (votes.trials, votes.checks, votes.repeated, votes.dropped) == (5, 0, 0, 0)

    def test_the_order_of_rows_does_not_matter(self, random: np.random.Generator) -> None:
        who, what, said = (random.integers(0, size, 200) for size in (9, 20, 4))
        what[:20], said[:4] = np.arange(20), np.arange(4)
        first = count_votes(table(who, what, said), EVERYTHING)
        order = random.permutation(200)
        second = count_votes(table(who[order], what[order], said[order]), EVERYTHING)
        assert counts_of(first) == counts_of(second)
        for name, values in first.labels.annotators.items():
            np.testing.assert_array_equal(values, second.labels.annotators[name])

    def test_judgments_that_count_keep_the_order_of_the_table(self) -> None:
        judgments = table("bab", [1, 0, 0], [0, 1, 1], rt=[3, 1, 2])
        votes = count_votes(judgments, Filters(rt_max=2, min_votes=1), classes="xy")
        assert votes.annotator.tolist() == [0, 1]
        assert votes.item.tolist() == [0, 0]
        assert votes.label.tolist() == [1, 1]
        assert votes.rt is not None
        assert votes.rt.tolist() == [1, 2]
        assert votes.annotator.dtype == votes.item.dtype == votes.label.dtype == np.uint32

    def test_blocks_of_counts_are_those_of_the_whole(self, random: np.random.Generator) -> None:
        what, said = np.repeat(np.arange(50), 4), random.integers(0, 5, 200)
        counts = count_votes(table("a" * 200, what, said), EVERYTHING, list("vwxyz")).labels.counts
        assert counts is not None
        blocks = [counts[start : start + 7] for start in range(0, 50, 7)]
        np.testing.assert_array_equal(np.vstack(blocks), counts[:])
        assert counts[3:3].shape == (0, 5)

    def test_one_judgment(self) -> None:
        assert counts_of(count_votes(table("a", "0", "1"), EVERYTHING, ["x", "y"])) == [[0, 1]]

    @pytest.mark.parametrize("seed", range(20))
    def test_counts_as_pandas_groups_them(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        size, items, classes = (int(random.integers(low, 60)) for low in (40, 1, 2))
        frame = pandas.DataFrame({
            "who": random.integers(0, 12, size),
            "what": random.integers(0, items, size) * 3,
            "said": random.integers(0, classes, size),
            "check": random.random(size) < 0.3,
            "right": random.random(size) < 0.7,
            "rt": random.exponential(1, size).round(1),
        })  # fmt: skip
        judgments = table(
            frame.who, frame.what, frame.said, check=frame.check, correct=frame.right, rt=frame.rt
        )
        limit = Filters(0.5, rt_min=0.1, rt_max=2, min_votes=2)
        attention = frame[frame.check].groupby("who").right.mean()
        out = set(attention.index[attention < 0.5])
        kept = frame[~frame.check & ~frame.who.isin(out) & frame.rt.between(0.1, 2)]
        wanted = pandas.crosstab(kept.what, kept.said).reindex(columns=range(classes), fill_value=0)
        wanted = wanted[wanted.sum(axis=1) >= 2]
        if wanted.empty:
            with pytest.raises(InputError, match=r"no judgment is left|no item has 2"):
                count_votes(judgments, limit, [f"c{one}" for one in range(classes)])
            return
        votes = count_votes(judgments, limit, [f"c{one}" for one in range(classes)])
        assert counts_of(votes) == wanted.to_numpy().tolist()
        assert (ids_of(votes.labels) or ["0"]) == [str(one) for one in wanted.index]
        judged = kept[kept.what.isin(wanted.index)]
        repeats = judged.duplicated(["who", "what"])
        assert votes.repeated == repeats.sum()
        assert votes.repeaters == judged[repeats].who.nunique()
        assert {one.name for one in votes.excluded_of("annotator")} == set(map(str, out))
        late = ~frame.check & ~frame.who.isin(out) & ~frame.rt.between(0.1, 2)
        assert votes.late.tolist() == np.flatnonzero(late).tolist()
        given = judged.who.value_counts()
        people = votes.labels.annotators
        assert people["votes"].tolist() == [given.get(int(one), 0) for one in people["id"]]
        trials = frame[~frame.check].who.value_counts()
        assert people["trials"].tolist() == [trials.get(int(one), 0) for one in people["id"]]


class TestAttention:
    CHECKED = table(
        "aabbccda", [0, None, 0, None, 0, None, 0, None], [0, 0, 1, 0, 1, 0, 0, 0],
        check=[0, 1, 0, 1, 0, 1, 0, 1], correct=[0, 1, 0, 0, 1, 1, 0, 0],
    )  # fmt: skip

    def test_share_of_passed_checks(self) -> None:
        found = attention_of(self.CHECKED, EVERYTHING)
        np.testing.assert_array_equal(found, [0.5, 0, 1, np.nan])

    @pytest.mark.parametrize(
        ("least", "out"),
        [(None, "ab"), (0, ""), (0.5, "b"), (0.500001, "ab"), (1, "ab")],
    )
    def test_under_the_bound_is_out_and_at_it_is_in(self, least: float | None, out: str) -> None:
        votes = count_votes(self.CHECKED, Filters(least), ["x", "y"])
        assert [one.name for one in votes.excluded_of("annotator")] == list(out)
        assert votes.labels.annotators["excluded"].tolist() == [one in out for one in "abcd"]
        assert votes.trials == votes.checks == 4
        assert len(votes.label) == 4 - len(out)

    def test_what_an_exclusion_tells(self) -> None:
        found = count_votes(self.CHECKED, EVERYTHING, ["x", "y"]).excluded_of("annotator")[0]
        assert (found.name, found.reason) == ("a", "attention below 0.75")
        assert (found.value, found.judgments) == (0.5, 1)

    def test_summary_for_the_lineage(self) -> None:
        assert count_votes(self.CHECKED, EVERYTHING, ["x", "y"]).summary() == {
            "annotators": 2, "annotators-named": ["a", "b"], "judgments-of-annotators": 2,
        }  # fmt: skip

    def test_without_correct_answers_nobody_is_out(self) -> None:
        judgments = table("ab", [0, 0], [0, 1], check=[0, 0])
        assert attention_of(judgments, EVERYTHING) is None
        assert "attention" not in count_votes(judgments, EVERYTHING).labels.annotators
        with pytest.raises(InputError, match="--min-attention needs the columns --check"):
            count_votes(judgments, Filters(0.5))

    @pytest.mark.parametrize("least", [-0.1, 1.1, 75, float("nan"), float("inf")])
    def test_a_bound_that_is_no_share(self, least: float) -> None:
        with pytest.raises(InputError, match=f"--min-attention {least:g}: expected a share"):
            count_votes(self.CHECKED, Filters(least), ["x", "y"])

    def test_nobody_is_left(self) -> None:
        judgments = table("ab", [0, None], [0, 1], check=[0, 1], correct=[0, 0])
        assert len(count_votes(judgments, EVERYTHING, ["x", "y"]).label) == 1  # a had no check
        judgments = table("aa", [0, None], [0, 1], check=[0, 1], correct=[0, 0])
        says = "no judgment is left: 1 of 1 annotators have an attention below 0.75"
        with pytest.raises(InputError, match=says):
            count_votes(judgments, EVERYTHING, ["x", "y"])

    def test_checks_only(self) -> None:
        with pytest.raises(SchemaError, match="found only attention checks"):
            count_votes(table("ab", [0, 0], [0, 1], check=[1, 1]), EVERYTHING)


class TestTimes:
    TIMED = table("abcd", [0, 0, 0, 0], [0, 1, 0, 1], rt=[100, 200, np.nan, 300])

    @pytest.mark.parametrize(
        ("low", "high", "kept"),
        [
            (None, None, [1, 1, 1, 1]),
            (100, 300, [1, 1, 0, 1]),
            (100.5, None, [0, 1, 0, 1]),
            (None, 200, [1, 1, 0, 0]),
            (200, 200, [0, 1, 0, 0]),
        ],
    )
    def test_bounds_are_included_and_missing_times_are_out(
        self, low: float | None, high: float | None, kept: list[int]
    ) -> None:
        limit = Filters(rt_min=low, rt_max=high)
        assert in_time(self.TIMED, limit).tolist() == kept
        votes = count_votes(self.TIMED, limit, ["x", "y"])
        assert votes.late.tolist() == [row for row, one in enumerate(kept) if not one]
        np.testing.assert_array_equal(votes.late_rt, self.TIMED.rt[votes.late])  # type: ignore[index]

    def test_slow_checks_count_as_checks(self) -> None:
        parts = {"check": [0, 1, 1], "correct": [0, 0, 1], "rt": [1, 99, 1]}
        judgments = table("aaa", [0, None, None], [0, 0, 0], **parts)
        votes = count_votes(judgments, Filters(0.5, rt_max=10), ["x", "y"])
        assert votes.labels.annotators["attention"].tolist() == [0.5]
        assert len(votes.late) == 0

    @pytest.mark.parametrize(("low", "high"), [(2, 1), (float("nan"), None), (1, float("nan"))])
    def test_bounds_that_leave_nothing(self, low: float, high: float | None) -> None:
        with pytest.raises(InputError, match=r"--rt-min .* with --rt-max .*: no time"):
            in_time(self.TIMED, Filters(rt_min=low, rt_max=high))

    def test_no_judgment_is_in_time(self) -> None:
        with pytest.raises(InputError, match="no judgment is left: 0 of 4 annotators"):
            count_votes(self.TIMED, Filters(rt_min=1e9), ["x", "y"])

    def test_times_are_needed(self) -> None:
        with pytest.raises(InputError, match="--rt-min and --rt-max need the column --rt"):
            count_votes(table("a", "0", "0"), Filters(rt_min=1), ["x", "y"])


class TestRepeats:
    def test_they_are_kept_and_counted(self) -> None:
        votes = count_votes(table("aaabb", [0, 0, 0, 0, 1], [0, 0, 1, 1, 1]), EVERYTHING)
        assert counts_of(votes) == [[2, 2], [0, 1]]
        assert (votes.repeated, votes.repeaters) == (2, 1)

    def test_of_several_annotators(self) -> None:
        votes = count_votes(table("aabbc", [0] * 5, [0, 1, 0, 1, 1]), EVERYTHING)
        assert (votes.repeated, votes.repeaters) == (2, 2)

    def test_of_an_excluded_annotator_do_not_count(self) -> None:
        parts = {"check": [0, 0, 1, 0], "correct": [0, 0, 0, 0]}
        votes = count_votes(table("aaab", [0, 0, None, 0], [0, 1, 0, 1], **parts), EVERYTHING, "xy")
        assert (votes.repeated, votes.repeaters) == (0, 0)


class TestFewJudgments:
    THREE = table("abcab", [0, 0, 0, 2, 2], [0, 1, 1, 0, 1])

    def test_numbers_with_a_gap_are_ids(self) -> None:
        votes = count_votes(self.THREE, EVERYTHING)
        assert counts_of(votes) == [[1, 2], [1, 1]]
        assert ids_of(votes.labels) == ["0", "2"]
        assert votes.dropped == 0
        assert votes.summary() == {}

    @pytest.mark.parametrize("first", [1, 7, 2**53 + 1, 10**18 - 3])
    def test_so_are_numbers_that_do_not_begin_at_0(self, first: int) -> None:
        numbers = [first, first + 1, first + 2]
        votes = count_votes(table("aaa", numbers, [0, 1, 1]), EVERYTHING)
        assert ids_of(votes.labels) == [str(one) for one in numbers]

    def test_numbers_without_a_gap_are_positions(self) -> None:
        assert ids_of(count_votes(table("aaa", [1, 2, 0], [0, 1, 1]), EVERYTHING).labels) is None

    def test_items_with_fewer_are_listed(self) -> None:
        votes = count_votes(self.THREE, Filters(min_votes=3))
        assert counts_of(votes) == [[1, 2]]
        assert ids_of(votes.labels) == ["0"]
        (found,) = votes.excluded
        assert (found.what, found.name, found.reason) == ("item", "2", "fewer than 3 judgments")
        assert (found.value, found.judgments) == (2, 2)
        assert votes.summary() == {"items": 1, "judgments-of-items": 2}
        assert votes.labels.annotators["votes"].tolist() == [1, 1, 1]

    def test_none_has_enough(self) -> None:
        with pytest.raises(InputError, match="no item has 4 judgments, the most is 3"):
            count_votes(self.THREE, Filters(min_votes=4))

    def test_less_than_none(self) -> None:
        with pytest.raises(InputError, match="--min-votes -1: expected 0 or more"):
            count_votes(self.THREE, Filters(min_votes=-1))

    def test_an_item_whose_judgments_are_all_excluded(self) -> None:
        judgments = table("abb", [0, 1, 0], [0, 1, 1], rt=[1, 9, 1])
        says = "1 of 2 items have no judgment, for example 1:"
        with pytest.raises(InputError, match=says):
            count_votes(judgments, Filters(rt_max=5))
        votes = count_votes(judgments, Filters(rt_max=5, min_votes=1))
        assert ids_of(votes.labels) == ["0"]
        assert [(one.name, one.value) for one in votes.excluded_of("item")] == [("1", 0)]

    def test_the_number_of_items_may_be_known(self) -> None:
        judgments = table("ab", [0, 1], [0, 1])
        with pytest.raises(InputError, match="2 of 4 items have no judgment, for example 2:"):
            count_votes(judgments, EVERYTHING, size=4)
        votes = count_votes(judgments, SOME, size=4)
        assert votes.dropped == 0  # nothing of the table
        assert ids_of(votes.labels) == ["0", "1"]  # which are not all items
        with pytest.raises(MismatchError, match="expected 1 item, found item 1"):
            count_votes(judgments, EVERYTHING, size=1)


class TestNumbersOfItems:
    @pytest.mark.parametrize(
        ("words", "order"),
        [
            (["10", "9", "0"], ["0", "9", "10"]),
            (["10.0", "9.0", "0.0"], ["0", "9", "10"]),
            (["b", "a", "B"], ["B", "a", "b"]),
            (["10", "9", "007"], ["007", "10", "9"]),
            (["i10", "i9", "i1"], ["i1", "i10", "i9"]),
            (["0", "999999999999999999", "5"], ["0", "5", "999999999999999999"]),
            (["1", "9" * 19, "x"], ["1", "9" * 19, "x"]),
            (["2.5", "-x", "-1"], ["-1", "-x", "2.5"]),
        ],
    )
    def test_by_number_where_all_are_else_by_code_points(
        self, words: list[str], order: list[str]
    ) -> None:
        votes = count_votes(table("aaa", words, [0, 1, 2]), SOME)
        assert ids_of(votes.labels) == order
        number = {word.removesuffix(".0"): label for label, word in enumerate(words)}
        assert [row.index(1) for row in counts_of(votes)] == [number[one] for one in order]

    @pytest.mark.parametrize("words", [["0", "-99999"], ["-1", "-2"], ["0.0", "-99999.0"]])
    def test_negative_numbers_mean_no_item(self, words: list[str]) -> None:
        with pytest.raises(SchemaError, match="expected item numbers of 0 or more, found -"):
            count_votes(table("ab", words, [0, 1]), SOME)

    def test_one_number_in_two_spellings_is_not_two_items(self) -> None:
        """As after joining a file with a column of whole numbers and one with gaps."""
        judgments = table("aabb", ["0", "1", "0.0", "1.0"], [0, 1, 1, 0])
        try:
            votes = count_votes(judgments, EVERYTHING)
        except InputError:
            return
        assert len(counts_of(votes)) == 2

    def test_annotators_are_in_the_order_of_their_numbers(self) -> None:
        votes = count_votes(table(["10", "9", "9"], [0, 0, 1], [0, 1, 1]), EVERYTHING)
        assert votes.labels.annotators["id"].tolist() == ["9", "10"]
        assert votes.labels.annotators["votes"].tolist() == [2, 1]
        assert votes.annotator.tolist() == [1, 0, 0]


class TestClasses:
    def test_numbers_without_a_gap_are_the_classes(self) -> None:
        votes = count_votes(table("abc", [0, 0, 0], ["2.0", "0.0", "1.0"]), EVERYTHING)
        assert votes.labels.classes == ("0", "1", "2")

    @pytest.mark.parametrize("labels", [["0", "2"], ["0", "0"], ["1", "1"]])
    def test_else_their_number_is_not_known(self, labels: list[str]) -> None:
        judgments = table("ab", [0, 0], labels)
        with pytest.raises(AmbiguousError, match="do not say how many classes there are: use --c"):
            count_votes(judgments, EVERYTHING)
        votes = count_votes(judgments, EVERYTHING, ["x", "y", "z"])
        assert counts_of(votes) == [[labels.count(one) for one in "012"]]

    def test_words_are_sorted_by_code_points(self) -> None:
        labels = ["dog", "Zebra", "cat", "ärger", "dog"]
        votes = count_votes(table("abcde", [0] * 5, labels), EVERYTHING)
        assert votes.labels.classes == ("Zebra", "cat", "dog", "ärger")
        assert counts_of(votes) == [[1, 1, 2, 1]]
        said = "classes: Zebra, cat, dog, ärger (sorted; --classes sets a different order)"
        assert votes.notes == [said]
        votes = count_votes(table("ab", [0, 0], ["cat", "dog"]), EVERYTHING, ["dog", "bird", "cat"])
        assert counts_of(votes) == [[1, 0, 1]]
        assert not votes.notes

    @given(st.lists(st.text("bcxyzBC é-", min_size=1), min_size=2, max_size=9))
    def test_as_scikit_learn_encodes_them(self, labels: list[str]) -> None:
        labels = [label.strip() or "neither" for label in labels]
        encoder = LabelEncoder().fit(labels)
        words = encoder.classes_
        if len(words) < 2 or len({word.casefold() for word in labels}) < len(words):
            return
        votes = count_votes(table("a" * len(labels), range(len(labels)), labels), EVERYTHING)
        assert votes.labels.classes == tuple(words.tolist())
        chosen = np.argmax(counts_of(votes), axis=1)
        assert chosen.tolist() == encoder.transform(labels).tolist()

    def test_many_classes_are_told_in_short(self) -> None:
        labels = [f"c{number:02}" for number in range(40)]
        (note,) = count_votes(table("a" * 40, range(40), labels), EVERYTHING).notes
        assert note.endswith("c11, ... (40, sorted; --classes sets a different order)")

    @pytest.mark.parametrize("labels", [["cat", "Cat", "dog"], ["STRASSE", "straße"]])
    def test_words_that_differ_in_case_alone_are_asked_about(self, labels: list[str]) -> None:
        judgments = table("a" * len(labels), range(len(labels)), labels)
        with pytest.raises(
            AmbiguousError, match=r"are the labels .* one class\? --classes names the classes"
        ):
            count_votes(judgments, EVERYTHING)
        assert len(counts_of(count_votes(judgments, EVERYTHING, labels))) == len(labels)

    @pytest.mark.parametrize("labels", [["cat", "cat"], [f"w{n}" for n in range(10_001)]])
    def test_one_word_or_too_many_are_hardly_the_classes(self, labels: list[str]) -> None:
        judgments = table("a" * len(labels), range(len(labels)), labels)
        with pytest.raises(AmbiguousError, match="do not say how many classes there are"):
            count_votes(judgments, EVERYTHING)

    @pytest.mark.parametrize("odd", ["cow", "1st", "0x1"])
    def test_a_word_among_numbers_is_a_slip(self, odd: str) -> None:
        says = f"row 1: expected a class number as in the other rows, found '{odd}'"
        with pytest.raises(SchemaError, match=says):
            count_votes(table("aab", [0, 1, 0], ["0", odd, "1"]), EVERYTHING)

    @pytest.mark.parametrize(
        ("labels", "wanted"),
        [
            (["-2", "1", "0"], "-2,0,1"),
            (["1.5", "10.5", "2.5"], "1.5,2.5,10.5"),
            (["0", "01", "2"], "0,01,2"),
        ],
    )
    def test_numbers_that_are_no_classes_are_asked_for(
        self, labels: list[str], wanted: str
    ) -> None:
        judgments = table("aaa", [0, 1, 2], labels)
        with pytest.raises(AmbiguousError, match=f"--classes={wanted}$"):
            count_votes(judgments, EVERYTHING)
        votes = count_votes(judgments, EVERYTHING, wanted.split(","))
        chosen = [wanted.split(",").index(label) for label in labels]
        assert np.argmax(counts_of(votes), axis=1).tolist() == chosen

    def test_numbers_may_be_names(self) -> None:
        votes = count_votes(table("ab", [0, 0], [1, 2]), EVERYTHING, ["1", "2", "3"])
        assert counts_of(votes) == [[1, 1, 0]]

    def test_numbers_with_a_fraction_may_be_names(self) -> None:
        votes = count_votes(table("ab", [0, 0], ["1.0", "2.0"]), EVERYTHING, ["1.0", "2.0", "3.0"])
        assert counts_of(votes) == [[1, 1, 0]]

    @pytest.mark.parametrize("word", ["3", "-2", "1.5", "cow", "01"])
    def test_another_word_is_refused_with_its_row(self, word: str) -> None:
        with pytest.raises(SchemaError, match=f"row 1: expected a label among .* found '{word}'"):
            count_votes(table("ab", [0, 0], ["1", word]), EVERYTHING, ["x", "y", "z"])

    def test_a_number_among_names_is_no_class(self) -> None:
        with pytest.raises(SchemaError, match="row 1: expected a label among x, y, found '0'"):
            count_votes(table("aaa", [0, 1, 2], ["x", "0", "x"]), EVERYTHING, ["x", "y"])

    def test_words_of_rows_that_do_not_count_may_be_anything(self) -> None:
        parts = {"check": [0, 0, 1, 0], "correct": [0, 0, 0, 0], "rt": [1, 1, 1, 9]}
        judgments = table("abcb", [0, 0, None, 0], ["0", "1", "cow", "pig"], **parts)
        assert counts_of(count_votes(judgments, Filters(rt_max=5))) == [[1, 1]]

    def test_names_beside_the_numbers(self) -> None:
        judgments = table("abc", [0, 0, 0], [1, 0, 1], name=["dog", "cat", "dog"])
        assert count_votes(judgments, EVERYTHING).labels.classes == ("cat", "dog")
        assert count_votes(judgments, EVERYTHING, ["cat", "dog"]).labels.classes == ("cat", "dog")
        with pytest.raises(MismatchError, match="its classes cat, dog differ from --classes"):
            count_votes(judgments, EVERYTHING, ["dog", "cat"])

    @pytest.mark.parametrize(
        "names", [["dog", "cat", "pig"], ["cat", "cat", "cat"], ["dog", None, None]]
    )
    def test_names_that_contradict_themselves_are_not_used(self, names: list[str | None]) -> None:
        judgments = table("abc", [0, 0, 0], [1, 0, 1], name=names)
        assert count_votes(judgments, EVERYTHING).labels.classes == ("0", "1")


class TestTruth:
    def test_of_each_item(self) -> None:
        judgments = table("abc", ["y", "x", "y"], [0, 1, 1], true_label=["1", "0", "1"])
        votes = count_votes(judgments, EVERYTHING)
        assert votes.labels.truth is not None
        assert votes.labels.truth.tolist() == [0, 1]

    def test_by_name_beside_labels_by_number(self) -> None:
        judgments = table("ab", [0, 1], [0, 1], true_label=["dog", "cat"])
        votes = count_votes(judgments, EVERYTHING, ["cat", "dog"])
        assert votes.labels.truth is not None
        assert votes.labels.truth.tolist() == [1, 0]

    def test_of_excluded_annotators_tells_as_well(self) -> None:
        parts = {"check": [0, 0, 1], "correct": [0, 0, 0], "true_label": [1, 0, None]}
        judgments = table("abb", [0, 1, None], [0, 0, 0], **parts)
        votes = count_votes(judgments, SOME, ["x", "y"])
        assert votes.labels.truth is not None
        assert votes.labels.truth.tolist() == [1]

    def test_checks_do_not_tell(self) -> None:
        parts = {"check": [0, 1], "true_label": [1, 0]}
        votes = count_votes(table("ab", [0, 0], [0, 0], **parts), EVERYTHING, ["x", "y"])
        assert votes.labels.truth is not None
        assert votes.labels.truth.tolist() == [1]

    @pytest.mark.parametrize(
        ("truth", "says"),
        [
            ([0, 1], "item 0: expected one true label, found several"),
            (["7", "7"], "item 0: expected a true label among 0, 1, found '7'"),
        ],
    )
    def test_what_is_no_truth(self, truth: list[Any], says: str) -> None:
        with pytest.raises(SchemaError, match=says):
            count_votes(table("ab", [0, 0], [0, 1], true_label=truth), EVERYTHING)

    def test_one_class_in_two_spellings_is_one(self) -> None:
        judgments = table("ab", [0, 0], [0, 1], true_label=["1", "1.0"])
        truth = count_votes(judgments, EVERYTHING).labels.truth
        assert truth is not None
        assert truth.tolist() == [1]

    def test_one_row_may_tell_it_for_the_others(self) -> None:
        judgments = table("aab", [0, 1, 1], [0, 1, 1], true_label=[None, "", "1"])
        votes = count_votes(judgments, EVERYTHING)
        assert votes.labels.truth is not None
        assert votes.labels.truth.tolist() == [-1, 1]
        assert votes.notes == ["truth of 1 of 2 items"]

    @pytest.mark.parametrize("missing", [None, "", "NA", "nan", "-1", "None"])
    def test_of_some_items_only(self, missing: str | None) -> None:
        judgments = table("abc", "xyz", [0, 1, 1], true_label=["1", missing, "0"])
        votes = count_votes(judgments, EVERYTHING)
        assert votes.labels.truth is not None
        assert votes.labels.truth.tolist() == [1, -1, 0]
        assert votes.notes == ["truth of 2 of 3 items"]

    def test_of_no_item(self) -> None:
        votes = count_votes(table("ab", [0, 1], [0, 1], true_label=[None, None]), EVERYTHING)
        assert votes.labels.truth is None
        assert votes.notes == ["truth of 0 of 2 items"]

    def test_of_items_that_stay(self) -> None:
        judgments = table("aab", [0, 0, 1], [0, 1, 1], true_label=[None, None, "1"])
        votes = count_votes(judgments, Filters(min_votes=2))
        assert votes.labels.truth is None

    def test_words_that_nobody_chose_are_classes(self) -> None:
        judgments = table("ab", [0, 1], ["cat", "dog"], true_label=["ape", "dog"])
        votes = count_votes(judgments, EVERYTHING)
        assert votes.labels.classes == ("ape", "cat", "dog")
        assert votes.labels.truth is not None
        assert votes.labels.truth.tolist() == [0, 2]

    def test_numbers_beside_names_need_their_order(self) -> None:
        judgments = table("ab", [0, 1], ["cat", "dog"], true_label=[1, 0])
        with pytest.raises(AmbiguousError, match=r"labels are names .* and true labels numbers"):
            count_votes(judgments, EVERYTHING)
        votes = count_votes(judgments, EVERYTHING, ["dog", "cat"])
        assert votes.labels.truth is not None
        assert votes.labels.truth.tolist() == [1, 0]


class TestOneBased:
    def test_no_label_is_0(self) -> None:
        judgments = table("abc", [0, 1, 1], ["3", "1", "2.0"])
        says = r"no label is 0: if classes are counted from 1, use --one-based or --classes 1,2,3"
        with pytest.raises(AmbiguousError, match=says):
            count_votes(judgments, EVERYTHING)

    def test_they_are_shifted(self) -> None:
        judgments = table("abc", [0, 1, 1], ["3", "1", "2.0"], true_label=["3", "2", "2"])
        votes = count_votes(judgments, EVERYTHING, one_based=True)
        assert counts_of(votes) == [[0, 0, 1], [1, 1, 0]]
        assert votes.labels.classes == ("0", "1", "2")
        assert votes.labels.truth is not None
        assert votes.labels.truth.tolist() == [2, 1]
        assert not votes.notes

    def test_with_names(self) -> None:
        judgments = table("ab", [0, 0], ["1", "3"], true_label=["dog", "dog"])
        votes = count_votes(judgments, EVERYTHING, ["cat", "dog", "ape"], one_based=True)
        assert counts_of(votes) == [[1, 0, 1]]
        assert votes.labels.truth is not None
        assert votes.labels.truth.tolist() == [1]

    def test_or_matched_as_names(self) -> None:
        votes = count_votes(table("ab", [0, 0], ["1", "3"]), EVERYTHING, ["1", "2", "3"])
        assert counts_of(votes) == [[1, 0, 1]]
        assert not votes.notes

    def test_names_beside_the_numbers(self) -> None:
        judgments = table("abc", [0, 0, 0], [1, 2, 1], name=["cat", "dog", "cat"])
        votes = count_votes(judgments, EVERYTHING, one_based=True)
        assert (votes.labels.classes, counts_of(votes)) == (("cat", "dog"), [[2, 1]])

    @pytest.mark.parametrize(
        ("classes", "says"),
        [
            (None, r"labels 0, 1 do not say how many .* \(numbers begin at 1\)$"),
            (["a", "b", "c"], "row 0: expected a label among 1, 2, 3, found '0'$"),
        ],
    )
    def test_a_0_among_them(self, classes: list[str] | None, says: str) -> None:
        with pytest.raises(InputError, match=says):
            count_votes(table("ab", [0, 0], ["0", "1"]), EVERYTHING, classes, one_based=True)

    def test_words(self) -> None:
        with pytest.raises(
            InputError, match="--one-based: expected numbers as labels, found cat, dog"
        ):
            count_votes(table("ab", [0, 0], ["cat", "dog"]), EVERYTHING, one_based=True)

    def test_as_many_classes_as_the_highest_number(self) -> None:
        with pytest.raises(
            SchemaError, match=r"found '3': if classes are counted from 1, use --one-based"
        ):
            count_votes(table("ab", [0, 0], ["1", "3"]), EVERYTHING, ["x", "y", "z"])

    def test_counted_from_0_all_the_same(self) -> None:
        votes = count_votes(table("ab", [0, 0], ["1", "2"]), EVERYTHING, ["x", "y", "z"])
        assert counts_of(votes) == [[0, 1, 1]]
        assert votes.notes == ["no label is 0: classes are counted from 0 (--one-based: from 1)"]


DROP = Filters(drop_missing=True)
MISSING = [None, "", "NA", "na", "n/a", "NaN", "null", "None"]


class TestUnanswered:
    @pytest.mark.parametrize("word", MISSING)
    def test_are_refused_with_their_number_and_the_first(self, word: str | None) -> None:
        judgments = table("abcd", [0, 0, 1, 1], ["x", word, "y", word])
        says = (
            "2 of 4 judgments have no label, the first in row 1.*: --missing drop leaves them out"
        )
        with pytest.raises(SchemaError, match=says):
            count_votes(judgments, EVERYTHING)

    @pytest.mark.parametrize("word", MISSING)
    @pytest.mark.parametrize("labels", [["x", "y"], ["0", "1"]])
    def test_are_left_out(self, word: str | None, labels: list[str]) -> None:
        judgments = table("abcd", [0, 0, 1, 1], [labels[0], word, labels[1], word])
        votes = count_votes(judgments, DROP)
        assert counts_of(votes) == [[1, 0], [0, 1]]
        assert votes.summary() == {"judgments-without-label": 2}
        reason = f"label {word}" if word else "no label"
        assert list(votes.unanswered) == [
            Exclusion("judgment", row, reason, None, 1) for row in ("1", "3")
        ]
        assert votes.labels.annotators["votes"].tolist() == [1, 0, 1, 0]
        assert votes.trials == 4

    @pytest.mark.parametrize("word", ["-1", "-1.0"])
    def test_minus_1_is_one_among_numbers(self, word: str) -> None:
        votes = count_votes(table("abc", [0, 0, 1], ["0", word, "1"]), DROP)
        assert counts_of(votes) == [[1, 0], [0, 1]]
        with pytest.raises(SchemaError, match=r"row 1 \(-1"):
            count_votes(table("abc", [0, 0, 1], ["0", word, "1"]), EVERYTHING)

    def test_but_no_name_among_names(self) -> None:
        votes = count_votes(table("abc", [0, 0, 1], ["x", "-1", "y"]), DROP)
        assert votes.labels.classes == ("-1", "x", "y")

    @pytest.mark.parametrize("word", ["none", "NA", "-1"])
    def test_nor_what_classes_name(self, word: str) -> None:
        votes = count_votes(table("abc", [0, 0, 1], ["0", word, "1"]), DROP, [word, "0", "1"])
        assert counts_of(votes) == [[1, 1, 0], [0, 0, 1]]
        assert not votes.unanswered

    def test_an_item_that_nobody_answered_has_no_judgments(self) -> None:
        judgments = table("abc", [0, 1, 0], ["x", None, "y"])
        with pytest.raises(InputError, match="1 of 2 items have no judgment, for example 1"):
            count_votes(judgments, DROP)
        votes = count_votes(judgments, Filters(drop_missing=True, min_votes=1))
        assert ids_of(votes.labels) == ["0"]
        assert [one.name for one in votes.excluded_of("item")] == ["1"]

    def test_those_of_excluded_annotators_and_checks_need_none(self) -> None:
        parts = {"check": [0, 0, 1, 0], "correct": [0, 0, 0, 0]}
        judgments = table("abbc", [0, 0, None, 0], ["x", None, None, "y"], **parts)
        votes = count_votes(judgments, EVERYTHING)
        assert counts_of(votes) == [[1, 1]]
        assert votes.excluded_of("annotator")[0].judgments == 1
        assert not votes.unanswered

    def test_nothing_is_left(self) -> None:
        with pytest.raises(InputError, match=r"no judgment is left: .* 2 are left out by label"):
            count_votes(table("ab", [0, 0], [None, "NA"]), DROP)


class TestDropLabel:
    def test_by_name(self) -> None:
        judgments = table("abc", [0, 0, 0], ["x", "can't tell", "y"])
        votes = count_votes(judgments, Filters(drop_labels=("can't tell",)))
        assert (votes.labels.classes, counts_of(votes)) == (("x", "y"), [[1, 1]])
        assert votes.summary() == {"judgments-by-label": 1}
        assert list(votes.unwanted) == [Exclusion("judgment", "1", "label can't tell", None, 1)]

    def test_several_and_a_number(self) -> None:
        judgments = table("abcd", [0, 0, 0, 0], ["0", "99", "1", "-7"])
        votes = count_votes(judgments, Filters(drop_labels=("99", "-7")))
        assert counts_of(votes) == [[1, 1]]
        assert len(votes.unwanted) == 2

    def test_one_that_means_no_answer(self) -> None:
        judgments = table("abc", [0, 0, 0], ["x", "NA", "y"])
        votes = count_votes(judgments, Filters(drop_labels=("NA",)))
        assert (counts_of(votes), len(votes.unwanted), len(votes.unanswered)) == ([[1, 1]], 1, 0)

    def test_one_that_is_not_there(self) -> None:
        says = r"--drop-label unsre: no judgment has it; labels are unsure, x, y"
        with pytest.raises(InputError, match=says):
            count_votes(
                table("abc", [0, 0, 0], ["x", "unsure", "y"]), Filters(drop_labels=("unsre",))
            )

    @given(st.lists(st.sampled_from(["0", "1", "?", "NA", ""]), min_size=1, max_size=30))
    def test_what_is_left_is_counted(self, labels: list[str]) -> None:
        judgments = table("a" * len(labels), [0] * len(labels), labels)
        drop = ("?",) if "?" in labels else ()
        limit = Filters(drop_missing=True, drop_labels=drop)
        if not {"0", "1"} & {*labels}:
            with pytest.raises(InputError, match="no judgment is left"):
                count_votes(judgments, limit, ["0", "1"])
            return
        votes = count_votes(judgments, limit, ["0", "1"])
        assert counts_of(votes) == [[labels.count("0"), labels.count("1")]]
        assert len(votes.unwanted) == labels.count("?")
        assert len(votes.unanswered) == labels.count("NA") + labels.count("")


class TestUnordered:
    """Where the order of classes does not matter, labels are classes as they are."""

    @pytest.mark.parametrize("labels", [["1", "4"], ["7", "7"], ["0", "2"]])
    def test_numbers_with_gaps(self, labels: list[str]) -> None:
        judgments = table("ab", [0, 0], labels, true_label=["4", "4"])
        votes = count_votes(judgments, EVERYTHING, ordered=False)
        assert {*labels} <= {*votes.labels.classes}
        assert votes.labels.truth is not None
        assert votes.labels.classes[votes.labels.truth[0]] == "4"
        assert not votes.notes
