from __future__ import annotations

import pytest
import typer

from c10h.cli.options import one_of


def test_another_name_is_a_usage_error_that_lists_all() -> None:
    check = one_of(["a", "b"], "--x")
    assert check("a") == "a"
    assert check(None) is None
    with pytest.raises(typer.BadParameter, match="unknown value 'c': expected one of a, b"):
        check("c")
