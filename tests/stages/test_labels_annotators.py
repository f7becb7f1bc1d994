"""The table of annotators: who is in it, in which order, and what is missing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from c10h.errors import C10hError, InputError
from c10h.formats.known_column_names import Columns
from c10h.labels.judgment_filters import Filters
from c10h.stages.labels_annotators import Annotators
from c10h.views.forms.json_text import plain
from stages.annotators import TABLE, describe_table

Describe = Callable[..., Annotators]


@pytest.fixture
def describe(tmp_path: Path) -> Describe:
    return partial(describe_table, tmp_path)


def by_name(found: Annotators, column: str) -> dict[str, Any]:
    values = plain(found.columns)
    return dict(zip(values["annotator"], values[column], strict=True))


class TestColumns:
    def test_every_annotator_is_there(self, describe: Describe) -> None:
        found = describe()
        assert list(found.columns) == [
            "annotator", "trials", "attention", "agreement", "agreement_low", "agreement_high",
            "kappa", "accuracy", "rt", "excluded",
        ]  # fmt: skip
        assert by_name(found, "trials") == {"a": 3, "b": 2, "c": 2, "d": 2}
        assert by_name(found, "attention") == {"a": 1, "b": 0.5, "c": None, "d": 0}
        assert by_name(found, "accuracy") == {
            "a": pytest.approx(2 / 3), "b": 0.5, "c": 0.5, "d": 1,
        }  # fmt: skip
        assert by_name(found, "rt") == {"a": 200, "b": 60, "c": 10, "d": 1.5}

    def test_the_inattentive_are_marked_and_not_compared_with(self, describe: Describe) -> None:
        found = describe()
        assert by_name(found, "excluded") == {"a": False, "b": True, "c": False, "d": True}
        # a has c alone: they differ on item 0, agree on item 1; item 2 is a's alone.
        assert by_name(found, "agreement") == {"a": 0.5, "b": 0.25, "c": 0.5, "d": 0.25}

    def test_the_median_is_of_those_who_count(self, describe: Describe) -> None:
        # a and c agree half of the time; b and d, who are excluded, a quarter.
        assert describe().median == describe(limit=1).median == 0.5
        # All count: each agrees with the others on 0 to 3 of the other votes.
        everybody = describe(filters=Filters(min_attention=0))
        assert everybody.median == np.median([*by_name(everybody, "agreement").values()])

    @pytest.mark.parametrize(("least", "excluded"), [(0, ""), (0.5, "d"), (0.51, "bd"), (1, "bd")])
    def test_the_bound_on_attention(self, describe: Describe, least: float, excluded: str) -> None:
        found = describe(filters=Filters(min_attention=least))
        assert {who for who, out in by_name(found, "excluded").items() if out} == set(excluded)
        assert found.threshold == least

    @pytest.mark.parametrize("least", [-0.1, 1.01, 2, float("nan")])
    def test_a_bound_that_is_no_share(self, describe: Describe, least: float) -> None:
        with pytest.raises(
            InputError, match=f"--min-attention {least:g}: expected a share from 0 to 1"
        ):
            describe(filters=Filters(min_attention=least))

    def test_a_bound_without_checks(self, describe: Describe) -> None:
        with pytest.raises(InputError, match="--min-attention needs the columns"):
            describe(
                "who,what,said\na,0,0\nb,0,1\n",
                Columns("who", "what", "said"),
                Filters(min_attention=0.5),
            )

    def test_what_the_table_does_not_tell_is_no_column(self, describe: Describe) -> None:
        found = describe("who,what,said\na,0,0\nb,0,1\n", Columns("who", "what", "said"))
        assert list(found.columns) == [
            "annotator", "trials", "agreement", "agreement_low", "agreement_high", "kappa",
        ]  # fmt: skip

    def test_bounds_on_time_leave_judgments_out(self, describe: Describe) -> None:
        found = describe(filters=Filters(rt_min=60, rt_max=250))
        assert by_name(found, "rt") == {"a": 150, "b": 70, "c": None, "d": None}

    def test_an_item_that_loses_all_judgments_is_no_error(self, describe: Describe) -> None:
        found = describe(filters=Filters(rt_min=60))
        assert by_name(found, "agreement")["d"] is None

    def test_bounds_that_leave_nothing(self, describe: Describe) -> None:
        with pytest.raises(C10hError, match="no judgment is left"):
            describe(filters=Filters(rt_min=10_000))

    def test_everybody_fails_the_checks(self, describe: Describe) -> None:
        table = "who,what,said,check,right\na,0,0,0,\na,,,1,0\nb,0,1,0,\nb,,,1,0\n"
        found = describe(table, Columns("who", "what", "said", "check", "right"))
        assert by_name(found, "excluded") == {"a": True, "b": True}
        assert by_name(found, "agreement") == {"a": None, "b": None}

    def test_an_annotator_with_checks_alone(self, describe: Describe) -> None:
        found = describe(TABLE + "e,,,1,1,,\n")
        assert by_name(found, "trials")["e"] == 0
        assert by_name(found, "attention")["e"] == 1
        for column in ("agreement", "kappa", "accuracy", "rt"):
            assert by_name(found, column)["e"] is None

    def test_one_judgment_of_all(self, describe: Describe) -> None:
        found = describe("who,what,said\na,0,0\n", Columns("who", "what", "said"))
        assert plain(found.columns) == {
            "annotator": ["a"], "trials": [1], "agreement": [None], "agreement_low": [None],
            "agreement_high": [None], "kappa": [None],
        }  # fmt: skip


class TestOrder:
    @pytest.mark.parametrize(
        ("sort", "names"),
        [
            ("agreement", "bdac"),
            ("attention", "dbac"),
            ("accuracy", "bcad"),
            ("rt", "dcba"),
            ("trials", "bcda"),
            ("annotator", "abcd"),
            ("agreement_high", "bdac"),
            ("excluded", "acbd"),
        ],
    )
    def test_lowest_first(self, describe: Describe, sort: str, names: str) -> None:
        assert "".join(describe(sort=sort).columns["annotator"]) == names

    @pytest.mark.parametrize(
        ("sort", "names"),
        [("attention", "abdc"), ("rt", "abcd"), ("annotator", "dcba"), ("trials", "abcd")],
    )
    def test_highest_first_and_missing_ones_last(
        self, describe: Describe, sort: str, names: str
    ) -> None:
        assert "".join(describe(sort=sort, descending=True).columns["annotator"]) == names

    def test_annotators_by_number(self, describe: Describe) -> None:
        rows = "".join(f"{who},0,0\n" for who in (10, 9, 100, 2))
        found = describe(f"who,what,said\n{rows}", Columns("who", "what", "said"), sort="annotator")
        assert found.columns["annotator"].tolist() == ["2", "9", "10", "100"]

    def test_a_limit_keeps_the_first(self, describe: Describe) -> None:
        found = describe(sort="annotator", limit=2)
        assert found.columns["annotator"].tolist() == ["a", "b"]
        assert found.total == 4
        assert len(describe(limit=99).columns["annotator"]) == 4

    @pytest.mark.parametrize("sort", ["attention", "rt", "accuracy", "excluded"])
    def test_a_column_that_is_not_there(self, describe: Describe, sort: str) -> None:
        with pytest.raises(InputError, match=f"--sort {sort}: expected one of annotator, "):
            describe("who,what,said\na,0,0\nb,0,1\n", Columns("who", "what", "said"), sort=sort)


def test_the_order_of_rows_does_not_matter(describe: Describe, random: np.random.Generator) -> None:
    header, *rows = TABLE.splitlines()
    turned = "\n".join([header, *(rows[place] for place in random.permutation(len(rows)))])
    assert plain(describe(turned).columns) == plain(describe().columns)
