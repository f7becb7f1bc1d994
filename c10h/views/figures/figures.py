"""The figures that a report can have, a row each: FIGURES. Nothing here imports numpy.

A figure is one function of the results of a report, and one row below. It says itself which kinds
of file it needs (:meth:`~c10h.stages.report.Results.expect`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from c10h.deferred import Deferred
from c10h.errors import InputError, unknown_name

if TYPE_CHECKING:
    from c10h.stages.report import Results
    from c10h.views.figures.figure_type import Figure

PAPER = "of the paper"
BESIDE = "of predictions and labels"


class FigureKind(NamedTuple):
    """A row of FIGURES. about: for help, in brackets.

    is_table: whether a table beside it says as much, so that it is shown only when asked for.
    takes_images: whether a file of images may be among its files.
    """

    figure: Callable[[Results], Figure]
    about: str = ""
    is_table: bool = False
    takes_images: bool = False


FIGURES: Mapping[str, FigureKind] = {
    "generalization": FigureKind(
        Deferred("c10h.views.figures.generalization:generalization"), PAPER, is_table=True
    ),
    "confidence": FigureKind(
        Deferred("c10h.views.figures.confidence:confidence"), PAPER, is_table=True
    ),
    "fit": FigureKind(Deferred("c10h.views.figures.fit:fit"), PAPER, takes_images=True),
    "pgd": FigureKind(Deferred("c10h.views.figures.pgd:pgd"), PAPER),
    "curves": FigureKind(Deferred("c10h.views.figures.curves:curves")),
    "entropy": FigureKind(Deferred("c10h.views.figures.entropy:entropy")),
    "reliability": FigureKind(Deferred("c10h.views.figures.reliability:reliability"), BESIDE),
    "entropies": FigureKind(Deferred("c10h.views.figures.entropies:entropies"), BESIDE),
    "confusions": FigureKind(Deferred("c10h.views.figures.confusions:confusions"), BESIDE),
}
# Made of pictures, not of numbers: c10h.views.gallery.
GALLERY = "gallery"
PICTURED: Mapping[str, str] = {GALLERY: "from predictions, labels and images, in this order"}


def figure(name: str, results: Results) -> Figure:
    """The figure of that name. Raises InputError for an unknown name or other kinds of file."""
    if name not in FIGURES:
        raise InputError(f"--figure: {unknown_name('figure', name, FIGURES)}")
    return FIGURES[name].figure(results)


def takes_images(name: str | None) -> bool:
    """Whether a file of images may be among the files of a figure."""
    return name is not None and name in FIGURES and FIGURES[name].takes_images


def names_with_notes() -> str:
    """All names for a help text, with what there is to know of them in brackets."""
    notes = {name: kind.about for name, kind in FIGURES.items()} | dict(PICTURED)
    parts = [
        ", ".join(names) + (f" ({about})" if about else "")
        for about, names in groupby(notes, key=lambda name: notes[name])
    ]
    return f"{', '.join(parts[:-1])}, or {parts[-1]}"
