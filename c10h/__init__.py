"""Does an image classifier's uncertainty look like people's?

The Python door: ``c10h.score(logits, labels=votes)`` and the other functions of
:mod:`c10h.api`, which are imported when they are first used (docs/python.md).
"""

# Importing typing would take longer than all else here.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from c10h.api.files import read, write
    from c10h.api.images import corrupt_images, import_images
    from c10h.api.labels import build_labels
    from c10h.api.networks import attack, predict, train
    from c10h.api.reports import report
    from c10h.api.scoring import score

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


_PLACES = {
    "attack": "networks",
    "build_labels": "labels",
    "corrupt_images": "images",
    "import_images": "images",
    "predict": "networks",
    "read": "files",
    "report": "reports",
    "score": "scoring",
    "train": "networks",
    "write": "files",
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'c10h' has no attribute {name!r}")
    from importlib import import_module

    function: object = getattr(import_module(f"c10h.api.{_PLACES[name]}"), name)
    return function


def __dir__() -> list[str]:
    return [*globals(), *__all__]
