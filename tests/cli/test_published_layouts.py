"""Made-up files in the forms of published data sets, from the file to the score."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from c10h.formats.class_names import CLASS_LISTS
from c10h.records import Array

from .conftest import Result, Run, assert_refused

pytestmark = pytest.mark.usefixtures("folder")

SIZE = 24
FEELINGS = (
    *("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"),
)


def votes_of(random: np.random.Generator, count: int, people: int = 10) -> Array:
    shares = random.dirichlet(np.full(count, 0.4), SIZE)
    return np.asarray(random.multinomial(people, shares))


def probabilities(random: np.random.Generator, count: int, size: int = SIZE) -> Array:
    return np.asarray(random.dirichlet(np.ones(count), size))


def shares(votes: Array) -> Array:
    return np.asarray(votes / votes.sum(axis=1, keepdims=True))


def save(name: str, lines: Iterable[Sequence[object]], separator: str = ",") -> None:
    text = "".join(separator.join(map(str, line)) + "\n" for line in lines)
    Path(name).write_text(text, encoding="utf-8")


def save_predictions(
    names: Sequence[object], classes: Sequence[str], probs: Array, item: str = "file"
) -> None:
    """A table of probabilities by name, from the last item to the first."""
    rows = [(name, *row) for name, row in zip(names, probs.tolist(), strict=True)]
    save("p.csv", [(item, *classes), *reversed(rows)])


def figures(result: Result) -> dict[str, tuple[float, int]]:
    """The value of every metric, and over how many items it is."""
    metrics = result.json()["runs"][0]["metrics"]
    return {name: (figure["value"], figure["n"]) for name, figure in metrics.items()}


def check(result: Result, *, size: int = SIZE, **values: float) -> None:
    found = figures(result)
    for name, value in values.items():
        assert found[name] == (pytest.approx(value, rel=1e-6), size), name


def built(result: Result) -> str:
    assert result.status == 0, result.err
    return result.err


def ce(people: Array, probs: Array) -> float:
    return float(-(people * np.log(probs)).sum(axis=1).mean())


SCORE = ("--resamples", "0", "--json")


class TestFerPlus:
    """fer2013new.csv: votes with columns for no class, pictures without a face and a name."""

    CHOSEN = ("--columns", ",".join(FEELINGS))

    def write(self, random: np.random.Generator) -> tuple[Array, Array, Array]:
        votes = np.column_stack([votes_of(random, 8), random.integers(0, 2, SIZE)])
        faceless = np.arange(SIZE) % 8 == 3
        votes[faceless] = 0
        rows = [
            ["Training" if row % 3 else "PublicTest", "" if faceless[row] else f"fer{row:07}.png",
             *votes[row], 10 if faceless[row] else 0]
            for row in range(SIZE)
        ]  # fmt: skip
        save("fer2013new.csv", [("Usage", "Image name", *FEELINGS, "unknown", "NF"), *rows])
        probs = probabilities(random, 8)
        kept = np.flatnonzero(~faceless)
        save_predictions([f"fer{row:07}.png" for row in kept], FEELINGS, probs[kept], "Image name")
        return shares(votes[kept, :8]), probs[kept], kept

    def test_in_one_command(self, c10h: Run, random: np.random.Generator) -> None:
        people, probs, kept = self.write(random)
        line = ("score", "p.csv", "--labels", "fer2013new.csv", *self.CHOSEN)
        assert_refused(c10h(*line), "row 3: expected at least one vote for the item, found 0 0 0")
        result = c10h(*line, "--min-votes", 1, *SCORE)
        assert "fer2013new.csv: left out 3 of 24 items with fewer than 1 vote" in result.err
        check(result, size=len(kept), ce_human=ce(people, probs))

    def test_in_two(self, c10h: Run, random: np.random.Generator) -> None:
        people, probs, kept = self.write(random)
        line = ("labels", "build", "fer2013new.csv", *self.CHOSEN, "--min-votes", 1)
        said = built(c10h(*line, "-o", "l.h5"))
        assert "left out: 'Usage', 'unknown', 'NF'" in said
        check(c10h("score", "p.csv", "--labels", "l.h5", *SCORE), size=len(kept),
              ce_human=ce(people, probs))  # fmt: skip


class TestCifar10N:
    """CIFAR-10_human.pt: a vector a person; and the matrix of them."""

    NAMES = ("random_label1", "random_label2", "random_label3")

    def write(self, random: np.random.Generator) -> tuple[Array, Array, Array]:
        import torch

        truth = np.arange(SIZE) % 10
        chosen = np.where(random.random((SIZE, 3)) < 0.7, truth[:, None], (truth[:, None] + 1) % 10)
        vectors = dict(zip(self.NAMES, chosen.T, strict=True))
        worse = {"aggre_label": truth, "worse_label": chosen[:, 0]}
        torch.save({"clean_label": truth, **worse, **vectors}, "CIFAR-10_human.pt")
        np.save("annotators.npy", chosen)
        logits = random.normal(size=(SIZE, 10)) + 2 * np.eye(10)[truth]
        np.save("logits.npy", logits)
        counts = np.stack([(chosen == name).sum(axis=1) for name in range(10)], axis=1)
        return truth, counts / 3, logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)

    def test_vectors_of_people(self, c10h: Run, random: np.random.Generator) -> None:
        truth, people, logs = self.write(random)
        line = ("labels", "build", "CIFAR-10_human.pt", "-o", "l.h5")
        assert_refused(c10h(*line), ["--layout matrix", "--columns clean_label,aggre_label"])
        assert_refused(c10h(*line, "--layout", "matrix"), "--columns")
        columns = ("--columns", ",".join(self.NAMES))
        built(c10h(*line, "--layout", "matrix", *columns, "--true-label", "clean_label"))
        accuracy = (logs.argmax(axis=1) == truth).mean()
        check(c10h("score", "logits.npy", "--labels", "l.h5", *SCORE),
              ce_human=ce(people, np.exp(logs)), accuracy=accuracy)  # fmt: skip

    def test_the_matrix(self, c10h: Run, random: np.random.Generator) -> None:
        _, people, logs = self.write(random)
        line = ("labels", "build", "annotators.npy", "-o", "l.h5")
        assert "--layout matrix" in c10h(*line).err
        built(c10h(*line, "--layout", "matrix", "--classes", "cifar10"))
        check(c10h("score", "logits.npy", "--labels", "l.h5", *SCORE),
              ce_human=ce(people, np.exp(logs)))  # fmt: skip

    def test_one_vector_is_the_truth(self, c10h: Run, random: np.random.Generator) -> None:
        truth, _, logs = self.write(random)
        result = c10h("score", "logits.npy", "--truth", "CIFAR-10_human.pt:clean_label", *SCORE)
        check(result, ce_hard=-logs[np.arange(SIZE), truth].mean())


def test_get_another_label(c10h: Run, random: np.random.Generator) -> None:
    """Lines of worker, item and label without names, and the gold of some items."""
    names = [f"http://example.org/{row}.html" for row in range(SIZE)]
    words = np.array(["notporn", "porn"])
    votes = votes_of(random, 2, 5)
    lines = [(f"worker{who}", names[row], words[label])
             for row in range(SIZE)
             for who, label in enumerate(np.repeat([0, 1], votes[row]))]  # fmt: skip
    save("labels.txt", [lines[place] for place in random.permutation(len(lines))], "\t")
    gold = random.permutation(SIZE)[:9]
    truth = votes.argmax(axis=1)
    save("gold.txt", [(names[row], words[truth[row]]) for row in gold], "\t")
    probs = probabilities(random, 2)
    save_predictions(names, words.tolist(), probs)
    line = ("labels", "build", "labels.txt", "--truth", "gold.txt", "-o", "l.h5")
    assert_refused(c10h(*line), "labels.txt: ")
    numbers = ("--annotator", 0, "--item", 1, "--label", 2)
    said = built(c10h(*line, "--no-header", *numbers))
    assert "true classes of 9 of 9 items" in said
    result = c10h("score", "p.csv", "--labels", "l.h5", *SCORE)
    check(result, ce_human=ce(shares(votes), probs))
    check(result, size=9, accuracy=(probs.argmax(axis=1) == truth)[gold].mean())


def test_galaxy_zoo(c10h: Run, random: np.random.Generator) -> None:
    """Shares of answers beside coordinates and the number of people."""
    classes = ("smooth", "features", "artifact")
    people = np.round(shares(votes_of(random, 3, 40)), 3)
    ids = random.integers(587_722_000_000_000_000, 588_848_000_000_000_000, SIZE)
    seen = random.integers(20, 60, SIZE)
    sky = random.uniform(0, 360, SIZE).round(5)
    lines = [(ids[row], 1000 + row, sky[row], seen[row], *people[row]) for row in range(SIZE)]
    names = [f"t01_{name}_fraction" for name in classes]
    save("gz.csv", [("dr7objid", "asset_id", "ra", "total_classifications", *names), *lines])
    probs = probabilities(random, 3)
    save_predictions(ids.tolist(), classes, probs, "dr7objid")
    line = ("labels", "build", "gz.csv", "-o", "l.h5")
    assert_refused(c10h(*line), "--item")
    assert_refused(c10h(*line, "--item", "dr7objid"), "--columns")
    said = built(c10h(*line, "--columns", ",".join(names), "--item", "dr7objid"))
    assert "ids from column 'dr7objid'; left out: 'asset_id', 'ra', 'total_class" in said
    result = c10h("score", "p.csv", "--labels", "l.h5", "--item", "dr7objid", *SCORE)
    check(result, ce_human=ce(shares(people), probs))


def test_chaos_nli(c10h: Run, random: np.random.Generator) -> None:
    """JSON lines with the votes three times over, a majority, and older labels of other people."""
    classes = ("e", "n", "c")
    votes = votes_of(random, 3, 100)
    majority = [classes[place] for place in votes.argmax(axis=1)]
    records = [
        {
            "uid": f"{row}n",
            "label_counter": {classes[k]: int(votes[row, k]) for k in range(3) if votes[row, k]},
            "majority_label": majority[row],
            "label_dist": (votes[row] / 100).tolist(),
            "label_count": votes[row].tolist(),
            "entropy": 0.5,
            "example": {"uid": f"{row}n", "premise": "p", "hypothesis": "h", "source": "s"},
            "old_label": "n",
            "old_labels": ["n", "n", "e", "n", "c"],
        }
        for row in range(SIZE)
    ]
    text = "".join(json.dumps(one) + "\n" for one in records)
    Path("chaosNLI_snli.jsonl").write_text(text, encoding="utf-8")
    probs = probabilities(random, 3)
    save_predictions([f"{row}n" for row in range(SIZE)], classes, probs, "uid")
    line = ("score", "p.csv", "--labels", "chaosNLI_snli.jsonl")
    result = c10h(*line, "--truth", "chaosNLI_snli.jsonl:majority_label", *SCORE)
    accuracy = (probs.argmax(axis=1) == votes.argmax(axis=1)).mean()
    check(result, ce_human=ce(votes / 100, probs), accuracy=accuracy)


def test_real(c10h: Run, random: np.random.Generator) -> None:
    """real.json: the right classes of each item, none of some."""
    right = [sorted(random.permutation(12)[: row % 4].tolist()) for row in range(SIZE)]
    right[1] = [11]
    Path("real.json").write_text(json.dumps(right), encoding="utf-8")
    logits = random.normal(size=(SIZE, 12))
    np.save("logits.npy", logits)
    known = [row for row in range(SIZE) if right[row]]
    hits = [logits[row].argmax() in right[row] for row in known]
    result = c10h("score", "logits.npy", "--truth", "real.json", *SCORE)
    check(result, size=len(known), accuracy=float(np.mean(hits)))


def test_a_flat_folder_and_a_table_of_classes(
    c10h: Run, random: np.random.Generator, folder: Path
) -> None:
    """As Kaggle has them: pictures in one folder, a table of file and class, a submission."""
    (folder / "train").mkdir()
    names = [f"{number:04}.png" for number in random.permutation(1000)[:SIZE]]
    words = ("cat", "dog", "frog")
    truth = np.arange(SIZE) % 3
    for name in names:
        pixels = random.integers(0, 256, (8, 8, 3)).astype("u1")
        Image.fromarray(pixels).save(folder / "train" / name)
    save("labels.csv", [("file", "class"), *zip(names, np.array(words)[truth], strict=True)])
    probs = probabilities(random, 3)
    save_predictions(names, words, probs)
    built(c10h("data", "import", "train", "--labels", "labels.csv", "-o", "images.h5"))
    expected = -np.log(probs[np.arange(SIZE), truth]).mean()
    for known in ("images.h5", "labels.csv"):  # the pictures, or the table alone
        check(c10h("score", "p.csv", "--truth", known, *SCORE), ce_hard=expected)


def test_votes_by_picture_as_cifar_10h(c10h: Run, random: np.random.Generator) -> None:
    """A row a picture: its file, its true category, and the votes for every class."""
    classes = CLASS_LISTS["cifar10"]
    votes = votes_of(random, 10, 51)
    truth = votes.argmax(axis=1)
    names = [f"{classes[truth[row]]}_s_{row:06}.png" for row in range(SIZE)]
    lines = [(names[row], classes[truth[row]], *votes[row]) for row in range(SIZE)]
    save("cifar10h.csv", [("image_filename", "true_category", *classes), *lines])
    probs = probabilities(random, 10)
    save_predictions(names, [f"prob_{name}" for name in classes], probs, "image_filename")
    line = ("score", "p.csv", "--labels", "cifar10h.csv", "--truth", "cifar10h.csv:true_category")
    accuracy = (probs.argmax(axis=1) == truth).mean()
    check(c10h(*line, *SCORE), ce_human=ce(shares(votes), probs), accuracy=accuracy)
