"""Formats of tables, read back the way their readers do."""

from __future__ import annotations

import csv
import io

import pytest

from c10h.views.forms.csv_rows import to_csv
from c10h.views.forms.markdown import escape_markdown, to_markdown
from c10h.views.forms.plain import to_plain
from c10h.views.table import (
    GAP,
    Cell,
    Table,
    group_line,
    header_groups,
    interval,
    number,
    sizes_of,
    split,
)

INF, NAN = float("inf"), float("nan")
TABLE = Table(
    "Scores",
    ["run", "sba ↑"],
    [[Cell("a_b|c"), Cell("0.5000", "0.4 to 0.6", best=True)], [Cell("long name"), Cell("-")]],
    notes=["a note"],
)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.12345, "0.1235"), (-2, "-2.0000"), (None, "-"), (NAN, "-"), (INF, "inf"), (-INF, "-inf")],
)
def test_numbers_have_four_decimals(value: float | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(0.1, 0.25, "0.1000 to 0.2500"), (1, INF, "1.0000 to inf"), (NAN, 1, ""), (None, None, "")],
)
def test_intervals(low: float | None, high: float | None, text: str) -> None:
    assert interval(low, high) == text


def test_plain_text_is_aligned() -> None:
    title, blank, *rows, last, note = to_plain([TABLE]).splitlines()
    assert (title, blank, last, note) == ("Scores", "", "", "a note")
    assert rows[0] == "run                      sba ↑"
    assert rows[1] == "a_b|c      0.5000 (0.4 to 0.6)"
    assert len({len(row) for row in rows}) == 1
    assert rows[2].split() == ["long", "name", "-"]


def test_names_command_no_terminal_and_break_no_row() -> None:
    names = "x\x1b[31m\ny"
    table = Table(names, ["run", names], [[Cell(names), Cell("1")]], notes=[names])
    for text in (to_plain([table]), to_markdown([table])):
        assert "\x1b" not in text
        assert text.count("y") == 4
        assert not [line for line in text.splitlines() if line.startswith("y")]


def test_names_in_headers_and_titles_are_no_markdown() -> None:
    table = Table("a*b\nc", ["run", "accuracy x|y\n↑"], [[Cell("m"), Cell("1")]])
    title, _, header, *_ = to_markdown([table]).splitlines()
    assert (title, header) == (r"### a\*b c", r"| run | accuracy x\|y ↑ |")


def test_names_are_no_markdown() -> None:
    """Entities, struck out text and the mathematics of GitHub are in names, too."""
    assert escape_markdown("a&lt; ~~b~~ $c$ *d*") == r"a\&lt; \~\~b\~\~ \$c\$ \*d\*"


def test_markdown_has_one_column_a_cell_and_the_best_in_bold() -> None:
    title, _, header, rule, first, second, _, note = to_markdown([TABLE]).splitlines()
    assert (title, note) == ("### Scores", "a note")
    assert header == "| run | sba ↑ |"
    assert rule == "| :--- | ---: |"
    assert first == r"| a\_b\|c | **0.5000** (0.4 to 0.6) |"
    assert second == "| long name | - |"


def test_csv_is_read_back() -> None:
    rows: list[list[object]] = [['a,"b"', 0.1 + 0.2, None, "inf"], ["naïve\nname", 3, "", 0]]
    text = to_csv(["run", "value", "low", "why"], rows)
    header, *found = csv.reader(io.StringIO(text))
    assert header == ["run", "value", "low", "why"]
    assert found == [
        ['a,"b"', "0.30000000000000004", "", "inf"],
        ["naïve\N{REPLACEMENT CHARACTER}name", "3", "", "0"],
    ]


class TestSplit:
    wide = Table(
        "T", ["run", *"abcdefgh"], [[Cell("x"), *(Cell("0.5", "0.1 to 0.2"),) * 8]], 1, ["n"]
    )

    def test_a_table_that_fits_is_left_alone(self) -> None:
        assert split(self.wide, 200) == [self.wide]

    @pytest.mark.parametrize("width", [1, 20, 40, 80])
    def test_parts_have_every_column_once_and_names_each_time(self, width: int) -> None:
        parts = split(self.wide, width)
        assert [name for part in parts for name in part.header[1:]] == list("abcdefgh")
        for part in parts:
            assert part.header[0] == "run"
            assert [len(row) for row in part.rows] == [len(part.header)]
            assert (
                len(part.header) == 2
                or 3 * len(part.header) + 10 * len(part.header[1:]) <= width + 3
            )

    def test_the_title_is_first_and_notes_are_last(self) -> None:
        parts = split(self.wide, 40)
        assert [part.title for part in parts] == ["T"] + [""] * (len(parts) - 1)
        assert [list(part.notes) for part in parts] == [[]] * (len(parts) - 1) + [["n"]]


class TestGroups:
    HEADER = ("network", "ece near ↓", "ece far ↓", "accuracy near ↑", "n")

    def table(self, *values: str) -> Table:
        return Table("", self.HEADER, [[Cell("a"), *map(Cell, values)]])

    def test_columns_of_one_first_word_and_arrow(self) -> None:
        groups = header_groups(self.table("1", "2", "3", "4"))
        assert [(group.title, group.names, group.first) for group in groups] == [
            ("", ["network"], 0),
            ("ece ↓", ["near", "far"], 1),
            ("", ["accuracy near ↑"], 3),
            ("", ["n"], 4),
        ]

    def test_names_of_rows_and_other_arrows_are_not_grouped(self) -> None:
        header = ["a b", "a c", "x d ↑", "x e ↓", "y ↑", "y ↑"]
        table = Table("", header, [[Cell("1")] * 6], 2)
        assert [group.title for group in header_groups(table)] == [""] * 6

    def test_the_title_stands_over_its_columns(self) -> None:
        table = self.table("0.1234", "0.5678", "0.9", "30")
        line = group_line(table, sizes_of(table))
        assert line == "         " + "ece ↓".center(14).rstrip()

    def test_a_title_that_is_longer_than_its_columns_has_room(self) -> None:
        table = Table("", ["n", "equivalent a", "equivalent b"], [[Cell("1")] * 3])
        sizes = sizes_of(table)
        assert sum(sizes[1:]) + GAP >= len("equivalent")
        assert group_line(table, sizes) == "   equivalent"
