"""The kinds of file that commands exchange, one frozen dataclass each.

A dataclass is the schema: a field made by :func:`column` is one HDF5 dataset with a dtype and
symbolic sizes ("n" items, "c" classes, ...), a field made by :func:`group` an HDF5 group of named
datasets. Sizes with the same symbol must agree, and "c" is the number of class names.
:mod:`c10h.h5` reads and writes every kind from these declarations alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from c10h.errors import SchemaError

Array: TypeAlias = NDArray[Any]
Setting: TypeAlias = str | int | float | bool
Known = TypeVar("Known")
# How far the inputs of a lineage have inputs: a fine-tuned network's predictions have six.
DEEPEST = 64


class Rows(Protocol):
    """What a large array has to offer: a numpy array, or a file that is read slice by slice.

    ``rows[a:b]`` (or ``rows[k, a:b]`` with three or more dimensions) returns a numpy array.
    """

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    def __getitem__(self, key: Any, /) -> Array: ...


@dataclass(frozen=True)
class View:
    """Rows that are computed when they are read: ``view[key]`` is ``read(key)``.

    shares_of: the votes whose shares these rows are, where they are nothing else.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    read: Callable[[Any], Array]
    shares_of: Rows | None = None

    def __getitem__(self, key: Any, /) -> Array:
        return self.read(key)


@dataclass(frozen=True)
class Column:
    """Declaration of one dataset.

    dtype: the numpy name of the dtype in the file; "str" is UTF-8 text.
    dims: symbolic sizes, from the slowest axis to the fastest.
    in_memory: dtypes that a record may hold besides ``dtype``; they are converted when written.
    shuffle: whether byte shuffling before compression pays (measured by benchmarks/compression.py).
    least, most: of all values; most may be a symbolic size, whose numbers the values then are.
    """

    dtype: str
    dims: tuple[str, ...]
    optional: bool = False
    in_memory: tuple[str, ...] = ()
    shuffle: bool = True
    least: float | None = None
    most: float | str | None = None

    def check_range(self, values: Array, what: str, sizes: Mapping[str, int]) -> None:
        """Raise SchemaError for a value that nothing can mean; NaN is for others to judge."""
        if not values.size or self.least is None:
            return
        most = sizes[self.most] - 1 if isinstance(self.most, str) else self.most
        wrong = values < self.least
        if most is not None:
            wrong |= values > most
        if wrong.any():
            row = np.unravel_index(int(np.argmax(wrong)), values.shape)
            limits = f"{self.least:g} or more" if most is None else f"{self.least:g} to {most:g}"
            raise SchemaError(f"{what}: row {row[0]}: expected {limits}, found {values[row]}")

    def check_dtype(self, dtype: np.dtype[Any], what: str) -> None:
        """Raise SchemaError unless ``found`` is a dtype that this column may have."""
        names = ("str",) if dtype.kind in "UO" else (dtype.name,)
        if not set(names) & {self.dtype, *self.in_memory}:
            raise SchemaError(f"{what}: expected {self.dtype}, found {dtype.name}")


@dataclass(frozen=True)
class Group:
    """Declaration of one HDF5 group: datasets of any name that share ``dims``.

    numbers: the names of those that are numbers, not text, and their dtypes where these are known.
    is_whole: whether these are all that it has, and none of them alone says anything.
    """

    dims: tuple[str, ...]
    optional: bool = True
    numbers: tuple[tuple[str, str], ...] = ()
    is_whole: bool = False

    def check_names(self, names: Collection[str], what: str) -> None:
        """Raise SchemaError for a part of a whole."""
        wanted = dict(self.numbers)
        if self.is_whole and names and set(names) != set(wanted):
            raise SchemaError(
                f"{what}: expected {' and '.join(wanted)}, found {', '.join(sorted(names))}"
            )

    def check_dtype(self, dtype: np.dtype[Any], what: str) -> None:
        """Raise SchemaError for text in place of numbers, and for what is neither."""
        names = dict(self.numbers)
        name = what.rpartition("/")[2]
        if dtype.kind not in ("fiub" if name in names else "fiubUO"):
            raise SchemaError(f"{what}: expected numbers, found {dtype.name}")
        if names.get(name) not in (None, "", dtype.name):
            raise SchemaError(f"{what}: expected {names[name]}, found {dtype.name}")


def column(dtype: str, *dims: str, optional: bool = False, **options: Any) -> Any:
    """Declare a dataset of a record; see :class:`Column`."""
    metadata = {"schema": Column(dtype, dims, optional, **options)}
    if optional:
        return dataclasses.field(default=None, metadata=metadata)
    return dataclasses.field(metadata=metadata)


def group(*dims: str, is_whole: bool = False, **numbers: str) -> Any:
    """Declare a group of datasets of a record; see :class:`Group`. Empty when absent.

    numbers: names of numbers, each with its dtype, empty where it may be any.
    """
    declared = Group(dims, numbers=tuple(numbers.items()), is_whole=is_whole)
    return dataclasses.field(default_factory=dict, metadata={"schema": declared})


@dataclass(frozen=True, kw_only=True)
class Input:
    """One input of a command: the part it played, its file name (no folder), its SHA-256."""

    role: str
    name: str
    sha256: str
    kind: str | None = None
    lineage: Lineage | None = None


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """How a record was made: the command, its options without paths, its seed, and its inputs.

    excluded: what the command left out of its inputs, counted and named.
    """

    command: str
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    seed: int | None = None
    architecture: str | None = None
    inputs: tuple[Input, ...] = ()
    excluded: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    version: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionaries and lists, ready for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], depth: int = 0) -> Lineage:
        """Inverse of :meth:`to_dict`. Raises SchemaError on anything else.

        depth: how many inputs of inputs it is the lineage of.
        """
        if depth > DEEPEST:
            raise SchemaError(f"lineage: inputs of inputs, more than {DEEPEST} deep")
        try:
            inputs = tuple(
                Input(
                    role=str(item["role"]),
                    name=str(item["name"]),
                    sha256=str(item["sha256"]),
                    kind=_known(item["kind"], str),
                    lineage=cls.from_dict(item["lineage"], depth + 1) if item["lineage"] else None,
                )
                for item in data["inputs"]
            )
            return cls(
                command=str(data["command"]),
                options=dict(data["options"]),
                seed=_known(data["seed"], int),
                architecture=_known(data["architecture"], str),
                inputs=inputs,
                excluded=dict(data["excluded"]),
                version=str(data["version"]),
            )
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise SchemaError(f"lineage: not in the form that c10h writes ({error!r})") from error


def _known(value: Any, kind: type[Known]) -> Known | None:
    """A value of a kind, or None. Raises TypeError for anything else."""
    if value is None or (isinstance(value, kind) and not isinstance(value, bool)):
        return value
    raise TypeError(f"expected {kind.__name__}, found {value!r}")


@dataclass(frozen=True, kw_only=True)
class Record:
    """Base of all kinds. Construction checks dtypes, dimensions and the agreement of sizes."""

    kind: ClassVar[str]
    # The version of the layout that is written; older ones are still read.
    version: ClassVar[int] = 1

    classes: tuple[str, ...]
    settings: Mapping[str, Setting] = dataclasses.field(default_factory=dict)
    lineage: Lineage | None = None

    def __post_init__(self) -> None:
        if len(self.classes) < 2 or len(set(self.classes)) != len(self.classes):
            raise SchemaError(
                f"classes: expected two or more different names, found {self.classes}"
            )
        for text in (*self.classes, *filter(_is_text, self.settings.values())):
            _check_text("names and settings", str(text))
        for field, declared in self.schema().items():
            if isinstance(declared, Group):
                declared.check_names(getattr(self, field), field)
        sizes = {"c": len(self.classes)}
        for name, declared, value in self.datasets():
            _check(name, declared, value, sizes)

    @classmethod
    @cache
    def schema(cls) -> Mapping[str, Column | Group]:
        """The declared datasets and groups of this kind, in order."""
        return {
            field.name: field.metadata["schema"]
            for field in dataclasses.fields(cls)
            if "schema" in field.metadata
        }

    def datasets(self) -> Iterator[tuple[str, Column | Group, Rows]]:
        """Every dataset that is present: its path in the file, its declaration, its values."""
        for name, declared in self.schema().items():
            value = getattr(self, name)
            if isinstance(declared, Group):
                for key, member in sorted(value.items()):
                    yield f"{name}/{key}", declared, member
            elif value is not None:
                yield name, declared, value


def _check(name: str, declared: Column | Group, value: Rows, sizes: dict[str, int]) -> None:
    declared.check_dtype(value.dtype, name)
    if len(value.shape) != len(declared.dims):
        raise SchemaError(
            f"{name}: expected dimensions ({', '.join(declared.dims)}), found shape {value.shape}"
        )
    if isinstance(value, np.ndarray) and value.dtype.kind == "U" and value.size:
        _check_text(name, "".join(value.ravel().tolist()))
    for symbol, size in zip(declared.dims, value.shape, strict=True):
        if size == 0 and symbol in ("m", "n", "r"):
            raise SchemaError(f"{name}: expected one or more, found shape {value.shape}")
        expected = size if symbol.isdigit() else sizes.setdefault(symbol, size)
        if size != (int(symbol) if symbol.isdigit() else expected):
            raise SchemaError(f"{name}: expected {symbol} = {expected}, found shape {value.shape}")
    if isinstance(declared, Column) and isinstance(value, np.ndarray):
        declared.check_range(value, name, sizes)


def _check_text(name: str, text: str) -> None:
    """Raise SchemaError for a text that no file can hold: with NUL, or half of a character."""
    if "\0" in text:
        raise SchemaError(f"{name}: expected text, found {text!r} with a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise SchemaError(f"{name}: expected text, found {text!r}, which is no UTF-8") from None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _check_index(index: Array | None) -> None:
    """Raise SchemaError where an index of rows is negative or names a row twice."""
    if index is None or not len(index):
        return
    if index.min() < 0:
        raise SchemaError(f"index: row {int(index.min())} is out of range")
    values, first = np.unique(index, return_index=True)
    if len(values) != len(index):
        second = np.setdiff1d(np.arange(len(index)), first)[0]
        raise SchemaError(f"index: row {int(index[second])} appears twice")


@dataclass(frozen=True, kw_only=True)
class Images(Record):
    """Images as bytes, colour last. ``ids`` names each item.

    truth: the class of each; -1 where it is not known.
    original: of images that were made from others, first 64 bits of the SHA-256 of the pixels of
        the first one that each comes from. Version 2 added it.
    """

    kind = "images"
    version = 2

    images: Rows = column("uint8", "n", "h", "w", "3")
    truth: Array | None = column("int64", "n", optional=True, least=-1, most="c")
    ids: Array | None = column("str", "n", optional=True)
    original: Array | None = column("uint64", "n", optional=True)


@dataclass(frozen=True, kw_only=True)
class Labels(Record):
    """Soft labels: ``probs`` rows sum to 1; ``counts`` are the votes that they come from.

    Where there are people, the counts are the primary artefact: a prior or a smoothing changes
    ``probs`` alone. ``annotators`` holds one row an annotator (id, skill, attention, ...).

    truth: the true class; -1 where it is not known.
    right: where several answers can be right, 1 for each class that counts as right and 0 for the
        others; truth is then the first of them, or -1 for an item without any.
    """

    kind = "labels"

    # Few different values recur in whole, so shuffling their bytes apart costs compression.
    probs: Rows = column("float64", "n", "c", shuffle=False)
    counts: Rows | None = column("int32", "n", "c", optional=True)
    truth: Array | None = column("int64", "n", optional=True, least=-1, most="c")
    right: Rows | None = column("uint8", "n", "c", optional=True)
    ids: Array | None = column("str", "n", optional=True)
    annotators: Mapping[str, Array] = group("a")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.right is not None and self.truth is None:
            raise SchemaError("right: expected truth as well, found none")


@dataclass(frozen=True, kw_only=True)
class Predictions(Record):
    """Logits of m members (networks) over the same n items.

    logits: natural-log scale; an ensemble stores the log of its members' mean softmax.
    index: row of each item in the images that it came from; no row twice.
    fold: the fold whose network predicted the item (held-out predictions).
    member_fold: the fold of each member's network, -1 for a network without folds.
    truth: the true class of each item; -1 where it is not known.
    item: first 64 bits of the SHA-256 of each item's pixels.
    original: as in :class:`Images`, where they have it. Version 2 added it.
    trained: ``item`` (uint64) and ``fold`` (int16) of every item that any of these networks was
        ever trained on, ancestors included, as ``original`` or else ``item`` names it. Fold -1: all
        networks saw it; fold f: all but the network of fold f. Empty where that is unknown.
    """

    kind = "predictions"
    version = 2

    logits: Rows = column("float32", "m", "n", "c", in_memory=("float64",))
    member: Array = column("str", "m")
    index: Array | None = column("int64", "n", optional=True)
    ids: Array | None = column("str", "n", optional=True)
    truth: Array | None = column("int64", "n", optional=True, least=-1, most="c")
    fold: Array | None = column("int16", "n", optional=True, least=-1)
    member_fold: Array | None = column("int16", "m", optional=True, least=-1)
    item: Array | None = column("uint64", "n", optional=True)
    original: Array | None = column("uint64", "n", optional=True)
    trained: Mapping[str, Array] = group("k", is_whole=True, item="uint64", fold="int16")

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_index(self.index)


@dataclass(frozen=True, kw_only=True)
class Attack(Record):
    """Logits before and after an attack with k budgets and s steps.

    epsilon: the budgets, in pixels of [0,1]; norm: the realised size of each perturbation.
    loss, correct: cross-entropy with the true class in nats and whether the prediction was right,
        step 0 being clean and the last step what ``logits`` are of.
    member, member_fold, item, original, trained, fold, truth: as in :class:`Predictions`. Version 2
        added ``original``.
    target: the class that the attack led to, where it was led to any.
    human: figures by name, of the comparison with people after the attack at each budget.
    health: ``name``, ``member`` and ``epsilon`` (NaN: all) of each check of the attack itself, its
        ``value``, and ``passed``: 1, 0, or -1 for a figure that is no test.
    examined: which of the n items the checks were made on.
    rescaled_logits: of these, logits divided by the temperature that fits the true classes of all
        clean images best, after the same attack on the network so divided; NaN where none fits.
    """

    kind = "attack"
    version = 2

    clean_logits: Rows = column("float32", "m", "n", "c")
    logits: Rows = column("float32", "m", "k", "n", "c")
    epsilon: Array = column("float64", "k", least=0)
    loss: Rows = column("float32", "m", "k", "s+1", "n")
    correct: Rows = column("uint8", "m", "k", "s+1", "n", least=0, most=1)
    norm: Rows = column("float32", "m", "k", "n")
    index: Array = column("int64", "n")
    member: Array | None = column("str", "m", optional=True)
    ids: Array | None = column("str", "n", optional=True)
    truth: Array | None = column("int64", "n", optional=True, least=-1, most="c")
    target: Array | None = column("int64", "m", "n", optional=True, least=0, most="c")
    fold: Array | None = column("int16", "n", optional=True, least=-1)
    member_fold: Array | None = column("int16", "m", optional=True, least=-1)
    item: Array | None = column("uint64", "n", optional=True)
    original: Array | None = column("uint64", "n", optional=True)
    trained: Mapping[str, Array] = group("t", is_whole=True, item="uint64", fold="int16")
    images: Rows | None = column("float32", "m", "k", "n", "h", "w", "3", optional=True)
    human: Mapping[str, Array] = group("m", "k")
    health: Mapping[str, Array] = group("checks", epsilon="float64", value="float64", passed="int8")
    examined: Array | None = column("int64", "e", optional=True, least=0, most="n")
    rescaled_logits: Rows | None = column("float32", "m", "k", "e", "c", optional=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_index(self.index)


@dataclass(frozen=True, kw_only=True)
class Scores(Record):
    """Values of q metrics for r runs in t strata of the items; the first stratum is all items.

    value, low, high: NaN where the figure does not exist, and then ``why`` says why.
    n: how many items the value is a mean over.
    ceilings: what people reach, one (r, q, t) array a method; NaN where a method does not apply.
    run, network, training, data: the name of each run and what its user says of it.
    items: digest of the run's items, their order and their labels; equal digests can be paired.
    exposure: "held-out", "in-sample" or "unknown": what the network was trained on.
    notes: what a reader of a run's figures should know (clipped zeros, ties), one a line.
    samples: the B bootstrap values behind each interval.
    per_item: the value of each item, in the order of the labels or else of the truth, of the
        predictions where there is neither; NaN where a metric is no mean over items.
    reference: the names of f references (:data:`c10h.metrics.references.REFERENCES`).
    references: value, low and high of each of their figures; reference_why as ``why``.
    above: low and high of the paired difference, a run less its reference.
    temperature: of each run's rescaled reference, the mean and the range over the groups of items
        that it was fitted to; NaN where there is none.
    scale: value, low and high of the share of a run's distance that its temperature takes off.
    rescaled_samples: the bootstrap values of the rescaled reference.
    seed: what the training of each run's networks was seeded with; empty where that is unknown.
    combined: how a run combines several networks: "mean", its figures are means of theirs;
        "held-out", each item is predicted by one of them; "" for a single network or an ensemble.
    networks: names of the k networks that runs combine; network_run: the row of their run;
        network_items: as ``items``, of the items that the network predicts.
    network_value, network_rescaled: their figures; NaN where there are none (a held-out run has
        those of all items of a fold alone).

    Version 2 added the references; they are absent in files of version 1, and where none was asked
    for. Older files have neither seeds nor networks, and networks are absent where no run combines
    several.
    """

    kind = "scores"
    version = 2

    value: Array = column("float64", "r", "q", "t")
    low: Array = column("float64", "r", "q", "t")
    high: Array = column("float64", "r", "q", "t")
    n: Array = column("int64", "r", "q", "t", least=0)
    why: Array = column("str", "r", "q", "t")
    ceilings: Mapping[str, Array] = group("r", "q", "t")
    run: Array = column("str", "r")
    network: Array = column("str", "r")
    training: Array = column("str", "r")
    data: Array = column("str", "r")
    items: Array = column("str", "r")
    exposure: Array = column("str", "r")
    notes: Array = column("str", "r")
    metric: Array = column("str", "q")
    stratum: Array = column("str", "t")
    samples: Rows = column("float32", "r", "q", "t", "b")
    per_item: Rows | None = column("float32", "r", "q", "n", optional=True)
    reference: Array | None = column("str", "f", optional=True)
    references: Array | None = column("float64", "r", "f", "q", "t", "3", optional=True)
    reference_why: Array | None = column("str", "r", "f", "q", "t", optional=True)
    above: Array | None = column("float64", "r", "f", "q", "t", "2", optional=True)
    temperature: Array | None = column("float64", "r", "2", optional=True)
    scale: Array | None = column("float64", "r", "3", optional=True)
    rescaled_samples: Rows | None = column("float32", "r", "q", "t", "b", optional=True)
    seed: Array | None = column("str", "r", optional=True)
    combined: Array | None = column("str", "r", optional=True)
    networks: Array | None = column("str", "k", optional=True)
    network_run: Array | None = column("int64", "k", optional=True, least=0, most="r")
    network_items: Array | None = column("str", "k", optional=True)
    network_value: Array | None = column("float64", "k", "q", "t", optional=True)
    network_rescaled: Array | None = column("float64", "k", "q", "t", optional=True)


@dataclass(frozen=True, kw_only=True)
class History(Record):
    """Learning curves: one row an epoch of a fold. Loss in nats, accuracy as a share."""

    kind = "history"

    fold: Array = column("int16", "e", least=-1)
    epoch: Array = column("int32", "e", least=0)
    loss: Array = column("float64", "e", least=0)
    accuracy: Array = column("float64", "e", least=0, most=1)
    learning_rate: Array = column("float64", "e", least=0)


KINDS: Mapping[str, type[Record]] = {
    record.kind: record for record in (Images, Labels, Predictions, Attack, Scores, History)
}
