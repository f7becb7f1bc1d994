"""Functions by name."""

from __future__ import annotations

import sys

import pytest

from c10h.deferred import Deferred


def test_it_is_imported_when_it_is_called() -> None:
    sys.modules.pop("colorsys", None)
    function = Deferred("colorsys:rgb_to_hsv")
    assert "colorsys" not in sys.modules
    assert function(1.0, 0.0, b=0.0) == (0.0, 1.0, 1.0)
    import colorsys

    assert function.function is colorsys.rgb_to_hsv


@pytest.mark.parametrize("place", ["colorsys:nothing", "no_such_module:f"])
def test_what_there_is_not(place: str) -> None:
    with pytest.raises((AttributeError, ImportError)):
        Deferred(place)()
