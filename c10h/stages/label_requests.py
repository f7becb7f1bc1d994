"""What the commands that describe labels are asked. Nothing here waits for numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from c10h.errors import InputError
from c10h.files import Source
from c10h.formats.hints import NO_HINTS, Hints
from c10h.formats.judgment_columns import MatrixReading, Reading
from c10h.formats.known_column_names import Columns
from c10h.labels.judgment_filters import Filters
from c10h.stages.labels_build_request import NO_COLUMNS, NO_FILTERS, begin_judgments, judgment_hints

# Columns that annotators can be sorted by.
SORTS = (
    *(
        "agreement",
        "agreement_low",
        "agreement_high",
        "kappa",
        "attention",
        "accuracy",
        "rt",
        "trials",
        "annotator",
        "excluded",
    ),
    *("advantage", "p_value", "replaced"),
)
# What an annotator's advantage may be less, for crowd workers (Calderon et al. 2025, section 3.4).
EPSILON = 0.1


@dataclass(frozen=True, kw_only=True)
class AnnotatorsRequest:
    """Whose judgments to describe, and in which order.

    judgments, hints, columns, filters: as in
    :class:`c10h.stages.labels_build_request.BuildRequest`. sort: one of SORTS; descending: from its
    highest value. limit: how many annotators. truth: the true classes, where the table has none.
    predictions: of a model among them. epsilon: the
    share of items by which annotators may be better than a model that stands in for them.
    resamples, seed: of the bootstrap.

    reading: the table, which is being read. Raises InputError for what is no table of judgments.
    """

    judgments: Source
    hints: Hints = NO_HINTS
    columns: Columns = NO_COLUMNS
    filters: Filters = NO_FILTERS
    sort: str = "agreement"
    descending: bool = False
    limit: int | None = None
    truth: Source | None = None
    predictions: Source | None = None
    epsilon: float = EPSILON
    resamples: int = 1000
    seed: int = 0
    reading: Reading | MatrixReading = field(init=False)

    def __post_init__(self) -> None:
        if not 0 <= self.epsilon <= 1:
            raise InputError(
                f"--alternative-epsilon {self.epsilon:g}: expected a share from 0 to 1"
            )
        reading = begin_judgments(
            self.judgments,
            self.columns,
            judgment_hints(self.hints),
            where=self.filters.conditions,
        )
        if reading is None:
            raise InputError("--layout wide: votes and shares do not say who judged")
        object.__setattr__(self, "reading", reading)


@dataclass(frozen=True, kw_only=True)
class NoiseRequest:
    """Of which labels to show the noise.

    labels: with vote counts. truth: the true classes. hints: about foreign files. votes: numbers of
    votes an item, none for 1, 2, 5, 10, … and all. draws: of votes, for what has no closed form;
    seed: of these.
    """

    labels: Source
    truth: Source | None = None
    hints: Hints = NO_HINTS
    votes: Sequence[int] = ()
    draws: int = 16
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class PlanRequest:
    """Further judgments to plan.

    labels: with vote counts. budget: how many judgments in all. hints: about foreign files.
    objective: what is to fall most, a name in OBJECTIVES. prior: pseudo-votes a class of one
    Dirichlet, None for a model of people that is fitted. limit: the most of one item. seed: of how
    equal gains are settled.
    """

    labels: Source
    budget: int
    hints: Hints = NO_HINTS
    objective: str = "squared"
    prior: float | None = None
    limit: int | None = None
    seed: int = 0
