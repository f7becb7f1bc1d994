"""The figures that a report can have, by name: FIGURES. Each is made of numbers alone.

A figure is one function of what a report was given, and one row below. It says itself which kinds
of file it needs (:meth:`~c10h.views.given.Given.expect`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from c10h.errors import InputError, unknown_name
from c10h.views.figures.confidence import confidence
from c10h.views.figures.curves import curves
from c10h.views.figures.entropy import entropy
from c10h.views.figures.figure import Figure
from c10h.views.figures.fit import fit
from c10h.views.figures.generalization import generalization
from c10h.views.figures.pgd import pgd
from c10h.views.given import Given
from c10h.views.groups import data_sets

FIGURES: Mapping[str, Callable[[Given], Figure]] = {
    "generalization": generalization,
    "confidence": confidence,
    "fit": fit,
    "pgd": pgd,
    "curves": curves,
    "entropy": entropy,
}
# Names of figures that are made of pictures, not of numbers: c10h.views.gallery.
PICTURED = ("gallery",)
# Figures of which a table beside them says as much.
TABULAR = ("generalization", "confidence")


def figure(name: str, given: Given) -> Figure:
    """The figure of that name. Raises InputError for an unknown name or other kinds of file."""
    if name not in FIGURES:
        raise InputError(f"--figure: {unknown_name('figure', name, FIGURES)}")
    return FIGURES[name](given)


def defaults(given: Given) -> tuple[list[Figure], dict[str, str]]:
    """The figures that fit what was given, one for each kind of file that there is.

    Then why others are left out, by name, since nobody asked for them.
    """
    wanted: dict[str, Given] = {}
    if given.scored:
        name = "generalization" if len(data_sets(given.scored)) > 1 else "confidence"
        wanted[name] = Given(scored=given.scored, stratum=given.stratum)
    if any(one.steps > 1 for one in given.attacked):
        wanted["pgd"] = Given(attacked=given.attacked)
    if given.histories:
        wanted["curves"] = Given(histories=given.histories)
    if given.predictions:
        wanted["fit"] = given
    elif given.labels:
        wanted["entropy"] = Given(labels=given.labels)
    found, left_out = list[Figure](), dict[str, str]()
    for name, of in wanted.items():
        try:
            found.append(FIGURES[name](of))
        except InputError as error:
            left_out[name] = str(error)
    return found, left_out
