"""A result in every form, in files and on terminals."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from c10h.cli import console
from c10h.views.display import WIDTH, Display
from c10h.views.table import Cell, Table

TABLE = Table("T", ["run", "value"], [[Cell("a"), Cell("0.5")]])
SHOWN = Display(
    lambda: [TABLE],
    lambda: {"a": float("nan")},
    lambda: [{"run": "a", "value": 0.5}, {"run": "b", "value": float("nan")}],
    lambda width: "-" * width + "\n",
)


class TestText:
    def test_programs_get_values(self) -> None:
        assert SHOWN.text("json") == '{\n  "a": null\n}\n'
        assert SHOWN.text("csv") == "run,value\na,0.5\nb,\n"

    def test_charts_are_below_the_tables_of_a_terminal_alone(self) -> None:
        assert SHOWN.text("terminal") == f"T\n\nrun  value\na      0.5\n\n{'-' * WIDTH}\n"
        assert "---\n" not in SHOWN.text("latex")
        assert SHOWN.text("markdown") == "### T\n\n| run | value |\n| :--- | ---: |\n| a | 0.5 |\n"

    def test_charts_without_tables_begin_at_once(self) -> None:
        charts = Display(list, dict, charts=lambda width: f"{width}\n")
        assert charts.text("terminal") == f"{WIDTH}\n"

    def test_no_charts(self) -> None:
        assert Display(lambda: [TABLE], dict).text("terminal").endswith("0.5\n")

    @pytest.mark.parametrize("form", ["terminal", "markdown", "latex", "csv"])
    def test_what_a_form_does_not_need_is_not_made(self, form: str) -> None:
        def refuse() -> None:
            raise AssertionError

        Display(SHOWN.tables, refuse, SHOWN.rows, SHOWN.charts).text(form)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class TestShow:
    @pytest.mark.parametrize("form", ["terminal", "json", "csv", "markdown"])
    def test_a_file_and_a_pipe_get_the_same(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
    ) -> None:
        console.show(SHOWN, form)
        console.show(SHOWN, form, str(tmp_path / "x"))
        assert capsys.readouterr().out == SHOWN.text(form) == (tmp_path / "x").read_text()

    def test_a_terminal_gets_charts_of_its_width(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stream = Terminal()
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setenv("COLUMNS", "33")
        console.show(SHOWN, "terminal")
        assert stream.getvalue().endswith(f"\n\n{'-' * 33}\n")

    def test_a_terminal_gets_json_as_it_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stream = Terminal()
        monkeypatch.setattr(sys, "stdout", stream)
        console.show(SHOWN, "json")
        assert stream.getvalue() == SHOWN.text("json")

    def test_beside_a_file_on_stdout_there_are_tables(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        console.show(SHOWN, "terminal", to_stderr=True)
        out, err = capsys.readouterr()
        assert (out, err) == ("", "T\n\nrun  value\na      0.5\n")
