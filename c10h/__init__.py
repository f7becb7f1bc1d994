"""Does an image classifier's uncertainty look like people's?

The Python door: ``c10h.score(logits, labels=votes)`` and the other functions of
:mod:`c10h.api`, which are imported when they are first used (docs/python.md).
"""

# Importing typing would take longer than all else here.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from c10h.api.files import read as read
    from c10h.api.files import write as write
    from c10h.api.images import corrupt_images as corrupt_images
    from c10h.api.images import import_images as import_images
    from c10h.api.labels import build_labels as build_labels
    from c10h.api.networks import attack as attack
    from c10h.api.networks import predict as predict
    from c10h.api.networks import train as train
    from c10h.api.reports import report as report
    from c10h.api.scoring import score as score

try:
    # An installation writes it, from git's tag.
    from c10h._version import __version__ as __version__
except ModuleNotFoundError:
    __version__ = "0.0"

# Each function, and the file of api/ that it is in.
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
__all__ = [*_PLACES]


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'c10h' has no attribute {name!r}")
    from importlib import import_module

    function: object = getattr(import_module(f"c10h.api.{_PLACES[name]}"), name)
    return function


def __dir__() -> list[str]:
    return [*globals(), *__all__]
