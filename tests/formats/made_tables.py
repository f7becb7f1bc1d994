"""Tables as people write them, made at random: what is in them, how it is written, what helps.

Case k is always the same table. What even a person could not tell is left out:

- rows of one vote each are one-hot shares, and whole percentages are votes of a hundred people;
- a matrix of class numbers without a word about it, in which annotators hardly agree, is a table of
  votes with as much right, and so is one in which 0 stands for nobody asked;
- numbers of classes without a name above them, in a column beside votes or shares;
- numbers of items without a name above them, in a table of less than six rows;
- a class that nobody chose, where classes are known by what was chosen only;
- {name: list} in JSON, where a name may be that of an item or of a class.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import polars

from c10h.records import Array

Cell: TypeAlias = int | float | str | None

LONG, MATRIX = "long", "matrix"
VOTES, SHARES, PERCENT, LOGITS = "votes", "shares", "percentages", "logits"
# Who reads it: labels build; score as labels, or as predictions.
BUILD, PEOPLE, NETWORK = "labels build", "score --labels", "score"

CLASS_NAMES = (
    ("cat", "dog", "bird", "deer", "frog", "ship"),
    ("Yes", "No", "Can't tell", "Both", "Neither", "Other"),
    ("traffic light", "fire truck", "stop sign", "road", "sky", "tree"),
    ("a", "n", "y", "b", "x", "m"),
    ("airplane", "automobile", "truck", "horse", "cat", "dog"),
)
DECORATIONS: tuple[Callable[[str], str], ...] = (
    str,
    str.upper,
    str.title,
    lambda name: f"prob_{name}",
    lambda name: f"p({name})",
    lambda name: f"votes.{name}",
    lambda name: f"n_{name}",
    lambda name: f"{name}_count",
    lambda name: "score" + name.title().replace(" ", ""),
)
STYLES: tuple[Callable[[str], str], ...] = (
    str,
    str.upper,
    str.title,
    lambda name: name.title().replace(" ", ""),
    lambda name: name.replace(" ", "_"),
    lambda name: name.replace(" ", "-"),
    lambda name: name[0] + name.title().replace(" ", "")[1:],
)
ITEM_NAMES = ("image", "item", "file", "filename", "image id", "file name", "id", "task id", "uid")
OTHER_ITEM_NAMES = ("picture", "stimulus", "galaxy", "video")
NAMES_OF_PARTS = {
    "annotator": ("annotator", "worker", "rater", "user", "worker id", "annotator id", "subject"),
    "item": ("item", "task", "image", "image id", "question", "file name", "unit id"),
    "label": ("label", "answer", "response", "choice", "annotation", "vote"),
}
OTHER_NAMES_OF_PARTS = {
    "annotator": ("who", "Input.person", "mturk", "nick"),
    "item": ("picture", "Input.image_url", "stimulus", "what"),
    "label": ("said", "Answer.choice.label", "verdict", "seen as"),
}
TRUTH_NAMES = ("true label", "ground truth", "gold label", "true class")
OTHER_TRUTH_NAMES = ("label", "truth", "target", "gold", "majority label", *TRUTH_NAMES)
SPLIT_NAMES = ("split", "usage", "fold", "subset")
TOTAL_NAMES = ("total", "n", "n votes", "total votes", "num annotators", "sum")
PEOPLE_NAMES = ("Ann", "Bob", "Cyd", "Dan", "Eve", "Fay", "Gus", "Hal", "Ida", "Jon", "Kim", "Lou")
MISSING = ("", "NA", "nan", "NaN", "null", "None", "n/a")
TEXTS = (".csv", ".tsv", ".txt", ".csv.gz")
SHEETS = (*TEXTS, ".xlsx")
TYPED = (".json", ".jsonl", ".parquet", ".feather", ".xlsx")


@dataclass(frozen=True)
class Made:
    """A table, and what a person who knows it would say of it.

    numbers: what went in, (n, c), rows of zeros for items without votes. classes: names of the
    columns of ``numbers`` as they are written, "0", "1", … where the table has none.
    items: names of the rows. by_order: whether these are nothing but their order.
    truth: class of each item, where the table tells. answers: the words that say what is true, by
    the option that asks for it, "FILE:NAME" being one.
    """

    path: Path
    kind: str
    reader: str
    numbers: Array
    classes: tuple[str, ...]
    plain: tuple[str, ...]
    items: tuple[str, ...]
    by_order: bool
    answers: Mapping[str, Sequence[str]]
    truth: Array | None = None
    all_at_once: bool = False

    @property
    def has_votes(self) -> Array:
        """Which items have any votes, bool (n)."""
        return np.asarray(self.numbers.any(axis=1))


@dataclass
class _Table:
    """Columns with their names, while a table is being made."""

    columns: list[tuple[str, list[Cell]]]
    has_names: bool
    answers: dict[str, Sequence[str]] = field(default_factory=dict)
    item: str | None = None
    by_item: bool = False

    def place(self, name: str) -> int:
        return [one for one, _ in self.columns].index(name)

    def call(self, name: str) -> str:
        """What an option calls a column: by its name, or by its number if it has none."""
        return name if self.has_names and name else str(self.place(name))

    def call_some(self, names: Sequence[str]) -> str | None:
        """Several columns for ``--columns``; None where no words can say them."""
        if self.has_names and not any("," in name for name in names):
            return ",".join(names)
        places = [self.place(name) for name in names]
        run = list(range(places[0], places[0] + len(places)))
        return f"{run[0]}:{run[-1] + 1}" if places == run else None


class _Maker:
    """Draws everything about one case."""

    def __init__(self, number: int) -> None:
        self.random = np.random.default_rng([1510, number])

    def one(self, choices: Sequence[Any]) -> Any:
        return choices[int(self.random.integers(len(choices)))]

    def word(self, choices: Sequence[str]) -> str:
        return choices[int(self.random.integers(len(choices)))]

    def chance(self, share: float) -> bool:
        return bool(self.random.random() < share)

    def styled(self, names: Sequence[str]) -> str:
        return STYLES[int(self.random.integers(len(STYLES)))](self.word(names))


def make(number: int, folder: Path) -> Made:
    """Write the table of a case into a folder."""
    maker = _Maker(number)
    kind = maker.word((LONG, LONG, MATRIX, MATRIX, VOTES, VOTES, VOTES, SHARES, PERCENT, LOGITS))
    form = maker.word((*TEXTS, *TEXTS, *TYPED, ".npy", ".npz"))
    if kind == LONG and form in (".npy", ".npz"):
        form = ".csv"
    votes = _votes(maker)
    made = {LONG: _long, MATRIX: _matrix}.get(kind, _wide)(maker, kind, form, votes)
    table, about = made
    path = folder / f"t{form}"
    _write(maker, table, path)
    return replace(about, path=path, answers=table.answers, all_at_once=maker.chance(0.5))


def _votes(maker: _Maker) -> Array:
    """Votes (n, c): every class has some, and people agree more often than not."""
    random = maker.random
    size, count = int(random.integers(4, 41)), int(random.integers(2, 7))
    low = int(random.integers(3, 9))
    people = random.integers(low, low + (1 if maker.chance(0.4) else 6), size)
    main = np.arange(size) % count
    random.shuffle(main)
    share = 0.7 * np.eye(count)[main] + 0.3 * random.dirichlet(np.ones(count), size)
    votes = random.multinomial(people, share)
    for name in range(count):
        if not votes[:, name].any():
            votes[name % size, name] += 1
    if maker.chance(0.2):  # items without votes
        few = random.choice(size, max(1, size // 10), replace=False)
        if (np.delete(votes, few, axis=0).sum(axis=0) > 0).all():
            votes[few] = 0
    return np.asarray(votes)


def _items(maker: _Maker, size: int, *, nameable: bool) -> tuple[str, list[Cell]]:
    """How rows are called, and their names or numbers, in the order of the rows.

    nameable: whether there is a name above numbers of rows, without which few tell nothing.
    """
    random = maker.random
    how = maker.word(("none", "from 0", "from 1", "gaps", "mixed", "numbers", "files"))
    if not nameable and how in ("gaps", "mixed", "numbers"):
        how = "none"
    gaps = np.sort(random.choice(4 * size, size, replace=False))
    named: dict[str, list[Cell]] = {
        "none": list(range(size)),
        "from 0": list(range(size)),
        "from 1": list(range(1, size + 1)),
        "gaps": gaps.tolist(),
        "mixed": random.permutation(size).tolist(),
        "numbers": random.permutation(1000 + 17 * gaps).tolist(),
        "files": [f"img_{one:03}.png" for one in random.permutation(size)],
    }
    return how, named[how]


def _classes(maker: _Maker, count: int) -> tuple[str, ...]:
    names: tuple[str, ...] = CLASS_NAMES[int(maker.random.integers(len(CLASS_NAMES)))]
    return tuple(np.array(names)[np.sort(maker.random.permutation(6)[:count])].tolist())


# Wide tables.


def _wide(maker: _Maker, kind: str, form: str, votes: Array) -> tuple[_Table, Made]:
    random = maker.random
    size, count = votes.shape
    reader = NETWORK if kind == LOGITS or maker.chance(0.3) else maker.word((BUILD, PEOPLE))
    if reader == NETWORK:
        votes = votes + (votes.sum(axis=1, keepdims=True) == 0)
    numbers = _numbers(maker, kind, votes)
    plain = _classes(maker, count)
    has_names = form not in (".npy", ".npz") and (form != ".jsonl") and maker.chance(0.75)
    has_names = has_names or form in (".jsonl", ".parquet", ".feather")
    style = maker.word(("names", "names", "names", "from 0", "from 1"))
    decorate = DECORATIONS[int(random.integers(len(DECORATIONS)))]
    first = int(style == "from 1")
    if not has_names:
        classes = tuple(str(one) for one in range(count))
    elif style == "names":
        classes = tuple(decorate(name) for name in plain)
    else:
        plain = tuple(str(one + first) for one in range(count))
        classes = plain
    how, items = _items(maker, size, nameable=has_names or size >= 6)
    if form == ".npy":
        how, items = "none", list(range(size))
    columns = [(f"class {k}" if not has_names else classes[k], _cells(numbers[:, k]))
               for k in range(count)]  # fmt: skip
    table = _Table(columns, has_names)
    class_columns = [name for name, _ in columns]
    if has_names and maker.chance(0.4):
        random.shuffle(table.columns)
    answers = table.answers
    if reader != NETWORK and kind == VOTES and maker.chance(0.2):
        _leave_out_zeros(table)
        answers["--missing"] = ("--missing", "zero")
    if has_names:
        _add_others(maker, table, kind, votes, set(classes))
    if kind == VOTES and not has_names and maker.chance(0.2):
        table.columns.append(("total", votes.sum(axis=1).tolist()))
    chosen, said = table.call_some(class_columns), list[str]()
    item_column = _add_items(maker, table, how, items, form)
    if form != ".npz":
        chosen = table.call_some(class_columns)
        if item_column is not None:
            answers["--item"] = ("--item", table.call(item_column))
            # --columns overrules what is known of columns, so that the others have to be said.
            if how in ("gaps", "mixed", "numbers", "files"):
                said = list(answers["--item"])
    if chosen is not None:
        answers["--columns"] = ("--columns", chosen, *said)
    if form in SHEETS:
        flag = "--header" if has_names else "--no-header"
        answers[flag] = (flag,)
    answers["--classes"] = ("--classes", ",".join(plain))
    answers["--layout"] = ("--layout", "wide")
    if kind == LOGITS:
        answers["--logits"] = ("--logits",)
    elif kind != VOTES or reader == NETWORK:
        answers["--probs"] = ("--probs",)
    if not votes.any(axis=1).all():
        answers["--min-votes"] = ("--min-votes", "1")
    if form == ".npz":
        answers["FILE:NAME"] = ("values",)
    by_order = how in ("none", "from 0", "from 1")
    return table, Made(
        Path(), kind, reader, numbers, classes, plain, tuple(map(str, items)), by_order, {}
    )


def _numbers(maker: _Maker, kind: str, votes: Array) -> Array:
    """Votes as the numbers of a table, rounded as they are written there."""
    if kind == VOTES:
        return votes
    if kind == LOGITS:
        return np.round(maker.random.normal(size=votes.shape) * 3, maker.one((2, 3, 6, 15)))
    shares = votes / np.maximum(votes.sum(axis=1, keepdims=True), 1)
    if kind == SHARES:
        return np.asarray(np.round(shares, maker.one((2, 3, 4, 17))))
    percentages = np.round(100 * shares, maker.one((1, 2, 15)))
    if (percentages == np.floor(percentages)).all():
        percentages[0] = np.round(100 * np.arange(1, votes.shape[1] + 1) / 7, 1)
        percentages[0, 0] += np.round(100 - percentages[0].sum(), 1)
        if (percentages[0] < 0).any():
            percentages[0] = 0
            percentages[0, :2] = 33.3, 66.7
    return np.asarray(percentages)


def _cells(values: Array) -> list[Cell]:
    cells: list[Cell] = values.tolist()
    return cells


def _leave_out_zeros(table: _Table) -> None:
    """Nothing where there is no vote, as tables that were pivoted have it."""
    for _, cells in table.columns:
        cells[:] = [None if cell == 0 else cell for cell in cells]


def _add_others(maker: _Maker, table: _Table, kind: str, votes: Array, taken: set[str]) -> None:
    """Columns that are no classes: a total, the truth, a split."""
    size = len(votes)
    totals = votes.sum(axis=1).tolist()
    truth = votes.argmax(axis=1).tolist()
    extras: list[tuple[str, list[Cell]]] = []
    if kind not in (LOGITS, PERCENT) and maker.chance(0.25):
        extras.append((maker.styled(TOTAL_NAMES), totals))
    if maker.chance(0.2):
        words = maker.chance(0.5)
        name = maker.styled(OTHER_TRUTH_NAMES)
        extras.append((name, [f"c{one}" for one in truth] if words else truth))
    if maker.chance(0.2):
        cells: list[Cell] = [maker.word(("train", "test")) for _ in range(size)]
        extras.append((maker.styled(SPLIT_NAMES), cells))
    for name, cells in extras:
        if name not in taken:
            taken.add(name)
            table.columns.insert(int(maker.random.integers(len(table.columns) + 1)), (name, cells))


def _add_items(maker: _Maker, table: _Table, how: str, items: list[Cell], form: str) -> str | None:
    """The column of names or numbers of items; its name, None without one."""
    if how == "none":
        return None
    is_row_number = how in ("from 0", "from 1", "gaps", "mixed")
    if is_row_number:
        name = {".parquet": "__index_level_0__", ".feather": "index"}.get(form, "")
        if form in (".json", ".jsonl"):
            name = "index"
    elif how == "files" and maker.chance(0.3):
        name = maker.styled(OTHER_ITEM_NAMES)
    elif how == "numbers" and maker.chance(0.2):
        name = maker.word(OTHER_ITEM_NAMES)
    else:
        name = maker.styled(ITEM_NAMES)
    place = 0
    if not is_row_number and table.has_names and maker.chance(0.3):
        place = int(maker.random.integers(len(table.columns) + 1))
    table.columns.insert(place, (name, list(items)))
    table.item = name
    return name


# Judgments.


def _chosen(maker: _Maker, votes: Array, annotators: int) -> Array:
    """Who chose what: (n, annotators), -1 where somebody was not asked."""
    cells = np.full((len(votes), annotators), -1)
    for row, counts in enumerate(votes):
        labels = np.repeat(np.arange(votes.shape[1]), counts)
        who = maker.random.permutation(annotators)[: len(labels)]
        cells[row, who] = maker.random.permutation(labels)
    return cells


@dataclass(frozen=True)
class _Labels:
    """How classes are written: as numbers from ``first``, or as words."""

    words: tuple[str, ...]
    first: int | None

    @classmethod
    def drawn(cls, maker: _Maker, count: int) -> _Labels:
        how = maker.word(("names", "names", "from 0", "from 0", "from 1"))
        if how == "names":
            return cls(tuple(sorted(_classes(maker, count))), None)
        first = int(how == "from 1")
        return cls(tuple(str(one + first) for one in range(count)), first)

    def cell(self, label: int) -> Cell:
        return self.words[label] if self.first is None else label + self.first

    def answers(self) -> dict[str, Sequence[str]]:
        given = self.words if self.first != 0 else [str(len(self.words))]
        answers: dict[str, Sequence[str]] = {"--classes": ("--classes", ",".join(given))}
        if self.first == 1:
            answers["--one-based"] = ("--one-based",)
        return answers


def _long(maker: _Maker, kind: str, form: str, votes: Array) -> tuple[_Table, Made]:
    random = maker.random
    size, count = votes.shape
    labels = _Labels.drawn(maker, count)
    reader = maker.word((BUILD, BUILD, PEOPLE))
    annotators = int(votes.sum(axis=1).max()) + int(random.integers(1, 5))
    cells = _chosen(maker, votes, annotators)
    item, who = np.nonzero(cells >= 0)
    label: list[Cell] = [labels.cell(int(one)) for one in cells[item, who]]
    empty = np.flatnonzero(~votes.any(axis=1))
    unanswered = [*empty.tolist(), *([0, size - 1] if maker.chance(0.2) else [])]
    item = np.append(item, np.array(unanswered, dtype=np.int64))
    who = np.append(who, random.integers(0, annotators, len(unanswered)))
    no_label: Cell = -1 if labels.first is not None and maker.chance(0.3) else None
    label += [no_label] * len(unanswered)
    how, names = _items(maker, size, nameable=True)
    if how in ("gaps", "mixed") or how == "none":
        how = "from 0"
        names = list(range(size))
    order = random.permutation(len(item))
    people = maker.word(("numbers", "words"))
    columns: dict[str, list[Cell]] = {
        "annotator": [int(who[r]) if people == "numbers" else f"w{who[r]:02}" for r in order],
        "item": [names[item[r]] for r in order],
        "label": [label[r] for r in order],
    }
    has_names = maker.chance(0.7) or form in (".jsonl", ".parquet", ".feather")
    called = {}
    for part in columns:
        usual = maker.chance(0.75)
        pool = NAMES_OF_PARTS if usual else OTHER_NAMES_OF_PARTS
        called[part] = maker.styled(pool[part]) if usual else maker.word(pool[part])
    by_item = form == ".json" and how == "files" and people == "words" and not unanswered
    if by_item:
        has_names, called = True, dict(zip(columns, columns, strict=True))
    parts = [(called[part], cells_) for part, cells_ in columns.items()]
    random.shuffle(parts)
    table = _Table(parts, has_names, by_item=by_item)
    truth = None
    if maker.chance(0.3) and has_names and not by_item:
        truth = np.where(votes.any(axis=1), votes.argmax(axis=1), 0)
        name = maker.styled(TRUTH_NAMES)
        table.columns.append((name, [labels.cell(int(truth[item[r]])) for r in order]))
        table.answers["--true-label"] = ("--true-label", name)
    if maker.chance(0.2) and has_names and not by_item:
        numbers: list[Cell] = list(range(len(order)))
        table.columns.insert(0, ("" if form in TEXTS else "index", numbers))
    for part in columns:
        table.answers[f"--{part}"] = (f"--{part}", table.call(called[part]))
    table.answers["--layout"] = ("--layout", "long")
    if form in SHEETS:
        flag = "--header" if has_names else "--no-header"
        table.answers[flag] = (flag,)
    table.answers.update(labels.answers())
    if unanswered:
        table.answers["--missing"] = ("--missing", "drop")
    if len(empty):
        table.answers["--min-votes"] = ("--min-votes", "1")
    return table, Made(
        Path(), kind, reader, votes, labels.words, labels.words, tuple(map(str, names)),
        how == "from 0", {}, truth,
    )  # fmt: skip


def _matrix(maker: _Maker, kind: str, form: str, votes: Array) -> tuple[_Table, Made]:
    size, count = votes.shape
    annotators = int(votes.sum(axis=1).max()) + int(maker.chance(0.5))
    cells = _chosen(maker, votes, annotators)
    labels = _Labels.drawn(maker, count)
    reader = maker.word((BUILD, BUILD, PEOPLE))
    if form in (".npy", ".npz") and labels.first is None:
        labels = _Labels(tuple(str(one) for one in range(count)), 0)
    missing: Cell = -1 if labels.first is not None and maker.chance(0.5) else None
    columns: list[tuple[str, list[Cell]]] = []
    naming = maker.word(("annotator_{}", "worker{}", "Rater {}", "a{}", "person"))
    for place in range(annotators):
        name = naming.format(place + 1)
        if naming == "person":
            name = PEOPLE_NAMES[place % 12] + ("" if place < 12 else str(place))
        own = [missing if one < 0 else labels.cell(int(one)) for one in cells[:, place]]
        columns.append((name, own))
    names = [name for name, _ in columns]
    has_names = form in (".jsonl", ".parquet", ".feather") or (
        form not in (".npy", ".npz") and maker.chance(0.7)
    )
    table = _Table(columns, has_names)
    how, items = _items(maker, size, nameable=has_names or size >= 6)
    if form in (".npy", ".npz"):
        how, items = "none", list(range(size))
    truth = None
    if has_names and maker.chance(0.25):
        truth = np.where(votes.any(axis=1), votes.argmax(axis=1), 0)
        name = maker.styled(TRUTH_NAMES)
        table.columns.append((name, [labels.cell(int(one)) for one in truth]))
        table.answers["--true-label"] = ("--true-label", name)
    item_column = _add_items(maker, table, how, items, form)
    if item_column is not None:
        table.answers["--item"] = ("--item", table.call(item_column))
    chosen = table.call_some(names)
    if chosen is not None:
        table.answers["--columns"] = ("--columns", chosen)
    if form in SHEETS:
        flag = "--header" if has_names else "--no-header"
        table.answers[flag] = (flag,)
    table.answers["--layout"] = ("--layout", "matrix")
    table.answers.update(labels.answers())
    if not votes.any(axis=1).all():
        table.answers["--min-votes"] = ("--min-votes", "1")
    if form == ".npz":
        table.answers["FILE:NAME"] = ("values",)
    return table, Made(
        Path(), kind, reader, votes, labels.words, labels.words, tuple(map(str, items)),
        how in ("none", "from 0", "from 1"), {}, truth,
    )  # fmt: skip


# Writing.


def _write(maker: _Maker, table: _Table, path: Path) -> None:
    suffix = ".csv.gz" if path.name.endswith(".gz") else path.suffix
    if suffix in TEXTS:
        _write_text(maker, table, path)
    elif suffix in (".npy", ".npz"):
        _write_arrays(maker, table, path)
    elif suffix in (".json", ".jsonl"):
        _write_json(table, path)
    elif suffix == ".xlsx":
        _write_excel(table, path)
    else:
        columns = {name: polars.Series(cells, strict=False) for name, cells in table.columns}
        frame = polars.DataFrame(columns)
        frame.write_parquet(path) if suffix == ".parquet" else frame.write_ipc(path)


def _write_text(maker: _Maker, table: _Table, path: Path) -> None:
    separators = {".tsv": "\t", ".txt": maker.word(("\t", " ", "|"))}
    separator = separators.get(path.suffix) or maker.word((",", ",", ";", "|", "\t"))
    comma = separator != "," and maker.chance(0.3)
    missing = maker.word(MISSING)
    if separator == " " and missing == "":
        missing = "NA"

    def written(cell: Cell) -> str:
        if cell is None:
            return missing
        text = str(cell)
        if isinstance(cell, float) and comma:
            text = text.replace(".", ",")
        return f'"{text}"' if separator in text or (text == "" and separator == " ") else text

    rows = list(zip(*(cells for _, cells in table.columns), strict=True))
    lines = [separator.join(map(written, row)) for row in rows]
    if table.has_names:
        lines.insert(0, separator.join(written(name) for name, _ in table.columns))
    text = maker.word(("\n", "\n", "\r\n")).join([*lines, ""])
    data = text.encode(maker.word(("utf-8", "utf-8", "utf-8-sig", "utf-16")))
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def _write_arrays(maker: _Maker, table: _Table, path: Path) -> None:
    numbers = [cells for name, cells in table.columns if name != table.item]
    values = np.array([[np.nan if cell is None else cell for cell in cells] for cells in numbers]).T
    if path.suffix == ".npy":
        np.save(path, values)
        return
    arrays: dict[str, Any] = {"values": values}
    if table.item is not None:
        cells = dict(table.columns)[table.item]
        arrays[maker.word(("id", "ids", "filenames"))] = np.array([str(one) for one in cells])
    if maker.chance(0.3):
        arrays["features"] = np.arange(3.0 * len(values)).reshape(len(values), 3)
    np.savez(path, **arrays)


def _write_json(table: _Table, path: Path) -> None:
    names = [name for name, _ in table.columns]
    rows = list(zip(*(cells for _, cells in table.columns), strict=True))
    records = [dict(zip(names, row, strict=True)) for row in rows]
    if table.by_item:
        content: dict[Cell, dict[str, Cell]] = {}
        for one in records:
            content.setdefault(one["item"], {})[str(one["annotator"])] = one["label"]
        path.write_text(json.dumps(content), encoding="utf-8")
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    else:
        path.write_text(json.dumps(records if table.has_names else rows), encoding="utf-8")


def _write_excel(table: _Table, path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    if table.has_names:
        book.active.append([name or None for name, _ in table.columns])
    for row in zip(*(cells for _, cells in table.columns), strict=True):
        book.active.append(list(row))
    book.save(path)
