"""Tables as LaTeX, and how they are made to fit a page."""

from __future__ import annotations

import re

import pytest

from c10h.views.forms.latex import to_latex
from c10h.views.table import Cell, Table

TEXT = ("0.5000", "0.4000 to 0.6000")


def tabulars(text: str) -> list[list[list[str]]]:
    """The cells of each tabular: by row, without rules and the gap behind a row."""
    found = re.findall(r"\\begin\{tabular\}\{.*?\}\n(.*?)\\end\{tabular\}", text, re.DOTALL)
    return [
        [
            [cell.strip() for cell in line.split(" \\\\")[0].split(" & ")]
            for line in body.splitlines()
            if "\\\\" in line
        ]
        for body in found
    ]


def wide(rows: int, columns: int) -> Table:
    """A table of values with intervals."""
    names = [f"metric{column}" for column in range(columns)]
    return Table("T", ["run", *names], [[Cell(f"r{k}"), *(Cell(*TEXT),) * columns]
                                        for k in range(rows)])  # fmt: skip


def test_a_small_table() -> None:
    table = Table("Scores", ["a_b", "ce ↓"], [[Cell("50 % & #1"), Cell("1", best=True)]],
                  notes=["95 %"])  # fmt: skip
    assert to_latex([table]).splitlines() == [
        "% Scores",
        r"\begingroup\small\setlength{\tabcolsep}{4pt}",
        r"\noindent",
        r"\begin{tabular}{@{}lr@{}}",
        r"\toprule",
        r"a\_b & ce $\downarrow$ \\",
        r"\midrule",
        r"50 \% \& \#1 & \textbf{1} \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\par\smallskip",
        r"\footnotesize\raggedright",
        r"\noindent 95 \%\par",
        r"\endgroup\medskip",
    ]


def test_titles_are_seen_where_there_are_several() -> None:
    text = to_latex([wide(1, 1), wide(1, 1)])
    assert text.count(r"\textbf{T}") == 2


def test_an_interval_is_below_its_value() -> None:
    (rows,) = tabulars(to_latex([wide(2, 2)]))
    assert rows[1] == ["r0", "0.5000", "0.5000"]
    assert rows[2] == ["", *[r"{\scriptsize 0.4000 to 0.6000}"] * 2]
    assert rows[3][0] == "r1"


def test_a_minus_is_one_and_a_star_takes_no_room() -> None:
    cells = [Cell("-0.0100*", "-0.0200 to -0.0050", best=True), Cell("-5 x"), Cell("a-5*")]
    (rows,) = tabulars(to_latex([Table("", ["run", "a", "b", "c"], [[Cell("x"), *cells]])]))
    assert rows[1][1:] == [r"\textbf{$-$0.0100}\rlap{*}", "$-$5 x", "a-5*"]
    assert rows[2][1] == r"{\scriptsize $-$0.0200 to $-$0.0050}"


@pytest.mark.parametrize(
    ("text", "cell"),
    [("0.5  -", "-"), ("0.5 yes", "yes"), ("0.5  NO", "NO")],
)
def test_the_words_of_checks_do_not_move_numbers(text: str, cell: str) -> None:
    (rows,) = tabulars(to_latex([Table("", ["check", "a"], [[Cell("x"), Cell(text)]])]))
    assert rows[1][1] == rf"0.5 \makebox[1.8em][r]{{{cell}}}"


def test_what_columns_share_is_above_them() -> None:
    names = ["accuracy near ↑", "accuracy far ↑", "ce ↓", "kl near", "kl far ↓"]
    text = to_latex([Table("", ["run", *names], [[Cell("x"), *(Cell("1"),) * 5]])])
    above, below, _ = text[text.index("\\toprule") :].split("\\\\\n")[:3]
    assert r"\multicolumn{2}{c}{accuracy $\uparrow$} &  & \multicolumn{2}{c}{kl}" in above
    assert r"\cmidrule(lr){2-3}\cmidrule(lr){5-6}" in below
    assert r"run & near & far & ce $\downarrow$ & near & far $\downarrow$" in below


def test_names_of_one_word_are_left_alone() -> None:
    (rows,) = tabulars(to_latex([Table("", ["run", "a", "a", "b ↑", "b ↓"],
                                       [[Cell("x"), *(Cell("1"),) * 4]])]))  # fmt: skip
    assert rows[0] == ["run", "a", "a", r"b $\uparrow$", r"b $\downarrow$"]


class TestFitting:
    def test_a_wide_table_of_few_runs_is_turned(self) -> None:
        (rows,) = tabulars(to_latex([wide(2, 9)]))
        assert rows[0] == ["", "r0", "r1"]
        assert [row[0] for row in rows[1::2]] == [f"metric{column}" for column in range(9)]

    def test_else_it_comes_in_parts_with_every_column_once(self) -> None:
        found = tabulars(to_latex([wide(9, 9)]))
        assert len(found) > 1
        assert [name for rows in found for name in rows[0][1:]] == [f"metric{k}" for k in range(9)]
        for rows in found:
            assert [row[0] for row in rows[1::2]] == [f"r{k}" for k in range(9)]

    def test_a_long_table_comes_in_parts_with_every_row_once(self) -> None:
        found = tabulars(to_latex([wide(100, 1)]))
        assert [row[0] for rows in found for row in rows[1::2]] == [f"r{k}" for k in range(100)]
        assert all(len(rows) <= 41 for rows in found)
        assert all(rows[0] == ["run", "metric0"] for rows in found)

    def test_long_names_are_broken_where_there_is_no_room(self) -> None:
        long = "one two three four five six seven eight nine ten eleven twelve"
        table = Table("", ["run", "a", "b"], [[Cell(long), Cell(*TEXT), Cell(*TEXT)]])
        (rows,) = tabulars(to_latex([table]))
        assert " ".join(row[0] for row in rows[1:]) == long
        short = Table("", ["run", "a"], [[Cell(long[:50]), Cell("1")]])
        assert len(tabulars(to_latex([short]))[0]) == 2

    def test_lists_are_broken_behind_commas(self) -> None:
        cell = Cell("0.1545 plug-in, 0.1637 miller-madow")
        (rows,) = tabulars(to_latex([Table("", ["metric", "people"], [[Cell("ce"), cell]])]))
        assert [row[1] for row in rows[1:]] == ["0.1545 plug-in,", "0.1637 miller-madow"]

    def test_nothing_to_show(self) -> None:
        (rows,) = tabulars(to_latex([Table("", ["run", "a"], [])]))
        assert rows == [["run", "a"]]


@pytest.mark.parametrize("name", ["[x]", "*x"])
def test_a_row_does_not_begin_with_an_option_of_the_row_before(name: str) -> None:
    text = to_latex([Table("", ["run", "a"], [[Cell(name), Cell("1")]])])
    assert f"\n{{}}{name} & 1 \\\\\n" in text


def test_letters_that_were_replaced_are_told_in_a_comment() -> None:
    text = to_latex([Table("", ["run"], [[Cell("猫")]])])
    assert text.startswith("% Not in pdfLaTeX, and replaced: 猫\n")
    assert "[U+732B]" in text


def test_no_name_leaves_its_comment_or_commands_a_terminal() -> None:
    text = to_latex([Table("a\nb\x1b[31m", ["run\nx"], [[Cell("a cell")]], notes=["c\nd\x1b"])])
    assert "% a b[U+FFFD][31m\n" in text
    assert "% Not in pdfLaTeX, and replaced: \N{REPLACEMENT CHARACTER}\n" in text
    assert "run x \\\\" in text
    assert "c d[U+FFFD]" in text
    assert all(letter.isprintable() or letter == "\n" for letter in text)
