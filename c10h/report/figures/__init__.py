"""The figures that a report can have, by name: FIGURES. Each is made of numbers alone.

A figure is one function of what a report was given, and one row below. It says itself which kinds
of file it needs (:meth:`~c10h.report.given.Given.expect`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from c10h.errors import InputError
from c10h.report.figures.confidence import confidence
from c10h.report.figures.curves import curves
from c10h.report.figures.entropy import entropy
from c10h.report.figures.figure import Figure
from c10h.report.figures.fit import fit
from c10h.report.figures.generalization import generalization
from c10h.report.figures.pgd import pgd
from c10h.report.given import Given
from c10h.report.groups import data_sets

FIGURES: Mapping[str, Callable[[Given], Figure]] = {
    "generalization": generalization,
    "confidence": confidence,
    "fit": fit,
    "pgd": pgd,
    "curves": curves,
    "entropy": entropy,
}
# Names of figures that are made of pictures, not of numbers: c10h.report.gallery.
PICTURED = ("gallery",)
# Figures of which a table beside them says as much.
TABULAR = ("generalization", "confidence")


def figure(name: str, given: Given) -> Figure:
    """The figure of that name. Raises InputError for an unknown name or other kinds of file."""
    if name not in FIGURES:
        raise InputError(f"--figure {name}: expected one of {', '.join(FIGURES)}")
    return FIGURES[name](given)


def defaults(given: Given) -> list[Figure]:
    """The figures that fit what was given, one for each kind of file that there is."""
    found = []
    if given.scored:
        make = generalization if len(data_sets(given.scored)) > 1 else confidence
        found.append(make(Given(scored=given.scored, stratum=given.stratum)))
    if any(one.steps > 1 for one in given.attacked):
        found.append(pgd(Given(attacked=given.attacked)))
    if given.histories:
        found.append(curves(Given(histories=given.histories)))
    if given.predictions:
        found.append(fit(given))
    elif given.labels:
        found.append(entropy(Given(labels=given.labels)))
    return found
