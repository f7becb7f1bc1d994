"""``c10h labels build``: what its files and options come to, and the file that it writes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import polars
import pytest

from c10h import h5
from c10h.records import Images, Labels

from .conftest import CLASSES, Files, Run, read_file

pytestmark = pytest.mark.usefixtures("files")


@pytest.fixture
def build(c10h: Run) -> Callable[..., Labels]:
    """Run ``c10h labels build`` and read the labels that it wrote."""

    def run(*arguments: object) -> Labels:
        result = c10h("labels", "build", *arguments, "-o", "out.h5", "--force")
        assert result.status == 0, result.err
        return read_file(Path("out.h5"), Labels)

    return run


Build = Callable[..., Labels]


class TestHuman:
    def test_votes(self, files: Files, build: Build) -> None:
        labels = build("counts.npy", "--truth", "truth.npy", "--classes", "cat,dog,bird")
        assert labels.classes == CLASSES
        np.testing.assert_array_equal(labels.counts, files.counts)
        np.testing.assert_array_equal(labels.probs, files.shares)
        np.testing.assert_array_equal(labels.truth, files.truth)


class TestFromTruth:
    SOURCES = (
        ["truth.npy", "--classes", "3"],
        ["labels.h5"],
        ["counts.npy", "--truth", "truth.npy"],
    )

    @pytest.mark.parametrize("source", SOURCES, ids=" ".join)
    def test_hard(self, files: Files, build: Build, source: list[str]) -> None:
        labels = build(*source, "--as", "hard")
        np.testing.assert_array_equal(labels.probs, np.eye(3)[files.truth])
        np.testing.assert_array_equal(labels.truth, files.truth)
        assert labels.counts is None

    def test_the_truth_of_images(self, files: Files, build: Build) -> None:
        names = np.array([f"{item}.png" for item in range(30)])
        images = Images(
            classes=CLASSES, images=np.zeros((30, 2, 2, 3), "u1"), truth=files.truth, ids=names
        )
        h5.write(images, str(files.path("images.h5")))
        labels = build("images.h5", "--as", "hard")
        assert labels.classes == CLASSES
        np.testing.assert_array_equal(labels.probs, np.eye(3)[files.truth])
        np.testing.assert_array_equal(labels.ids, names)


class TestDistill:
    def test_truth_is_kept(self, files: Files, build: Build) -> None:
        labels = build("a.npy", "--as", "distill", "--truth", "truth.npy")
        np.testing.assert_array_equal(labels.truth, files.truth)

    def test_classes_are_matched_by_name(self, files: Files, build: Build) -> None:
        order = [2, 0, 1]
        logits = files.logits["b"][None, :, order].astype("f4")
        files.predictions("p.h5")
        files.predictions("q.h5", logits=logits, classes=tuple(CLASSES[k] for k in order))
        labels = build("p.h5", "q.h5", "--as", "distill")
        wanted = build("a.npy", "b.npy", "--as", "distill")
        assert labels.classes == CLASSES
        np.testing.assert_allclose(labels.probs[:], wanted.probs[:], rtol=1e-5)

    def test_classes_that_are_taken_by_position_are_told(self, files: Files, c10h: Run) -> None:
        files.predictions("p.h5")
        result = c10h("labels", "build", "p.h5", "b.npy", "--as", "distill", "-o", "out.h5")
        assert read_file(files.path("out.h5"), Labels).classes == CLASSES
        assert "b.npy" in result.err
        assert "read as cat, dog, bird, in order" in result.err


class TestSources:
    def test_every_format_gives_the_same_labels(self, files: Files, build: Build) -> None:
        counts = files.counts
        np.savetxt("x.csv", counts, fmt="%d", delimiter=";", header="cat;dog;bird", comments="")
        np.savez("x.npz", counts=counts)
        polars.DataFrame(counts, schema=list(CLASSES)).write_parquet("x.parquet")
        with h5py.File("x.h5", "w") as file:
            file["deep/counts"] = counts
            file["more"] = counts
        options: dict[str, list[str]] = {"x.h5": ["--h5-path", "deep/counts"]}
        for name in ("x.csv", "x.npz", "x.parquet", "x.h5"):
            labels = build(name, *options.get(name, ["--classes", "cat,dog,bird"]))
            np.testing.assert_array_equal(labels.counts, counts)
            assert labels.classes == (CLASSES if name != "x.h5" else ("0", "1", "2"))

    def test_classes_put_named_columns_in_order(self, files: Files, build: Build) -> None:
        rows = "".join(
            ",".join(map(str, row)) + "\n" for row in files.counts[:, [2, 0, 1]].tolist()
        )
        files.save("x.csv", f"bird,cat,dog\n{rows}")
        labels = build("x.csv", "--classes", "cat,dog,bird", "--truth", "truth.npy")
        np.testing.assert_array_equal(labels.counts, files.counts)
        np.testing.assert_array_equal(labels.truth, files.truth)

    def test_columns_of_a_wide_table(self, files: Files, build: Build) -> None:
        rows = [f"{k},{','.join(map(str, row))}" for k, row in enumerate(files.counts.tolist())]
        files.save("x.csv", "\n".join(["id,cat,dog,bird", *rows]))
        labels = build("x.csv", "--columns", "1:4")
        assert labels.classes == CLASSES
        np.testing.assert_array_equal(labels.counts, files.counts)


class TestOutput:
    def test_what_was_made_is_told_on_stderr(self, c10h: Run) -> None:
        result = c10h("labels", "build", "counts.npy", "-o", "out.h5")
        assert (result.status, result.stdout) == (0, b"")
        says = (
            "counts.npy: votes (20 per item), 30 items x 3 classes\n"
            "out.h5: 30 items, 3 classes, human labels with 600 votes (20 per item), "
            "without truth\n"
        )
        assert result.err == says

    def test_stdout_and_stdin(self, files: Files, c10h: Run) -> None:
        line = ["labels", "build", "--truth", "truth.npy", "-o"]
        c10h(*line, "out.h5", "counts.npy")
        piped = c10h(*line, "-", "counts.npy")
        assert piped.stdout == files.path("out.h5").read_bytes()
        again = c10h(*line, "-", "-", stdin=files.path("counts.npy").read_bytes())
        files.path("again.h5").write_bytes(again.stdout)
        np.testing.assert_array_equal(
            read_file(files.path("again.h5"), Labels).counts, files.counts
        )

    @pytest.mark.parametrize(
        "line",
        [
            ["counts.npy", "--truth", "truth.npy"],
            ["counts.npy", "--prior", "0.5"],
            ["labels.h5", "--as", "class"],
            ["a.npy", "b.npy", "--as", "distill"],
        ],
        ids=" ".join,
    )
    def test_the_same_command_gives_the_same_file(
        self, files: Files, build: Build, line: list[str]
    ) -> None:
        hashes = set()
        for _ in range(2):
            build(*line)
            hashes.add(hashlib.sha256(files.path("out.h5").read_bytes()).hexdigest())
        assert len(hashes) == 1

    def test_a_copy_in_another_folder_gives_the_same_file(self, files: Files, build: Build) -> None:
        build("counts.npy", "--truth", "truth.npy")
        first = files.path("out.h5").read_bytes()
        build(files.path("counts.npy"), "--truth", files.path("truth.npy"))
        assert files.path("out.h5").read_bytes() == first


class TestMajority:
    def test_of_judgments_votes_and_shares(self, files: Files, c10h: Run) -> None:
        files.save(
            "said.csv",
            "worker,image,label\nw1,x,cat\nw2,x,cat\nw3,x,dog\nw1,y,cat\nw2,y,dog\nw1,z,dog\n",
        )
        files.save("votes.csv", "image,cat,dog\nx,2,1\ny,1,1\nz,0,1\n")
        files.save("shares.csv", "image,cat,dog\nx,0.6667,0.3333\ny,0.5,0.5\nz,0,1\n")
        for line in (["said.csv"], ["votes.csv", "--layout", "wide"], ["shares.csv"]):
            result = c10h("labels", "build", *line, "--as", "majority", "-o", "m.h5", "--force")
            assert result.status == 0, result.err
            assert "1 item with several first choices: these share the label equally" in result.err
            labels = read_file(files.path("m.h5"), Labels)
            assert labels.probs[:].tolist() == [[1, 0], [0.5, 0.5], [0, 1]]
            assert labels.counts is None
            assert labels.ids is not None
            assert labels.ids.tolist() == ["x", "y", "z"]

    def test_it_is_peoples_and_not_the_truth(self, files: Files, build: Build) -> None:
        labels = build("counts.npy", "--as", "majority", "--truth", "truth.npy")
        first = files.counts == files.counts.max(axis=1, keepdims=True)
        np.testing.assert_array_equal(labels.probs[:] > 0, first)
        np.testing.assert_array_equal(labels.truth, files.truth)

    def test_predictions_are_no_people(self, c10h: Run) -> None:
        result = c10h("labels", "build", "truth.npy", "--as", "majority", "-o", "m.h5")
        assert result.status == 1
        assert not Path("m.h5").exists()


class TestLineage:
    def lineage(self, build: Build, *line: object) -> dict[str, Any]:
        lineage = build(*line).lineage
        assert lineage is not None
        return lineage.to_dict()

    def test_inputs_have_names_and_hashes(self, files: Files, build: Build) -> None:
        lineage = self.lineage(build, files.path("counts.npy"), "--truth", files.path("truth.npy"))
        assert lineage["command"] == "c10h labels build"
        assert [source["name"] for source in lineage["inputs"]] == ["counts.npy", "truth.npy"]
        for source in lineage["inputs"]:
            content = files.path(source["name"]).read_bytes()
            assert source["sha256"] == hashlib.sha256(content).hexdigest()

    def test_nothing_in_it_is_a_path(self, files: Files, build: Build) -> None:
        files.save("names.txt", "cat\ndog\nbird\n")
        line = [files.path("counts.npy"), "--classes", files.path("names.txt"), "--prior", "1"]
        lineage = self.lineage(build, *line)
        assert "/" not in str(lineage)
        assert lineage["options"] == {"as": "human", "prior": 1.0, "classes": "cat,dog,bird"}

    @pytest.mark.parametrize(
        ("line", "options"),
        [
            (["labels.h5", "--as", "hard"], {"as": "hard"}),
            (["counts.npy", "--as", "majority"], {"as": "majority"}),
            (["labels.h5", "--as", "smooth"], {"as": "smooth", "smoothing": 0.1}),
            (
                ["labels.h5", "--as", "smooth", "--smoothing", "0"],
                {"as": "smooth", "smoothing": 0.0},
            ),
            (["a.npy", "--as", "distill"], {"as": "distill", "temperature": 1.0}),
            (
                ["a.npy", "--as", "distill", "--logits"],
                {"as": "distill", "temperature": 1.0, "logits": True},
            ),
            (["counts.npy", "--columns", "0:3"], {"as": "human", "columns": "0:3"}),
        ],
        ids=lambda one: " ".join(one) if isinstance(one, list) else "",
    )
    def test_options_that_shape_the_result(
        self, build: Build, line: list[str], options: dict[str, object]
    ) -> None:
        assert self.lineage(build, *line)["options"] == options

    def test_labels_of_labels(self, build: Build) -> None:
        build("counts.npy", "--truth", "truth.npy")
        Path("out.h5").rename("human.h5")
        (source,) = self.lineage(build, "human.h5", "--as", "class")["inputs"]
        assert (source["name"], source["kind"]) == ("human.h5", "labels")
        assert source["lineage"]["options"] == {"as": "human"}

    def test_stdin(self, files: Files, c10h: Run) -> None:
        content = files.path("counts.npy").read_bytes()
        c10h("labels", "build", "-", "-o", "out.h5", stdin=content)
        lineage = read_file(files.path("out.h5"), Labels).lineage
        assert lineage is not None
        (source,) = lineage.inputs
        assert (source.name, source.sha256) == ("stdin", hashlib.sha256(content).hexdigest())


def test_classes_that_nobody_chose_are_told(files: Files, c10h: Run) -> None:
    files.save("votes.csv", "cat,dog,fox,owl\n3,0,0,0\n1,2,0,0\n")
    told = c10h("labels", "build", "votes.csv", "-o", "l.h5").err
    assert "votes.csv: no votes for fox, owl\n" in told
    files.save("all.csv", "cat,dog\n3,0\n1,2\n")
    assert "no votes" not in c10h("labels", "build", "all.csv", "-o", "m.h5").err
