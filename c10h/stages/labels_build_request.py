"""Which labels are to be built: see :func:`c10h.stages.labels_build.build_labels`.

Nothing here waits for numpy: a request begins to read its table of judgments as it is made, while
what works on the table is imported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from c10h.errors import InputError, unknown_name
from c10h.files import Source
from c10h.formats.hints import AUTO, LONG, NO_HINTS, Hints
from c10h.formats.known_column_names import Columns
from c10h.labels.judgment_filters import Filters
from c10h.labels.sources import DISTILL, SOURCES, Takes
from c10h.request_fields import check_bounds, given_as, parts, seeding, shaping

if TYPE_CHECKING:
    from c10h.formats.judgment_columns import MatrixReading, Reading
    from c10h.formats.row_conditions import Condition

# Pseudo-votes per class. More of them, and no vote would count.
MOST_PRIOR = 1e9
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
    sources: Sequence[Source] = given_as(
        "", "source", "judgments", "predictions", otherwise="truth"
    )
    truth: Source | None = given_as("--truth", "truth", default=None)
    published: Source | None = None
    hints: Hints = parts(Hints, default=NO_HINTS)
    columns: Columns = parts(Columns, default=NO_COLUMNS)
    filters: Filters = parts(Filters, default=NO_FILTERS)
    prior: float = shaping(
        "prior", 0.0, unless=0.0, when=lambda asked: asked.what == "human", most=MOST_PRIOR
    )
    smoothing: float = shaping("smoothing", 0.1, when=lambda asked: asked.what == "smooth")
    temperature: float = shaping("temperature", 1.0, when=lambda asked: asked.what == DISTILL)
    seed: int = seeding(when=lambda asked: SOURCES[asked.what].drawn)
    reading: Reading | MatrixReading | None = field(init=False, default=None)

    @property
    def settled(self) -> Mapping[str, Any]:
        """What fields come to, before the work."""
        return {"item": self.hints.item or None}

    def __post_init__(self) -> None:
        check_bounds(self)
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
            object.__setattr__(self, "hints", judgment_hints(self.hints))
        # Imported where there is a table: what shows a lineage needs the fields alone.
        from c10h.formats.judgment_columns import Reading, hash_ahead

        needs_times = self.filters.rt_min is not None or self.filters.rt_max is not None
        where = self.filters.conditions
        reading = begin_judgments(source, self.columns, self.hints, needs_times, where)
        if isinstance(reading, Reading):
            hash_ahead(reading)
        object.__setattr__(self, "reading", reading)


def judgment_hints(hints: Hints) -> Hints:
    """Hints about a table of judgments, which is a long one unless told otherwise."""
    return replace(hints, layout=LONG) if hints.layout == AUTO else hints


def begin_judgments(
    source: Source,
    columns: Columns,
    hints: Hints,
    times: bool = True,
    where: Sequence[Condition] = (),
) -> Reading | MatrixReading | None:
    """Begin to read a table of judgments; see :func:`c10h.formats.judgment_columns.begin`."""
    from c10h.formats.judgment_columns import begin

    return begin(
        source,
        columns,
        layout=hints.layout,
        header=hints.header,
        chosen=hints.columns,
        times=times,
        where=where,
    )
