"""Does an image classifier's uncertainty look like people's?

The Python door: ``c10h.score(logits, labels=votes)`` and the other functions of
:mod:`c10h.api.functions`, which are imported when they are first used (docs/python.md).
"""

# Importing typing would take longer than all else here.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from c10h.api.functions import (
        attack,
        build_labels,
        corrupt_images,
        import_images,
        predict,
        read,
        report,
        score,
        train,
        write,
    )

try:
    # An installation writes it, from git's tag.
    from c10h._version import __version__ as __version__
except ModuleNotFoundError:
    __version__ = "0.0"

__all__ = [
    "attack",
    "build_labels",
    "corrupt_images",
    "import_images",
    "predict",
    "read",
    "report",
    "score",
    "train",
    "write",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'c10h' has no attribute {name!r}")
    from c10h.api import functions

    function: object = getattr(functions, name)
    return function


def __dir__() -> list[str]:
    return [*globals(), *__all__]
