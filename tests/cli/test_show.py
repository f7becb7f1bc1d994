"""``c10h show``: what is in a file, and how it was made."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from edits import edited, state_of
from test_records import sample

from c10h import __version__, h5
from c10h.records import KINDS, Images, Labels

from .conftest import CLASSES, LOUD, PYTHON, Files, Run, assert_refused

pytestmark = pytest.mark.usefixtures("files")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("optional", [True, False])
def test_every_kind(c10h: Run, kind: str, optional: bool) -> None:
    record = sample(kind, optional=optional)
    h5.write(record, "x.h5")
    found = c10h("show", "x.h5", "--json").json()
    assert list(found) == ["kind", "classes", "settings", "datasets", "lineage"]
    assert found["kind"] == kind
    shapes = {name: list(value.shape) for name, _, value in record.datasets()}
    assert {name: one["shape"] for name, one in found["datasets"].items()} == shapes
    table = c10h("show", "x.h5").out
    assert table.startswith(f"x.h5: {kind}\n")
    rows = [line.split()[0] for line in table.splitlines()[3:] if line]
    assert rows[: len(shapes)] == list(shapes)


def test_json(files: Files, c10h: Run) -> None:
    files.labels("l.h5", settings={"note": "naïve", "share": 0.5})
    found = c10h("show", "l.h5", "--json").json()
    assert found["classes"] == list(CLASSES)
    assert found["settings"] == {"note": "naïve", "share": 0.5}
    counts = found["datasets"]["counts"]
    assert (counts["dtype"], counts["dims"], counts["shape"]) == ("int32", ["n", "c"], [30, 3])
    assert counts["first"] == files.counts[:3].tolist()
    assert found["datasets"]["truth"]["first"] == files.truth[:3].tolist()


def test_sizes_have_the_names_that_the_format_gives_them(c10h: Run) -> None:
    """The channels of images are 3 in every file, and have no name."""
    h5.write(Images(classes=CLASSES, images=np.zeros((2, 4, 5, 3), "u1")), "i.h5")
    assert "n=2 x h=4 x w=5 x 3  " in c10h("show", "i.h5").out


def test_numbers_that_json_does_not_have(files: Files, c10h: Run) -> None:
    files.save("people.npy", files.shares)
    c10h("score", "people.npy", "--truth", "truth.npy", "-o", "s.h5")
    found = c10h("show", "s.h5", "--json").json()
    assert None in found["datasets"]["value"]["first"]


def test_the_first_rows_are_those_of_the_items(files: Files, c10h: Run) -> None:
    logits = np.stack([files.logits["a"], files.logits["b"]]).astype("f4")
    files.predictions("p.h5", logits=logits, member=np.array(["a", "b"]))
    found = c10h("show", "p.h5", "--json").json()["datasets"]
    np.testing.assert_allclose(found["logits"]["first"], logits[0, :3], rtol=1e-6)
    assert found["member"]["first"] == ["a", "b"]


def test_lineage_is_a_tree_with_hashes(files: Files, c10h: Run) -> None:
    c10h("labels", "build", "counts.npy", "--truth", "truth.npy", "-o", "l.h5")
    c10h("score", "a.npy", "--labels", "l.h5", "--by", "truth", "-o", "s.h5")
    hashes = {
        name: hashlib.sha256(files.path(name).read_bytes()).hexdigest()
        for name in ("a.npy", "l.h5", "counts.npy", "truth.npy")
    }
    tree = c10h("show", "s.h5").out.split("\n\n")[-1]
    assert tree.splitlines() == [
        f"c10h score --by truth --resamples 1000  (c10h {__version__})  seed 0",
        f"├─ predictions a: a.npy  sha256 {hashes['a.npy']}",
        f"└─ labels: l.h5 (labels)  sha256 {hashes['l.h5']}",
        f"   c10h labels build --as human  (c10h {__version__})",
        f"   ├─ source: counts.npy  sha256 {hashes['counts.npy']}",
        f"   └─ truth: truth.npy  sha256 {hashes['truth.npy']}",
    ]


def test_lineage_in_json_is_that_of_the_file(files: Files, c10h: Run) -> None:
    c10h("labels", "build", "counts.npy", "-o", "l.h5")
    lineage = c10h("show", "l.h5", "--json").json()["lineage"]
    assert (lineage["command"], lineage["options"]) == ("c10h labels build", {"as": "human"})
    assert [one["name"] for one in lineage["inputs"]] == ["counts.npy"]


def test_stdin(files: Files, c10h: Run) -> None:
    content = files.path("labels.h5").read_bytes()
    assert c10h("show", "-", stdin=content).out.startswith("stdin: labels\n")
    piped = c10h("show", "-", "--json", stdin=content).out
    assert piped == c10h("show", "labels.h5", "--format", "json").out


def test_nothing_is_shown_of_more_than_a_few_rows(files: Files, c10h: Run) -> None:
    wide = tuple(f"class {number}" for number in range(100))
    files.labels("l.h5", classes=wide, probs=np.eye(100), counts=None, truth=None)
    found = c10h("show", "l.h5", "--json").json()["datasets"]["probs"]["first"]
    assert (len(found), len(found[0])) == (3, 12)


def on_a_terminal(*line: str, **environment: str) -> str:
    """What a command shows on a terminal of 100 columns."""
    script = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"
    known = {name: value for name, value in os.environ.items() if name not in LOUD}
    done = subprocess.run(
        [sys.executable, "-c", script, *PYTHON, *line], capture_output=True, check=True,
        env={**known, "TERM": "xterm", "COLUMNS": "100", **environment}, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return done.stdout.decode()


class TestFirstItems:
    @pytest.mark.usefixtures("pictures")
    def test_pictures_where_there_are_colours(self, c10h: Run) -> None:
        found = on_a_terminal("show", "images.h5", COLORTERM="truecolor")
        assert "▀" in found
        assert "\x1b[38;2;" in found
        assert found.index("classes: cat") < found.index("▀") < found.index("i04")
        assert "▀" not in c10h("show", "images.h5").out

    @pytest.mark.parametrize(
        "environment", [{"NO_COLOR": "1", "COLORTERM": "truecolor"}, {"TERM": "dumb"}]
    )
    @pytest.mark.usefixtures("pictures")
    def test_names_where_there_are_none(self, environment: dict[str, str]) -> None:
        found = on_a_terminal("show", "images.h5", **environment)
        assert "▀" not in found
        assert re.search(r"i01 +dog", found)

    def test_labels_as_their_largest_shares(self, c10h: Run) -> None:
        shares = r"\n0 +cat +cat 0\.65, bird 0\.25, dog 0\.10"
        assert re.search(shares, on_a_terminal("show", "labels.h5"))
        assert not re.search(shares, c10h("show", "labels.h5").out)

    def test_a_class_that_the_file_does_not_have(self, c10h: Run) -> None:
        pixels = np.zeros((2, 2, 2, 3), np.uint8)
        h5.write(Images(classes=CLASSES, images=pixels, truth=np.array([0, 1])), "wrong.h5")
        with edited("wrong.h5") as file:
            file["truth"][...] = [0, 7]
        says = "wrong.h5: truth: row 1: expected -1 to 2, found 7"
        assert_refused(c10h("show", "wrong.h5"), says)

    def test_true_classes_that_are_not_known_or_several(self) -> None:
        right = np.array([[1, 1, 0], [0, 0, 0], [0, 0, 1]], np.uint8)
        labels = Labels(classes=CLASSES, probs=np.eye(3), truth=np.array([0, -1, 2]), right=right)
        h5.write(labels, "some.h5")
        found = on_a_terminal("show", "some.h5", NO_COLOR="1")
        assert re.search(r"0 +cat or dog .*\r\n *1 +- .*\r\n *2 +bird", found)


@pytest.mark.usefixtures("runs")
class TestRuns:
    def test_networks_settings_files_and_lineage(self, c10h: Run) -> None:
        out = c10h("show", "a").out
        assert out.startswith("a: run\n")
        for number in range(3):
            assert re.search(rf"\nfold {number} +done +2 +\d\.\d{{4}} ", out)
        assert "\nnetwork: tiny:net, for images of 8 x 8 pixels\n" in out
        assert "\nclasses: cat, dog, bird\n" in out
        assert "lr 0.5" in out
        files = "files: fold-0.pt, fold-1.pt, fold-2.pt, history.h5, run.json"
        assert f"\n{files}\n" in out
        assert "c10h train --arch tiny:net" in out
        assert "images: images.h5" in out

    def test_what_is_not_done(self, c10h: Run) -> None:
        os.unlink("a/fold-1.pt")
        state = state_of("a/fold-2.pt")
        torch.save({**state, "is_done": False, "history": state["history"][:1]}, "a/fold-2.pt")
        out = c10h("show", "a/").out
        assert re.search(r"\nfold 1 +not begun +0 ", out)
        assert re.search(r"\nfold 2 +begun +1 ", out)

    def test_json(self, c10h: Run) -> None:
        found = c10h("show", "c", "--json").json()
        assert (found["kind"], found["architecture"], found["folds"]) == ("run", "tiny:net", None)
        assert found["image_size"] == [8, 8]
        (network,) = found["networks"]
        assert (network["fold"], network["state"], network["epochs"]) == (None, "done", 1)
        assert network["results"]["lr"] == 0.5
        assert found["files"] == ["fold-all.pt", "history.h5", "run.json"]
        assert found["lineage"]["command"] == "c10h train"

    def test_a_folder_that_is_none(self, c10h: Run) -> None:
        os.mkdir("photos")
        assert c10h("show", "photos").err == "error: photos: expected a file, found a folder\n"
