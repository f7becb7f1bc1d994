"""What the commands about labels are asked. Nothing here waits for numpy.

A request about a table of judgments begins to read it as it is made, while what works on it is
imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from c10h.errors import InputError, unknown_name
from c10h.files import Source
from c10h.formats.column_names import Columns
from c10h.formats.hints import AUTO, LONG, NO_HINTS, Hints
from c10h.formats.judgment_columns import MatrixReading, Reading, begin, hash_ahead
from c10h.in_memory import InMemory
from c10h.labels.filters import Filters
from c10h.labels.sources import SOURCES, Takes
from c10h.request_fields import given_as, parts, seeding, shaping

if TYPE_CHECKING:
    from c10h.formats.judgments import Judgments
    from c10h.stages.inputs import LabelsInput, TruthInput

    JudgmentsInput: TypeAlias = Source | InMemory[Judgments]

NO_COLUMNS, NO_FILTERS = Columns(), Filters()


@dataclass(frozen=True, kw_only=True)
class BuildRequest:
    """Which labels to build.

    what: a name in SOURCES. sources: judgments, labels or true classes, one of them; predictions,
    one or more. truth: the true classes. published: counts to compare the votes with. hints: about
    foreign files. columns: those of a table of judgments. filters: which judgments count. prior:
    pseudo-votes a class. smoothing: share of the mass that is spread over all classes. temperature:
    what logits are divided by. seed: of what is drawn at random.

    reading: the table of judgments, which is being read; None where the source is none. Raises
    InputError for another number of sources than the labels are made of, and for a table or columns
    that cannot be.
    """

    command: ClassVar[str] = "labels build"

    what: str = shaping("as", "human")
    sources: Sequence[Source | InMemory[Any]] = given_as(
        "", "source", "judgments", "predictions", otherwise="truth"
    )
    truth: TruthInput | None = given_as("--truth", "truth", default=None)
    published: LabelsInput | None = None
    hints: Hints = parts(Hints, default=NO_HINTS)
    columns: Columns = parts(Columns, default=NO_COLUMNS)
    filters: Filters = parts(Filters, default=NO_FILTERS)
    prior: float = shaping("prior", 0.0, unless=0.0, when=lambda asked: asked.what == "human")
    smoothing: float = shaping("smoothing", 0.1, when=lambda asked: asked.what == "smooth")
    temperature: float = shaping("temperature", 1.0, when=lambda asked: asked.what == "distill")
    seed: int = seeding(when=lambda asked: SOURCES[asked.what].drawn)
    reading: Reading | MatrixReading | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.what not in SOURCES:
            raise InputError(f"--as: {unknown_name('source of labels', self.what, SOURCES)}")
        takes = SOURCES[self.what].takes
        if takes is Takes.PREDICTIONS:
            return
        if len(self.sources) != 1:
            raise InputError(
                f"--as {self.what} takes {takes.value}, found {len(self.sources)} SOURCE arguments"
            )
        (source,) = self.sources
        if takes is Takes.JUDGMENTS:
            object.__setattr__(self, "hints", _of_judgments(self.hints))
        if isinstance(source, InMemory):
            return
        needs_times = self.filters.rt_min is not None or self.filters.rt_max is not None
        reading = _begin(source, self.columns, self.hints, needs_times)
        if isinstance(reading, Reading):
            hash_ahead(reading)
        object.__setattr__(self, "reading", reading)


@dataclass(frozen=True, kw_only=True)
class AnnotatorsRequest:
    """Whose judgments to describe, and in which order.

    judgments, hints, columns, filters: as in :class:`BuildRequest`. sort: a column of the result;
    descending: from its highest value. limit: how many annotators.

    reading: the table, which is being read. Raises InputError for what is no table of judgments.
    """

    judgments: JudgmentsInput
    hints: Hints = NO_HINTS
    columns: Columns = NO_COLUMNS
    filters: Filters = NO_FILTERS
    sort: str = "agreement"
    descending: bool = False
    limit: int | None = None
    reading: Reading | MatrixReading | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if isinstance(self.judgments, InMemory):
            return
        reading = _begin(self.judgments, self.columns, _of_judgments(self.hints))
        if reading is None:
            raise InputError("--layout wide: votes and shares do not say who gave them")
        object.__setattr__(self, "reading", reading)


@dataclass(frozen=True, kw_only=True)
class NoiseRequest:
    """Of which labels to show the noise.

    labels: with vote counts. truth: the true classes. hints: about foreign files. votes: numbers of
    votes an item, none for 1, 2, 5, 10, … and all. draws: of votes, for what has no closed form;
    seed: of these.
    """

    labels: LabelsInput
    truth: TruthInput | None = None
    hints: Hints = NO_HINTS
    votes: Sequence[int] = ()
    draws: int = 16
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class PlanRequest:
    """Further judgments to plan.

    labels: with vote counts. budget: how many judgments in all. hints: about foreign files.
    objective: what is to fall most, a name in OBJECTIVES. prior: pseudo-votes a class, None for an
    estimate. limit: the most of one item. seed: of how equal gains are settled.
    """

    labels: LabelsInput
    budget: int
    hints: Hints = NO_HINTS
    objective: str = "squared"
    prior: float | None = None
    limit: int | None = None
    seed: int = 0


def _of_judgments(hints: Hints) -> Hints:
    """Hints about a table of judgments, which is a long one unless told otherwise."""
    return replace(hints, layout=LONG) if hints.layout == AUTO else hints


def _begin(
    source: Source, columns: Columns, hints: Hints, times: bool = True
) -> Reading | MatrixReading | None:
    """Begin to read a table of judgments; see :func:`c10h.formats.judgment_columns.begin`."""
    return begin(
        source,
        columns,
        layout=hints.layout,
        header=hints.header,
        chosen=hints.columns,
        times=times,
    )
