"""Whatever a table looks like: the numbers that went in, or one line with the option that helps.

Every case is read by the real command line, first without options, then with what the error line
asks for. Other numbers than went in are never read, not even with status 0 after a refusal.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cli.conftest import Run, assert_refused

from c10h import h5
from c10h.files import Source
from c10h.formats.class_names import default_names
from c10h.records import Array, Labels, Predictions, Scores
from formats.made_tables import (
    BUILD,
    LOGITS,
    LONG,
    MATRIX,
    NETWORK,
    PEOPLE,
    VOTES,
    Made,
    make,
)

CASES = 100
ALL_CASES = 2_000
MOST_REFUSALS = 10
# What score takes, too: the others are about judgments and people's votes.
OF_SCORE = (
    *("--layout", "--header", "--no-header", "--item", "--columns", "--classes", "--min-votes"),
    *("--logits", "--probs", "--one-based", "FILE:NAME"),
)
SCORED = ("--metrics", "ce_human", "--resamples", "0", "--per-item")


@pytest.mark.parametrize("number", range(CASES))
def test_some_tables(c10h: Run, tmp_path: Path, number: int) -> None:
    check(c10h, make(number, tmp_path), tmp_path)


@pytest.mark.full
@pytest.mark.parametrize("number", range(CASES, ALL_CASES))
def test_many_tables(c10h: Run, tmp_path: Path, number: int) -> None:
    check(c10h, make(number, tmp_path), tmp_path)


def check(c10h: Run, made: Made, folder: Path) -> None:
    output = folder / "out.h5"
    if made.reader == BUILD:
        follow(c10h, made, ["labels", "build", "{}", "-o", str(output)])
        check_labels(h5.read(Source.open(str(output)), Labels), made)
    elif made.reader == NETWORK:
        people = write_people(made, folder / "people.h5")
        line = ["score", "{}", "--labels", str(folder / "people.h5"), *SCORED, "-o", str(output)]
        follow(c10h, made, line)
        logs = np.log(np.maximum(shares_of(made), np.finfo(np.float32).tiny))
        in_order_of_labels, *_ = shuffled(made)
        check_scores(output, -(people * logs).sum(axis=1)[in_order_of_labels])
    else:
        logits = write_network(made, folder / "net.h5")
        line = ["score", str(folder / "net.h5"), "--labels", "{}", *SCORED, "-o", str(output)]
        if follow(c10h, made, line):
            logs = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
            check_scores(output, -(shares_of(made) * logs).sum(axis=1)[made.has_votes])
        else:
            check(c10h, replace(made, reader=BUILD), folder)


def follow(c10h: Run, made: Made, line: Sequence[str]) -> bool:
    """Run a command, with what its refusals ask for; False where they ask for labels build."""
    file, said = str(made.path), dict[str, Sequence[str]]()
    for _ in range(MOST_REFUSALS):
        words = [word.replace("{}", file) for word in line]
        result = c10h(*words, *(word for answer in said.values() for word in answer))
        if result.status == 0:
            assert made.reader != PEOPLE or made.kind not in (LONG, MATRIX), result.err
            return True
        assert_refused(result, made.path.stem)
        named = re.findall(r"--[a-z][a-z-]+", result.err)
        if re.search(rf"{re.escape(made.path.name)}:\w+", result.err):
            named.append("FILE:NAME")
        known = [one for one in dict.fromkeys(named) if line[0] == "labels" or one in OF_SCORE]
        if made.kind == MATRIX and "columns are classes" in result.err:
            known = [one for one in known if one != "--columns"]
        new = [one for one in known if one in made.answers and one not in said]
        if not new and line[0] == "score" and "c10h labels build" in result.err:
            return False
        assert new, f"no way to go on from: {result.err}after {said}"
        for option in new if made.all_at_once else new[:1]:
            if option == "FILE:NAME":
                file, said[option] = f"{made.path}:{made.answers[option][0]}", ()
            else:
                said[option] = made.answers[option]
    raise AssertionError(f"still refused: {result.err}after {said}")


def shares_of(made: Made) -> Array:
    """What the numbers mean: probabilities (n, c), zeros for an item without votes."""
    if made.kind == LOGITS:
        exp = np.exp(made.numbers - made.numbers.max(axis=1, keepdims=True))
        return np.asarray(exp / exp.sum(axis=1, keepdims=True))
    sums = made.numbers.sum(axis=1, keepdims=True)
    return np.asarray(made.numbers / np.where(sums == 0, 1, sums))


def check_labels(labels: Labels, made: Made) -> None:
    size = labels.probs.shape[0]
    order = order_of_classes(labels.classes, made)
    kept = np.flatnonzero(made.has_votes)
    assert size == len(kept)
    if labels.ids is not None:
        rows = rows_of(labels.ids, made)
    elif made.by_order:
        rows = kept
    else:  # names that are all the numbers from 0
        rows = rows_of(np.arange(size).astype(np.str_), made)
    np.testing.assert_allclose(labels.probs[0:size], shares_of(made)[rows][:, order], rtol=1e-9)
    if made.kind in (VOTES, LONG, MATRIX):
        assert labels.counts is not None
        np.testing.assert_array_equal(labels.counts[0:size], made.numbers[rows][:, order])
    if labels.truth is not None:
        assert made.truth is not None
        np.testing.assert_array_equal(np.array(order)[labels.truth], made.truth[rows])


def order_of_classes(names: Sequence[str], made: Made) -> list[int]:
    """Which columns of the case's numbers the classes are."""
    for known in (made.classes, made.plain, default_names(len(made.classes))):
        if sorted(known) == sorted(names):
            return [known.index(name) for name in names]
    raise AssertionError(f"classes {names} of {made.classes}")


def rows_of(ids: Array, made: Made) -> Array:
    """Which rows of the case's numbers the items are."""
    place = {name: row for row, name in enumerate(made.items)}
    if made.by_order:  # counted from 1 in the table, or from 0
        kept = np.flatnonzero(made.has_votes).tolist()
        if ids.tolist() == [str(row) for row in kept]:
            return np.array(kept)
    return np.array([place[name] for name in ids.tolist()])


def write_people(made: Made, path: Path) -> Array:
    """Labels of the case's items by name, in another order; what they are in the case's order."""
    random = np.random.default_rng(1)
    people = random.dirichlet(np.ones(len(made.classes)), len(made.items))
    items, classes, names, ids = shuffled(made)
    h5.write(Labels(classes=names, probs=people[items][:, classes], ids=ids), str(path))
    return people


def write_network(made: Made, path: Path) -> Array:
    """Predictions of the case's items, in the case's order, with names where that has any."""
    logits = np.random.default_rng(2).normal(size=made.numbers.shape).astype(np.float32)
    _, classes, names, ids = shuffled(made)
    ids = None if ids is None else np.array(made.items)
    record = Predictions(
        classes=names, logits=logits[None][..., classes], member=np.array(["m"]), ids=ids
    )
    h5.write(record, str(path))
    return logits.astype(np.float64)


def shuffled(made: Made) -> tuple[Array, Array, tuple[str, ...], Array | None]:
    """Another order of items and classes, where their names tell it; and these names."""
    random = np.random.default_rng(3)
    items, classes = np.arange(len(made.items)), np.arange(len(made.classes))
    if not made.by_order:
        random.shuffle(items)
    if made.classes != default_names(len(classes)):
        random.shuffle(classes)
        names = tuple(made.plain[place] for place in classes)
    else:
        names = made.classes
    return items, classes, names, None if made.by_order else np.array(made.items)[items]


def check_scores(path: Path, expected: Array) -> None:
    found = h5.read(Source.open(str(path)), Scores).per_item
    assert found is not None
    assert found.shape == (1, 1, len(expected))
    np.testing.assert_allclose(np.asarray(found[0:1])[0, 0], expected, rtol=2e-5, atol=1e-5)
