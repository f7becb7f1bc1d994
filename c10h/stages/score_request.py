"""What scoring is asked: see :func:`c10h.stages.score.score`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from c10h.errors import InputError, unknown_name
from c10h.files import Source
from c10h.formats.hints import NO_HINTS, Hints
from c10h.request_fields import check_bounds, given_as, parts, seeding, shaping

# What a user can say of all runs.
TAGS = ("network", "training", "data")
# Of each of which every value is kept.
MOST_RESAMPLES = 1_000_000
MOST_TOP = 999_999

# What the temperatures of the rescaled reference are fitted to.
PEOPLE, TRUTH, NOTHING = "people", "truth", "none"
RESCALE: Mapping[str, str] = {
    PEOPLE: "people's labels",
    TRUTH: "the true classes",
    NOTHING: "nothing: no references are computed",
}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ScoreRequest:
    """What to score.

    predictions: files of predictions, labels or attacks, each with the name of its run. labels,
    truth: what to score against, each with the data set that it is of, "" for all others; without
    any, predictions that know their truth. hints: about
    foreign files. metrics: names in METRICS; all that can be computed without. top: the k of a
    top-k accuracy among them, in place of 5. by: a name in STRATA. tags: network=…, training=… or
    data=…, of all runs. in_sample: allow networks that were trained on the items. per_item: keep
    the value of each item. resamples, seed: of the bootstrap. rescale: a name in RESCALE; people
    where there are any, else the truth, without. members, ensemble: of files of several networks,
    each is a run of its own, or their mean softmax is one, in place of the mean of their figures.
    skip_unlabeled: leave out items that the labels do not have. common: leave out items that not
    all runs of their data set have. traced: whether the result knows its inputs by their SHA-256,
    as what is written to a file does; large files are read once more for that.

    about: the tags, by their keys. Raises InputError for labels or truth of one data set twice,
    unknown metrics and strata, and other tags.
    """

    command: ClassVar[str] = "score"

    predictions: Sequence[tuple[str, Source]] = given_as("", "predictions", "attack")
    labels: Sequence[tuple[str, Source]] = given_as("--labels", "labels", default=())
    truth: Sequence[tuple[str, Source]] = given_as("--truth", "truth", default=())
    hints: Hints = parts(Hints, default=NO_HINTS)
    metrics: Sequence[str] = shaping("metrics", ())
    top: int | None = shaping("top", None, least=1, most=MOST_TOP)
    by: str | None = shaping("by", None)
    tags: Sequence[str] = shaping("tag", ())
    in_sample: bool = shaping("in-sample", False)
    per_item: bool = shaping("per-item", False)
    resamples: int = shaping("resamples", 1000, least=0, most=MOST_RESAMPLES)
    seed: int = seeding()
    rescale: str | None = shaping("rescale", None)
    members: bool = shaping("members", False)
    ensemble: bool = shaping("ensemble", False)
    skip_unlabeled: bool = shaping("skip-unlabeled", False)
    common: bool = shaping("common", False)
    traced: bool = True
    about: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        from c10h.metrics.metrics import choose
        from c10h.metrics.strata import STRATA

        check_bounds(self)
        if self.members and self.ensemble:
            raise InputError("--members and --ensemble: one or the other")
        for option, files in (("--labels", self.labels), ("--truth", self.truth)):
            for data, count in Counter(data for data, _ in files).items():
                if count > 1:
                    which = f"the data set {data}" if data else "all data sets: use DATA=FILE"
                    raise InputError(f"{option}: given {count} times for {which}")
        if self.by is not None and self.by not in STRATA:
            raise InputError(f"--by: {unknown_name('stratum', self.by, STRATA)}")
        if self.rescale is not None and self.rescale not in RESCALE:
            raise InputError(f"--rescale: {unknown_name('labels', self.rescale, RESCALE)}")
        choose((), self.top)
        object.__setattr__(self, "metrics", tuple(choose(self.metrics)) if self.metrics else ())
        object.__setattr__(self, "about", dict(map(_tag, self.tags)))


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or key not in TAGS:
        raise InputError(f"--tag {text}: expected network=…, training=… or data=…")
    return key, value
