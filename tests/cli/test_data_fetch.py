"""``c10h data fetch`` and ``list``: stand-ins of the published files, served on this machine."""

from __future__ import annotations

import copy
import hashlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import web_server
from web_server import Server, serve

from c10h import h5
from c10h.datasets import download
from c10h.datasets.catalogue import CATALOGUE
from c10h.files import Source
from c10h.records import Images, Labels

from .conftest import LOUD, PYTHON, Refuse, Run, assert_refused
from .published import CLASSES, StandIns, known, npy, tar


@pytest.fixture(scope="module")
def stand_ins() -> StandIns:
    return StandIns()


@pytest.fixture
def site(stand_ins: StandIns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The published files on a server here, and an empty cache in the folder ``cache``."""
    monkeypatch.setattr(download, "WAITS", (0.0, 0.0))
    monkeypatch.setattr(download, "TIMEOUTS", (2.0, 0.5))
    monkeypatch.setenv("C10H_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    with serve() as one:
        one.files = stand_ins.files()
        for name, dataset in list(CATALOGUE.items()):
            monkeypatch.setitem(CATALOGUE, name, known(dataset, one.files, one.address))
        yield one


def read(path: str) -> Images | Labels:
    record = h5.read(Source.open(path))
    assert isinstance(record, Images | Labels)
    return record


def everything(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()} - {".lock"}


def fetched(c10h: Run, *names: str) -> list[str]:
    """The paths that fetching prints."""
    result = c10h("data", "fetch", *names)
    assert result.status == 0, result.err
    return result.out.split()


class TestWhatIsFetched:
    def test_cifar10(self, site: Server, c10h: Run, stand_ins: StandIns) -> None:
        train, test = (read(path) for path in fetched(c10h, "cifar10"))
        assert isinstance(train, Images)
        assert isinstance(test, Images)
        # Batches have the red plane of a picture first, then green and blue, row by row.
        whole = stand_ins.pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        np.testing.assert_array_equal(train.images[0:50], whole[:50])
        np.testing.assert_array_equal(test.images[0:10], whole[50:])
        np.testing.assert_array_equal(train.truth, stand_ins.truth[:50])
        assert train.classes == test.classes == CLASSES
        assert [name for name, _ in site.asked] == ["cifar-10-python.tar.gz"]  # once for both
        assert test.lineage is not None
        assert test.lineage.command == "c10h data fetch cifar10-test"
        digest = hashlib.sha256(site.files["cifar-10-python.tar.gz"]).hexdigest()
        assert test.lineage.inputs[0].sha256 == digest

    def test_cifar10h(self, site: Server, c10h: Run, stand_ins: StandIns) -> None:
        labels_path, trials_path = fetched(c10h, "cifar10h")
        labels = read(labels_path)
        assert isinstance(labels, Labels)
        assert labels.counts is not None
        np.testing.assert_array_equal(labels.counts[0:12], stand_ins.counts)
        np.testing.assert_allclose(labels.probs[0:12], stand_ins.counts / 30)
        np.testing.assert_array_equal(labels.truth, np.arange(12) % 10)
        assert labels.classes == CLASSES
        assert len(labels.annotators["id"]) == 30
        assert Path(trials_path).read_bytes() == site.files["cifar10h-raw.zip"]

    def test_cifar10h_keeps_published_counts(
        self, site: Server, c10h: Run, stand_ins: StandIns, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = stand_ins.counts.copy()
        other[0, :2] += [1, -1]
        site.files["cifar10h-counts.npy"] = npy(other)
        dataset = known(CATALOGUE["cifar10h"], site.files, site.address)
        monkeypatch.setitem(CATALOGUE, "cifar10h", dataset)
        result = c10h("data", "fetch", "cifar10h")
        assert "differ from the published ones, which are kept" in result.err
        labels = read(result.out.split()[0])
        assert isinstance(labels, Labels)
        assert labels.counts is not None
        np.testing.assert_array_equal(labels.counts[0:12], other)
        assert labels.annotators == {}

    @pytest.mark.parametrize("version", ["v4", "v6"])
    def test_cifar10_1(self, site: Server, c10h: Run, stand_ins: StandIns, version: str) -> None:
        images = read(fetched(c10h, f"cifar10.1-{version}")[0])
        assert isinstance(images, Images)
        pixels = stand_ins.version[version]
        np.testing.assert_array_equal(images.images[0 : len(pixels)], pixels)
        np.testing.assert_array_equal(images.truth, np.arange(len(pixels)) % 10)
        assert images.classes == CLASSES

    def test_cifar10_c_in_parts(self, site: Server, c10h: Run, stand_ins: StandIns) -> None:
        paths = fetched(c10h, "cifar10-c")
        assert len(paths) == 19 * 5
        test_images = np.ascontiguousarray(
            stand_ins.pixels[50:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        )
        for name, grey in (("gaussian_noise-1", 1), ("fog-3", 93), ("saturate-5", 185)):
            (path,) = (path for path in paths if path.endswith(f"cifar10-c-{name}.h5"))
            images = read(path)
            assert isinstance(images, Images)
            assert images.images.shape == (10, 32, 32, 3)
            assert (images.images[0:10] == grey).all()
            np.testing.assert_array_equal(images.truth, np.arange(10))
            assert images.classes == CLASSES
            assert images.original is not None
            assert images.original.tolist() == [
                int(hashlib.sha256(image.tobytes()).hexdigest()[:16], 16) for image in test_images
            ]
        assert "in the cache" in c10h("data", "list", "cifar10-c").out
        shown = c10h("show", "cifar10-c/fog-3")
        assert "n=10 x h=32" in shown.out
        assert "cifar10-c" in shown.out

    def test_cifar10_c_of_other_images(
        self, site: Server, c10h: Run, stand_ins: StandIns, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whose true classes are not those of the test images, which then are not its originals."""
        other = copy.copy(stand_ins)
        other.truth = stand_ins.truth[::-1]
        site.files["CIFAR-10-C.tar"] = other.cifar10_c()
        dataset = known(CATALOGUE["cifar10-c"], site.files, site.address)
        monkeypatch.setitem(CATALOGUE, "cifar10-c", dataset)
        result = c10h("data", "fetch", "cifar10-c")
        assert_refused(result, "labels.npy: expected the true classes of cifar10-test five times")

    @pytest.mark.parametrize(
        ("name", "says"),
        [
            ("cifar10-c", "which part, such as cifar10-c/gaussian_noise-1?"),
            ("cifar10-c/fog-9", "unknown part of cifar10-c 'fog-9': did you mean fog-"),
            ("cifar10-c/fog-3", "not fetched yet: c10h data fetch cifar10-c"),
            ("cifar10h/fog-3", "no such file"),
        ],
    )
    def test_parts_that_are_not_there(self, site: Server, c10h: Run, name: str, says: str) -> None:
        line = ("data", "corrupt", name, "--kind", "fog", "--severity", 1, "-o", "x.h5")
        assert_refused(c10h(*line), says)

    def test_cifar10_c_without_one_of_its_files(
        self, site: Server, c10h: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        labels = npy(np.tile(np.arange(10, dtype="u1"), 5))
        site.files["CIFAR-10-C.tar"] = tar({"CIFAR-10-C/labels.npy": labels}, "w")
        dataset = known(CATALOGUE["cifar10-c"], site.files, site.address)
        monkeypatch.setitem(CATALOGUE, "cifar10-c", dataset)
        result = c10h("data", "fetch", "cifar10-c")
        assert_refused(result, "CIFAR-10-C.tar: expected CIFAR-10-C/gaussian_noise.npy, found 1")

    def test_cinic10_without_its_cifar_part(self, site: Server, c10h: Run) -> None:
        images = read(fetched(c10h, "cinic10")[0])
        assert isinstance(images, Images)
        assert images.images.shape == (30, 32, 32, 3)
        np.testing.assert_array_equal(images.truth, np.repeat(np.arange(10), 3))
        greys = images.images[0:30][:, 0, 0, 0]
        np.testing.assert_array_equal(greys, [10 * n + s for n in range(10) for s in range(3)])
        assert images.ids is not None
        assert images.ids[:2].tolist() == ["test/airplane/n00_0.png", "train/airplane/n00_1.png"]

    def test_embedded_sets_need_no_network(self, site: Server, c10h: Run, tmp_path: Path) -> None:
        paths = fetched(c10h, "synthetic-far")
        assert [Path(path).name for path in paths] == [
            "synthetic-far-images.h5",
            "synthetic-far-labels.h5",
            "synthetic-far-trials.csv",
            "synthetic-far-ideal.h5",
        ]
        assert site.asked == []


class TestTwice:
    def test_nothing_is_done(self, site: Server, c10h: Run) -> None:
        first = fetched(c10h, "cifar10.1-v6")
        times = [Path(path).stat().st_mtime_ns for path in first]
        site.asked.clear()
        result = c10h("data", "fetch", "cifar10.1-v6")
        assert "already here" in result.err
        assert result.out.split() == first
        assert [Path(path).stat().st_mtime_ns for path in first] == times
        assert site.asked == []

    def test_again_checks_and_imports(self, site: Server, c10h: Run, tmp_path: Path) -> None:
        path = Path(fetched(c10h, "cifar10.1-v6")[0])
        before = path.read_bytes()
        path.write_bytes(b"spoilt")
        (tmp_path / "cache/downloads/cifar10.1_v6_data.npy").write_bytes(b"spoilt")
        site.asked.clear()
        fetched(c10h, "--again", "cifar10.1-v6")
        assert path.read_bytes() == before
        assert [name for name, _ in site.asked] == ["cifar10.1_v6_data.npy"]

    def test_the_same_bytes_in_another_cache(
        self, site: Server, c10h: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = Path(fetched(c10h, "cinic10")[0]).read_bytes()
        monkeypatch.setenv("C10H_CACHE", str(tmp_path / "other"))
        assert Path(fetched(c10h, "cinic10")[0]).read_bytes() == one

    def test_a_cache_is_a_mirror(
        self, site: Server, c10h: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = fetched(c10h, "cifar10h")
        site.asked.clear()
        monkeypatch.setenv("C10H_MIRROR", str(tmp_path / "cache/downloads"))
        monkeypatch.setenv("C10H_CACHE", str(tmp_path / "other"))
        other = fetched(c10h, "cifar10h")
        assert site.asked == []
        assert Path(other[0]).read_bytes() == Path(one[0]).read_bytes()


class TestFaults:
    """Each ends with one line, nothing half-written, and goes on when it is tried again."""

    @pytest.mark.parametrize(
        ("faults", "says"),
        [
            ([web_server.status(404)], "the server answered 404 Not Found"),
            ([web_server.status(500)] * 3, "the server answered 500 Internal Server Error"),
            ([web_server.fall_silent(100, 0.8)] * 3, "no answer in time"),
            ([web_server.break_off(0)] * 3, "bytes are here, the same command resumes from there"),
            ([web_server.another_length(5)], "bytes, found 5 at"),
            ([web_server.damaged], "expected sha256:"),
        ],
    )
    def test_a_fault(
        self,
        site: Server,
        c10h: Run,
        tmp_path: Path,
        faults: list[web_server.Fault],
        says: str,
    ) -> None:
        site.faults = list(faults)
        assert_refused(c10h("data", "fetch", "cinic10"), ["CINIC-10.tar.gz", says])
        assert everything(tmp_path) <= {"CINIC-10.tar.gz.part"}
        site.faults = []
        assert len(fetched(c10h, "cinic10")) == 1

    def test_a_download_that_broke_off_goes_on(
        self, site: Server, c10h: Run, tmp_path: Path
    ) -> None:
        site.faults = [web_server.break_off(500), *(web_server.break_off(0),) * 2]
        assert c10h("data", "fetch", "cinic10").status == 1
        site.asked.clear()
        fetched(c10h, "cinic10")
        assert site.asked == [("CINIC-10.tar.gz", "bytes=500-")]

    def test_no_network(self, site: Server, c10h: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("C10H_MIRROR", "http://127.0.0.1:9")
        found = c10h("data", "fetch", "cifar10h")
        assert_refused(found, ["http://127.0.0.1:9/cifar10h-counts.npy", "connection refused"])

    def test_a_cache_that_cannot_be_made(
        self, site: Server, c10h: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("C10H_CACHE", str(tmp_path / "file"))
        assert_refused(c10h("data", "fetch", "cifar10h"), "file")

    def test_an_archive_of_something_else(
        self, site: Server, c10h: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        site.files["CINIC-10.tar.gz"] = tar({"train/cat/n0.png": b"no picture"})
        dataset = known(CATALOGUE["cinic10"], site.files, site.address)
        monkeypatch.setitem(CATALOGUE, "cinic10", dataset)
        assert_refused(c10h("data", "fetch", "cinic10"), ["CINIC-10.tar.gz", "train/cat/n0.png"])
        assert everything(tmp_path) == {"CINIC-10.tar.gz"}

    def test_ctrl_c_keeps_what_has_arrived(self, site: Server, tmp_path: Path) -> None:
        name = "cifar10.1_v4_data.npy"
        site.files[name] = bytes(6_208_640)  # as large as the published file
        site.faults = [web_server.fall_silent(1 << 20, 20)]
        environment = {key: value for key, value in os.environ.items() if key not in LOUD}
        environment |= {"C10H_MIRROR": site.address, "C10H_CACHE": str(tmp_path / "cache")}
        command = [*PYTHON, "data", "fetch", "cifar10.1-v4"]
        part = tmp_path / f"cache/downloads/{name}.part"
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
            patience = time.monotonic() + 20
            while not part.exists() or part.stat().st_size < 1 << 19:
                assert time.monotonic() < patience
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            assert process.stderr is not None
            message = process.stderr.read().decode()
            assert process.wait(20) != 0
        assert "Traceback" not in message
        assert part.stat().st_size >= 1 << 19
        assert everything(tmp_path / "cache") == {f"{name}.part"}


class TestNames:
    def test_a_name_is_an_input(
        self, site: Server, c10h: Run, stand_ins: StandIns, tmp_path: Path
    ) -> None:
        fetched(c10h, "cifar10h")
        np.save(tmp_path / "x.npy", stand_ins.counts / 30)
        found = c10h("score", "x.npy", "--labels", "cifar10h", "--json").json()
        assert found["runs"][0]["metrics"]["kl"]["value"] == pytest.approx(0, abs=1e-12)
        built = c10h("labels", "build", "cifar10h", "--compare", "cifar10h", "-o", "l.h5")
        assert built.status == 0
        assert "identical" in built.err
        table = c10h("labels", "annotators", "cifar10h", "--json").json()
        assert len(table) == 30
        assert c10h("show", "cifar10h", "--json").json()["kind"] == "labels"
        noise = c10h("labels", "noise", "cifar10h", "--json")
        assert noise.status == 0, noise.err

    def test_truth_of_images(self, site: Server, c10h: Run, tmp_path: Path) -> None:
        fetched(c10h, "cifar10-test")
        np.save(tmp_path / "x.npy", np.eye(10) * 9.5 - 0.25)
        found = c10h("score", "x.npy", "--truth", "cifar10-test", "--json").json()
        assert found["runs"][0]["metrics"]["accuracy"]["value"] == 1.0

    def test_nothing_but_fetch_downloads(
        self, site: Server, refuses: Refuse, tmp_path: Path
    ) -> None:
        np.save(tmp_path / "x.npy", np.eye(10))
        says = "cifar10h: not fetched yet: c10h data fetch cifar10h"
        refuses("score", "x.npy", "--labels", "cifar10h", says=says)
        refuses("labels", "build", "cifar10h", says=says)
        assert site.asked == []

    def test_a_local_file_comes_first(self, site: Server, c10h: Run, tmp_path: Path) -> None:
        np.save(tmp_path / "a.npy", np.array([[3.0, 1.0], [0.0, 2.0]]))
        (tmp_path / "a.npy").rename(tmp_path / "cifar10h")
        assert c10h("labels", "build", "cifar10h", "-o", "l.h5").status == 0
        labels = read("l.h5")
        assert isinstance(labels, Labels)
        assert labels.probs.shape == (2, 2)

    @pytest.mark.parametrize(
        ("line", "says"),
        [
            (["labels", "annotators", "cifar10-test"], "expected judgments, found images"),
            (["score", "cifar10h", "--labels", "cifar10h"], "expected predictions, found labels"),
            (["show", "cifar10"], "which one, cifar10-train or cifar10-test?"),
            (
                ["data", "fetch", "cifar"],
                "unknown data set 'cifar': did you mean cifar10?",
            ),
            (
                ["data", "list", "cifar"],
                "unknown data set 'cifar': did you mean cifar10?",
            ),
        ],
    )
    def test_what_a_name_is_not(self, site: Server, c10h: Run, line: list[str], says: str) -> None:
        assert_refused(c10h(*line), says)


class TestList:
    def test_all(self, site: Server, c10h: Run) -> None:
        fetched(c10h, "cifar10.1-v6")
        rows = {line.split()[0]: line for line in c10h("data", "list").out.splitlines() if line}
        assert set(CATALOGUE) < set(rows)
        assert "in the cache" in rows["cifar10.1-v6"]
        assert "not fetched" in rows["cinic10"]

    def test_everything_of_one(self, site: Server, c10h: Run) -> None:
        out = c10h("data", "list", "cifar10h").out
        for one in CATALOGUE["cifar10h"].downloads:
            assert one.address in out
            assert one.check in out
        assert "CC BY-NC-SA 4.0" in out
        assert "arXiv 1908.07086" in out

    def test_json(self, site: Server, c10h: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("C10H_MIRROR", "/mirror")
        found = c10h("data", "list", "--json").json()
        assert list(found) == list(CATALOGUE)
        assert found["cinic10"]["downloads"][0]["address"] == "/mirror/CINIC-10.tar.gz"
        assert found["synthetic"]["downloads"] == []

    def test_a_table_in_a_file(self, site: Server, c10h: Run, tmp_path: Path) -> None:
        assert c10h("data", "list", "--format", "csv", "-o", "list.csv").status == 0
        lines = (tmp_path / "list.csv").read_text().splitlines()
        assert lines[0].startswith("name,summary,items,forms,there,licence,citation,download")
        count = sum(max(1, len(one.downloads)) for one in CATALOGUE.values())
        assert len(lines) == 1 + count


def test_the_real_counts_have_their_checksums(
    real_data: Path, tmp_path: Path, c10h: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("C10H_MIRROR", str(real_data))
    monkeypatch.setenv("C10H_CACHE", str(tmp_path))
    monkeypatch.setattr(download, "WAITS", ())
    result = c10h("data", "fetch", "cifar10h")
    # The trials are not among the data for tests.
    assert_refused(result, ["cifar10h-raw.zip", "no such file or directory"])
    assert {"cifar10h-counts.npy", "cifar10h-probs.npy"} <= everything(tmp_path)
