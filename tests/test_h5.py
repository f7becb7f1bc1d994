"""Files: what is written is what is read, and a stranger's file can hurt nobody."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from edits import edited
from hypothesis import given, settings
from hypothesis import strategies as st
from test_records import CLASSES, LINEAGE, columns, sample

from c10h import h5
from c10h.errors import FileError, InputError, SchemaError
from c10h.files import Source
from c10h.h5_sink import Sink
from c10h.records import KINDS, Input, Labels, Lineage, Predictions, Record


def read(path: Path, *kinds: type[Record]) -> Record:
    return h5.read(Source.open(str(path)), *kinds)


def written(path: Path, kind: str = "labels", **changes: Any) -> Path:
    h5.write(sample(kind, **changes), str(path))
    return path


def damage(path: Path, name: str) -> None:
    """Overwrite the middle of the first chunk of a dataset, of a file without a digest."""
    with edited(path) as file:
        chunk = file[name].id.get_chunk_info(0)
    with path.open("r+b") as stream:
        stream.seek(chunk.byte_offset + chunk.size // 2)
        stream.write(b"\xff" * 64)


@contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Fail, rather than hang, when the block takes longer."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def assert_same(found: Record, wanted: Record) -> None:
    assert type(found) is type(wanted)
    for field in ("classes", "settings", "lineage"):
        assert getattr(found, field) == getattr(wanted, field)
    values = {name: value for name, _, value in wanted.datasets()}
    assert [name for name, _, _ in found.datasets()] == list(values)
    for name, _, value in found.datasets():
        assert value.dtype == values[name].dtype, name
        np.testing.assert_array_equal(value[:], values[name], strict=True)


class TestRoundTrip:
    @pytest.mark.parametrize("optional", [True, False])
    @pytest.mark.parametrize("kind", KINDS)
    def test_every_kind(self, tmp_path: Path, kind: str, optional: bool) -> None:
        record = sample(kind, optional=optional)
        h5.write(record, str(tmp_path / "x.h5"))
        assert_same(read(tmp_path / "x.h5", KINDS[kind]), record)

    def test_settings_keep_their_types(self, tmp_path: Path) -> None:
        settings = {"seed": 3, "epsilon": 0.5, "norm": "ℓ∞", "restarts": True, "none": ""}
        found = read(written(tmp_path / "x.h5", settings=settings))
        assert found.settings == settings
        assert [type(found.settings[key]) for key in settings] == [int, float, str, bool, str]

    def test_float64_logits_become_float32(self, tmp_path: Path) -> None:
        logits = np.random.default_rng(0).normal(size=(2, 5, 3))
        found = read(written(tmp_path / "x.h5", "predictions", logits=logits))
        assert isinstance(found, Predictions)
        np.testing.assert_array_equal(found.logits[:], logits.astype("f4"), strict=True)

    def test_nested_lineage(self, tmp_path: Path) -> None:
        lineage = LINEAGE
        for depth in range(50):
            source = Input(role="r", name=f"{depth}.h5", sha256="a" * 64, lineage=lineage)
            lineage = Lineage(command="c10h x", options={"depth": depth}, inputs=(source,))
        assert read(written(tmp_path / "x.h5", lineage=lineage)).lineage == lineage

    def test_lineage_of_more_than_64_kilobytes(self, tmp_path: Path) -> None:
        inputs = tuple(
            Input(role="predictions", name=f"naïve {k}.npy", sha256=f"{k:064x}")
            for k in range(2000)
        )
        lineage = Lineage(command="c10h score", inputs=inputs)
        assert len(json.dumps(lineage.to_dict())) > 1 << 17
        assert read(written(tmp_path / "x.h5", lineage=lineage)).lineage == lineage

    def test_stdout_and_stdin(
        self,
        capfdbinary: pytest.CaptureFixture[bytes],
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
    ) -> None:
        record = sample("predictions")
        h5.write(record, "-")
        content = capfdbinary.readouterr().out
        (tmp_path / "piped").write_bytes(content)
        with (tmp_path / "piped").open() as stream:
            monkeypatch.setattr(sys, "stdin", stream)
            source = Source.open("-")
        assert source.name == "stdin"
        assert_same(h5.read(source), record)
        assert content == written(tmp_path / "x.h5", "predictions").read_bytes()

    def test_progress_counts_every_item(self, tmp_path: Path) -> None:
        done: list[int] = []
        h5.write(sample("labels"), str(tmp_path / "x.h5"), done.append)
        assert sum(done) == 3 * 5  # of probs, of counts and of right answers


def test_the_same_record_gives_the_same_bytes_at_another_time(tmp_path: Path) -> None:
    def write_all(folder: Path) -> dict[str, bytes]:
        folder.mkdir()
        return {kind: written(folder / kind, kind).read_bytes() for kind in KINDS}

    first = write_all(tmp_path / "1")
    time.sleep(1.1)  # HDF5 counts in seconds
    assert write_all(tmp_path / "2") == first


class TestBreakingTheSchema:
    """A file that another program changed is refused as it would be in memory."""

    def refused(self, path: Path, says: str, error: type[InputError] = SchemaError) -> None:
        with pytest.raises(error, match=says) as caught:
            read(path)
        assert str(caught.value).startswith(f"{path.name}: ")

    @pytest.mark.parametrize(("kind", "name"), columns())
    def test_another_dtype(self, tmp_path: Path, kind: str, name: str) -> None:
        path = written(tmp_path / "x.h5", kind)
        with edited(path) as file:
            shape = file[name].shape
            del file[name]
            file[name] = np.zeros(shape, "complex64")
        self.refused(path, f"{name}: expected .*, found complex64")

    @pytest.mark.parametrize(("kind", "name"), columns())
    def test_another_shape(self, tmp_path: Path, kind: str, name: str) -> None:
        path = written(tmp_path / "x.h5", kind)
        with edited(path) as file:
            values = file[name][...]
            dtype = file[name].dtype
            del file[name]
            file.create_dataset(name, data=values[None], dtype=dtype)
        self.refused(path, f"{name}: expected dimensions")

    @pytest.mark.parametrize(("kind", "name"), columns())
    def test_another_size(self, tmp_path: Path, kind: str, name: str) -> None:
        path = written(tmp_path / "x.h5", kind)
        with edited(path) as file:
            values, dtype = file[name][...], file[name].dtype
            del file[name]
            file.create_dataset(name, data=np.concatenate([values, values]), dtype=dtype)
        self.refused(path, "expected . = ")

    @pytest.mark.parametrize(("kind", "name"), columns())
    def test_a_missing_dataset(self, tmp_path: Path, kind: str, name: str) -> None:
        path = written(tmp_path / "x.h5", kind)
        with edited(path) as file:
            del file[name]
            if name == "truth" and "right" in file:
                del file["right"]  # which is nothing without it
        if KINDS[kind].schema()[name].optional:
            assert getattr(read(path), name) is None
        else:
            self.refused(path, f"{name}: expected a dataset, found none")

    def test_a_group_in_place_of_a_dataset(self, tmp_path: Path) -> None:
        path = written(tmp_path / "x.h5")
        with edited(path) as file:
            del file["truth"]
            file.create_group("truth")
        self.refused(path, "truth: expected a dataset, found a group")

    @pytest.mark.parametrize(
        ("row", "says"), [(1, "row 1 appears twice"), (-1, "row -1 is out of range")]
    )
    def test_an_index_that_is_broken(self, tmp_path: Path, row: int, says: str) -> None:
        path = written(tmp_path / "x.h5", "predictions")
        with edited(path) as file:
            file["index"][3] = row
        self.refused(path, f"index: {says}")

    def test_fewer_class_names(self, tmp_path: Path) -> None:
        path = written(tmp_path / "x.h5")
        with edited(path) as file:
            file.attrs["classes"] = ["a", "b"]
        self.refused(path, "expected c = 2")

    @pytest.mark.parametrize("version", [0, 2, 99])
    def test_another_schema_version(self, tmp_path: Path, version: int) -> None:
        path = written(tmp_path / "x.h5")
        with edited(path) as file:
            file.attrs["schema"] = version
        self.refused(path, f"expected schema version 1, found {version} .*written by c10h")

    @pytest.mark.parametrize("name", ["classes", "lineage"])
    def test_a_missing_attribute(self, tmp_path: Path, name: str) -> None:
        path = written(tmp_path / "x.h5")
        with edited(path) as file:
            del file.attrs[name]
        self.refused(path, f"damaged: '{name}'", FileError)

    @pytest.mark.parametrize(
        ("lineage", "says"),
        [
            ("{", "lineage: not in the form that c10h writes"),
            ("[]", "lineage: not in the form that c10h writes"),
            ("3", "lineage: not in the form that c10h writes"),
            ('"x"', "lineage: not in the form that c10h writes"),
            ('{"command": 1}', "lineage: not in the form that c10h writes"),
            ("[" * 10**5, "lineage: not in the form that c10h writes"),
        ],
    )
    def test_a_broken_lineage(self, tmp_path: Path, lineage: str, says: str) -> None:
        path = written(tmp_path / "x.h5")
        with edited(path) as file:
            file.attrs["lineage"] = lineage
        self.refused(path, says, InputError)

    def test_a_dataset_without_values(self, tmp_path: Path) -> None:
        path = written(tmp_path / "x.h5")
        with edited(path) as file:
            del file["truth"]
            file["truth"] = h5py.Empty("i8")
        self.refused(path, "truth: expected values, found none")

    def test_a_size_beyond_all_memory(self, tmp_path: Path) -> None:
        path = written(tmp_path / "x.h5")
        with edited(path) as file:
            del file["truth"]
            file.create_dataset("truth", shape=(1 << 45,), dtype="i8", chunks=(1024,))
        self.refused(path, "truth declares .* bytes .*cannot hold", FileError)


class TestOtherFiles:
    def refused(self, path: Path, says: str, *kinds: type[Record]) -> None:
        with pytest.raises(FileError, match=says) as caught:
            read(path, *kinds)
        assert str(caught.value).startswith(f"{path.name}: ")

    @pytest.mark.parametrize(
        ("content", "found"),
        [
            (b"", "an empty file"),
            (b"cat,dog\n1,2\n", "text that begins with 'cat,dog"),
            (b"\x89HDF\r\n", "bytes that begin with 89 48 44 46"),
            (b"\x00\x01\xff", "bytes that begin with 00 01 ff"),
        ],
    )
    def test_what_is_no_hdf5(self, tmp_path: Path, content: bytes, found: str) -> None:
        (tmp_path / "x.h5").write_bytes(content)
        self.refused(tmp_path / "x.h5", f"expected an HDF5 file, found {found}")

    @pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.9, 0.999])
    def test_a_truncated_file(self, tmp_path: Path, share: float) -> None:
        content = written(tmp_path / "x.h5").read_bytes()
        (tmp_path / "x.h5").write_bytes(content[: int(len(content) * share)])
        self.refused(tmp_path / "x.h5", "truncated or damaged|cut off")

    def test_a_file_without_its_last_byte(self, tmp_path: Path) -> None:
        path = written(tmp_path / "x.h5")
        path.write_bytes(path.read_bytes()[:-1])
        self.refused(path, "cut off")

    def test_another_programs_file(self, tmp_path: Path) -> None:
        with edited(tmp_path / "x.h5") as file:
            file["probs"] = np.eye(3)
        self.refused(tmp_path / "x.h5", "not one that c10h wrote")

    @pytest.mark.parametrize("kind", ["pictures", 3, [1, 2], np.bytes_(b"\xff")])
    def test_a_kind_that_is_none(self, tmp_path: Path, kind: Any) -> None:
        path = written(tmp_path / "x.h5")
        with edited(path) as file:
            file.attrs["kind"] = kind
        self.refused(path, "not one that c10h wrote")

    def test_a_file_of_another_kind(self, tmp_path: Path) -> None:
        path = written(tmp_path / "x.h5", "scores")
        says = "expected kind labels or predictions, found kind scores"
        self.refused(path, says, Labels, Predictions)

    def test_damaged_values(self, tmp_path: Path) -> None:
        votes = np.random.default_rng(0).integers(0, 50, (3000, 3), dtype=np.int32)
        record = Labels(classes=CLASSES, probs=np.full((3000, 3), 1 / 3), counts=votes)
        h5.write(record, str(tmp_path / "x.h5"))
        damage(tmp_path / "x.h5", "counts")
        self.refused(tmp_path / "x.h5", "damaged: Can't synchronously read data")

    @pytest.mark.parametrize("name", ["kind", "schema", "classes", "lineage"])
    def test_a_damaged_attribute(self, tmp_path: Path, name: str) -> None:
        path = written(tmp_path / "x.h5")
        with edited(path):
            pass
        content = bytearray(path.read_bytes())
        # The datatype follows the name, which is padded to 8 bytes.
        content[content.index(name.encode() + b"\0") + (len(name) // 8 + 1) * 8] = 0xFF
        path.write_bytes(content)
        self.refused(path, "a damaged HDF5 file: Error iterating over attributes")
        with contextlib.suppress(FileError):
            h5.peek_kind(Source.open(str(path)))


class TestLinks:
    """Whatever leads out of a file is refused before it is followed."""

    def refused(self, path: Path, says: str) -> None:
        for action in (read, lambda one: h5.peek_kind(Source.open(str(one)))):
            with pytest.raises(FileError, match=says):
                action(path)

    @pytest.mark.parametrize("place", ["truth", "annotators/skill", "extra", "a/b/c"])
    @pytest.mark.parametrize(
        "link", [h5py.ExternalLink("secret.h5", "/truth"), h5py.SoftLink("/probs")]
    )
    def test_links(self, tmp_path: Path, place: str, link: Any) -> None:
        written(tmp_path / "secret.h5")
        path = written(tmp_path / "x.h5")
        with edited(path) as file:
            if place in file:
                del file[place]
            file[place] = link
        self.refused(path, f"/{place} is an external or soft link")

    def test_a_link_that_leads_nowhere(self, tmp_path: Path) -> None:
        path = written(tmp_path / "x.h5")
        with edited(path) as file:
            file["extra"] = h5py.SoftLink("/nowhere")
        self.refused(path, "/extra is an external or soft link")

    def test_external_storage(self, tmp_path: Path) -> None:
        (tmp_path / "secret").write_bytes(bytes(40))
        path = written(tmp_path / "x.h5")
        with edited(path) as file:
            del file["truth"]
            where = [(str(tmp_path / "secret"), 0, 40)]
            file.create_dataset("truth", shape=(5,), dtype="i8", external=where)
        self.refused(path, "/truth stores its data in another file")

    def test_a_virtual_dataset(self, tmp_path: Path) -> None:
        written(tmp_path / "secret.h5")
        path = written(tmp_path / "x.h5")
        layout = h5py.VirtualLayout(shape=(5,), dtype="i8")
        layout[:] = h5py.VirtualSource(tmp_path / "secret.h5", "truth", shape=(5,))
        with edited(path) as file:
            del file["truth"]
            file.create_virtual_dataset("truth", layout)
        self.refused(path, "/truth stores its data in another file")

    def test_a_cycle_of_hard_links_ends(self, tmp_path: Path) -> None:
        path = written(tmp_path / "x.h5")
        with edited(path) as file:
            inner = file.create_group("a/b")
            inner["up"] = file["a"]
            inner["root"] = file["/"]
        with time_limit(5), pytest.raises(SchemaError, match="have no dataset of this name"):
            read(path)

    def test_groups_nested_without_end(self, tmp_path: Path) -> None:
        path = written(tmp_path / "x.h5")
        with edited(path) as file:
            group = file
            for _ in range(2000):
                group = group.create_group("g")
        with time_limit(60), pytest.raises(FileError, match="groups within groups, over 32 deep"):
            read(path)


class TestLargeArrays:
    @settings(derandomize=True, database=None, deadline=None)
    @given(
        st.lists(st.integers(0, 10**7), min_size=1, max_size=5).map(tuple),
        st.sampled_from([1, 2, 4, 8, 200]),
    )
    def test_chunks_are_small_and_fill_the_fastest_axes(
        self, shape: tuple[int, ...], itemsize: int
    ) -> None:
        chunk = h5.chunk_shape(shape, itemsize)
        assert len(chunk) == len(shape)
        assert np.prod(chunk, dtype=object) * itemsize <= h5.CHUNK_BYTES
        assert all(1 <= part <= max(1, size) for part, size in zip(chunk, shape, strict=True))
        cut = [axis for axis, part in enumerate(chunk) if part < shape[axis]]
        assert not cut or all(part == 1 for part in chunk[: cut[-1]])

    def test_a_slice_is_read_without_the_rest(self, tmp_path: Path) -> None:
        logits = np.random.default_rng(0).normal(size=(2, 60_000, 20)).astype("f4")
        classes = tuple(map(str, range(20)))
        path = tmp_path / "x.h5"
        h5.write(
            Predictions(classes=classes, logits=logits, member=np.array(["a", "b"])), str(path)
        )
        found = read(path)
        assert isinstance(found, Predictions)
        assert not isinstance(found.logits, np.ndarray)
        np.testing.assert_array_equal(found.logits[1, 41_000:41_003], logits[1, 41_000:41_003])
        with h5py.File(path) as file:
            assert file["logits"].chunks[0] == 1
            assert np.prod(file["logits"].chunks) * 4 <= h5.CHUNK_BYTES

    def test_damage_is_told_when_it_is_read(self, tmp_path: Path) -> None:
        probs = np.random.default_rng(0).dirichlet([1, 1, 1], size=200_000)
        h5.write(Labels(classes=CLASSES, probs=probs), str(tmp_path / "x.h5"))
        damage(tmp_path / "x.h5", "probs")
        found = read(tmp_path / "x.h5")
        assert isinstance(found, Labels)
        with pytest.raises(FileError, match=r"x\.h5: probs: damaged"):
            found.probs[:]


WRITE_SLOWLY = """
import sys, time
import numpy as np
from c10h import h5
from c10h.formats.lazy_rows import computed
from c10h.records import Labels

def compute(items):
    print("writing", flush=True)
    time.sleep(0.05)
    return np.random.default_rng(0).dirichlet([1, 1], items.stop - items.start)

rows = computed((50_000_000, 2), "f8", compute)
h5.write(Labels(classes=("a", "b"), probs=rows), sys.argv[1])
"""


def test_a_killed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = written(tmp_path / "x.h5")
    before = path.read_bytes()
    command = [sys.executable, "-c", WRITE_SLOWLY, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(2):  # the first block is in the file once the second is asked for
            assert process.stdout.readline() == b"writing\n"
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kind", KINDS)
def test_ctrl_c_at_every_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """HDF5 writes much while it closes a file, where h5py drops a KeyboardInterrupt or crashes."""
    old = written(tmp_path / "old.h5").read_bytes()
    write, writes, interrupted = Sink.write, 0, 0

    def interrupted_write(sink: Sink, buffer: Any) -> int:
        nonlocal writes
        writes += 1
        if writes == interrupted:
            signal.raise_signal(signal.SIGINT)
        return write(sink, buffer)

    monkeypatch.setattr(Sink, "write", interrupted_write)
    written(tmp_path / "new.h5", kind)
    (tmp_path / "new.h5").unlink()
    assert writes > 5
    for interrupted in range(1, writes + 1):  # noqa: B007
        writes = 0
        with pytest.raises(KeyboardInterrupt):
            written(tmp_path / "old.h5", kind)
        assert (tmp_path / "old.h5").read_bytes() == old
    assert [path.name for path in tmp_path.iterdir()] == ["old.h5"]


def test_ctrl_c_ends_a_long_write_after_a_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(h5, "BLOCK_BYTES", 1)
    blocks = []

    class Interrupted:
        shape, dtype = (5, 3), np.dtype("f8")

        def __getitem__(self, key: Any, /) -> Any:
            blocks.append(key)
            signal.raise_signal(signal.SIGINT)
            return np.full((5, 3), 1 / 3)[key]

    labels = dataclasses.replace(sample("labels"), probs=Interrupted())  # type: ignore[call-arg]
    with pytest.raises(KeyboardInterrupt):
        h5.write(labels, str(tmp_path / "x.h5"))
    assert len(blocks) == 1
    assert not list(tmp_path.iterdir())


def test_an_error_while_values_are_computed_leaves_the_old_file(tmp_path: Path) -> None:
    path = written(tmp_path / "x.h5")
    before = path.read_bytes()

    class Broken:
        shape, dtype = (5, 3), np.dtype("f8")

        def __getitem__(self, key: Any, /) -> Any:
            raise SchemaError("row 3 is bad")

    with pytest.raises(SchemaError, match=r"^row 3 is bad$"):
        h5.write(dataclasses.replace(sample("labels"), probs=Broken()), str(path))  # type: ignore[call-arg]
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("make", [lambda path: path.write_text("a,b\n"), lambda path: None])
def test_peek_kind_is_none_for_foreign_files(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    path = tmp_path / "x.h5"
    with edited(path) as file:
        file["x"] = np.eye(2)
    make(path)
    assert h5.peek_kind(Source.open(str(path))) is None
