"""What the names of a table's columns say: which hold judgments, and whose; which are no classes.

SYNONYMS is the one table of the names that people give to the parts of a judgment. Nothing here
reads a file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from c10h.request_fields import shaping

REQUIRED = ("annotator", "item", "label")
# Names of the columns of each part, whatever their case, blanks and signs ("Worker ID", workerId).
SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "annotator": (
        *("annotator", "worker", "rater", "user", "performer", "subject", "participant"),
        *("coder", "judge", "labeler", "labeller", "respondent", "observer"),
    ),
    "item": (
        *("item", "task", "question", "image", "unit", "example", "object", "sample", "document"),
        *("instance", "file", "filename", "image_name", "hit", "stimulus", "picture", "photo"),
    ),
    "label": (
        *("label", "answer", "response", "annotation", "choice", "chosen_label", "vote"),
        *("category", "class", "judgment", "judgement"),
    ),
    "check": ("check", "is_attn_check", "attention_check"),
    "correct": ("correct", "correct_guess"),
    "rt": ("rt", "reaction_time", "response_time"),
    "true_label": ("true_label", "true_class", "ground_truth", "gold_label"),
    "name": ("label_name", "chosen_category"),
}
# What the parts with names of their own may end in.
ENDINGS = ("id", "idx", "index")
# With such an ending these number the rows of a table, and not its classes.
NUMBERED_ROWS = ("answer", "response", "annotation", "vote")
# One letter and a number, as in a1, a2, a3, that stands for an annotator.
LETTERS = ("a", "j", "r", "u", "w")
# Numbered names of these are as likely the classes.
CLASS_WORDS = ("category", "class", "vote")


# Keys of names (see column_key) of columns that are no classes.
ROW_NUMBERS = (
    "",
    "index_level_0",
    "level_0",
    "unnamed_0",
    "index",
    "idx",
    "row",
    "row_number",
    "rownames",
)
# Beside those of SYNONYMS that name the item of a judgment.
ITEMS = (
    *("id", "path", "name", "key", "uid", "uuid", "img", "url", "filepath", "pic"),
    *("objid", "objectid", "imageid", "imgid", "photoid", "dr7objid"),
)
ITEM_ENDINGS = ("_id", "_name", "_path", "_file", "_filename", "_key", "_url", "_idx", "_index")
TOTALS = (
    *("total", "n", "sum", "count", "votes", "n_votes", "num_votes", "total_votes", "annotators"),
    *("n_annotators", "num_annotators", "raters", "n_raters", "num_raters", "total_count"),
    *("total_classifications", "all", "grand_total", "row_total", "row_sum"),
)
# Keys of names of arrays that hold the names of the classes, in the order of the columns.
CLASS_NAMES = (
    *("classes", "class_names", "classnames", "class_name", "label_names", "labelnames"),
    *("names_of_classes", "categories", "category_names"),
)
OTHERS = (
    *("label", "truth", "target", "y", "class", "category", "gold", "gold_label", "true_label"),
    *("true_class", "true_category", "ground_truth", "majority", "majority_label"),
    *("prediction", "predicted"),
    *("pred", "split", "usage", "subset", "partition", "fold", "gt", "y_true", "y_pred", "y_hat"),
    *("labels", "targets", "predictions", "pred_label", "predicted_label", "predicted_class"),
    *("gold_standard", "majority_vote", "argmax", "entropy", "agreement", "confidence"),
)


@dataclass(frozen=True)
class Columns:
    """Which column of a table holds what; "" where none shall. ``name``: class of the label."""

    annotator: str | None = shaping("annotator", None, unless="")
    item: str | None = shaping("item", None, unless="")
    label: str | None = shaping("label", None, unless="")
    check: str | None = shaping("check", None, unless="")
    correct: str | None = shaping("correct", None, unless="")
    rt: str | None = shaping("rt", None, unless="")
    true_label: str | None = shaping("true-label", None, unless="")
    name: str | None = None
    # Whether everything but names is known to be whole numbers, which are faster to read.
    whole: bool = False

    def named(self) -> dict[str, str]:
        """The columns that are known, by their part."""
        columns = {part.name: getattr(self, part.name) for part in fields(self)}
        return {part: name for part, name in columns.items() if isinstance(name, str) and name}

    def over(self, other: Columns) -> Columns:
        """These columns, and those of ``other`` where these are not known."""
        columns = {part.name: getattr(self, part.name) for part in fields(self)}
        known = {part: name for part, name in columns.items() if isinstance(name, str)}
        return replace(other, **known, whole=other.whole and not self.named())


NOTHING = Columns()
# The README of CIFAR-10H and its trial file spell the index column in two ways.
TRIAL_ITEMS = ("cifar10_test_test_idx", "cifar10_test_set_idx")
TRIALS = Columns(
    annotator="annotator_id",
    label="chosen_label",
    check="is_attn_check",
    correct="correct_guess",
    rt="reaction_time",
    true_label="true_label",
    name="chosen_category",
    whole=True,
)


@dataclass(frozen=True)
class Recognition:
    """What names say: ``columns`` that are certain, and ``several`` that a part could be."""

    columns: Columns = NOTHING
    several: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def lacking(self) -> tuple[str, ...]:
        """The parts of a judgment that no column is for, of annotator, item and label."""
        covered = {*self.columns.named(), *self.several}
        return tuple(part for part in REQUIRED if part not in covered)


def recognise(names: Sequence[str], requested: Columns = NOTHING) -> Recognition:
    """The columns that ``names`` tell, of which ``requested`` ones come first.

    The trial file of CIFAR-10H is known by its exact names, any other table by SYNONYMS. Where
    several columns could be one part, a plain "annotator", "item" or "label" is it.
    """
    for item in TRIAL_ITEMS:
        if {TRIALS.annotator, item, TRIALS.label} <= set(names):
            parts = replace(TRIALS, item=item).named()
            missing: dict[str, Any] = {part: None for part in parts if parts[part] not in names}
            return Recognition(requested.over(replace(TRIALS, item=item, **missing)))
    named = requested.named()
    taken = {named.get(part) for part in REQUIRED}
    certain: dict[str, Any] = {}
    several: dict[str, tuple[str, ...]] = {}
    for part in SYNONYMS:
        if getattr(requested, part) is not None:
            continue
        candidates = [name for name in names if part_of(name) == part and name not in taken]
        plain = [name for name in candidates if _plain(name) == _plain(part)]
        if part in REQUIRED and plain:
            candidates = plain
        if len(set(candidates)) == 1:
            certain[part] = candidates[0]
        elif candidates:
            several[part] = tuple(candidates)
    return Recognition(requested.over(Columns(**certain)), several)


def part_of(name: str) -> str | None:
    """The part of a judgment that a column of this name holds; None where the name tells none."""
    plain = _plain(name)
    if plain in _PART_OF:
        return _PART_OF[plain]
    for ending in ENDINGS:
        stem = plain.removesuffix(ending)
        if stem != plain and _PART_OF.get(stem) in REQUIRED and stem not in NUMBERED_ROWS:
            return _PART_OF[stem]
    return None


def column_key(name: str) -> str:
    """A name for looking up: small letters, with _ for whatever else stands between words.

    That of a name without letters and digits, as + and -, is the name itself.
    """
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"[\W_]+", "_", words.casefold()).strip("_") or name.strip()


def names_items(name: str) -> bool:
    """Whether a column of this name holds names of items."""
    key = column_key(name)
    named = key in ITEMS or key.endswith(ITEM_ENDINGS) or part_of(name) == "item"
    return named and not is_no_class(name)


def is_no_class(name: str) -> bool:
    """Whether a column of this name holds a class of each item or the like: label, class_id."""
    key = column_key(name)
    ending = next((ending for ending in ITEM_ENDINGS if key.endswith(ending)), "")
    return key in OTHERS or key.removesuffix(ending) in OTHERS


def is_known(name: str) -> bool:
    """Whether a word is a name that columns have, rather than something in them."""
    other_names = (*TOTALS, *OTHERS, *filter(None, ROW_NUMBERS))
    return part_of(name) is not None or names_items(name) or column_key(name) in other_names


def names_suggest_matrix(names: Sequence[str]) -> bool:
    """Whether columns are called as annotators of a matrix are: annotator_1, worker2, rater_A, a1.

    So are at least two columns, and half of all, with one word that means an annotator or a label.
    """
    stems = [stem for name in names if (stem := stem_of_series(name)) is not None]
    most = max(Counter(stems).values(), default=0)
    return most >= 2 and 2 * most >= len(names)


def stem_of_series(name: str) -> str | None:
    """The word of a numbered (or lettered) name, in lower case; None where it names no person."""
    matched = re.fullmatch(r"(.*[^\W\d_])[\W_]*\d+|(.*[^\W\d_])[\W_]+[A-Za-z]", name.strip())
    if matched is None:
        return None
    stem = matched[1] or matched[2]
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+|[^\W\d_]+", stem)
    last = words[-1].lower()
    if last in LETTERS and len(words) == 1:
        return last if matched[1] else None
    named = _PART_OF.get(last) in ("annotator", "label") and last not in CLASS_WORDS
    return stem.lower() if named else None


def _plain(name: str) -> str:
    """A name without case, blanks and signs."""
    return re.sub(r"[\W_]+", "", name).lower()


_PART_OF = {_plain(name): part for part, names in SYNONYMS.items() for name in names}
