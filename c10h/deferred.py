"""Functions by name, so that a table of them can be read before torch is imported."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from typing import Any


class Deferred:
    """A function that is imported when it is first called.

    place: "module:function".
    """

    def __init__(self, place: str) -> None:
        self.place = place

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self.function(*arguments, **keywords)

    @cached_property
    def function(self) -> Any:
        """The function itself."""
        module, _, name = self.place.partition(":")
        return getattr(import_module(module), name)
