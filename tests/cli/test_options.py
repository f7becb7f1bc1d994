from __future__ import annotations

import pytest
import typer

from c10h.cli.options import SCORE_FORMATS, one_of
from c10h.views.forms.tables import TABLE_FORMS


def test_names_that_help_tells_are_those_of_the_tables() -> None:
    assert set(SCORE_FORMATS) == {*TABLE_FORMS, "csv", "json"}


def test_another_name_is_a_usage_error_that_lists_all() -> None:
    check = one_of(["a", "b"], "--x")
    assert check("a") == "a"
    assert check(None) is None
    with pytest.raises(typer.BadParameter, match="unknown value 'c': expected one of a, b"):
        check("c")
