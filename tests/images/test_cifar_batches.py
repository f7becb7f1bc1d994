"""CIFAR's python batches, as they are distributed; and pickles that are out to do harm."""

from __future__ import annotations

import os
import pickle
import pickletools
import resource
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bombs import Bomb

from c10h.errors import FileError, InputError, SchemaError
from c10h.images import cifar_batches
from c10h.images.cifar_batches import read_batch, read_names
from c10h.records import Array


def text(word: bytes) -> bytes:
    """A byte string as Python 2 writes it."""
    if len(word) < 256:
        return b"U" + bytes([len(word)]) + word
    return b"T" + struct.pack("<i", len(word)) + word


def number(value: int) -> bytes:
    return b"K" + bytes([value]) if value < 256 else b"M" + struct.pack("<H", value)


def listed(items: list[bytes]) -> bytes:
    return b"](" + b"".join(items) + b"e"


def array(pixels: Array, dtype: bytes = b"u1") -> bytes:
    """An array as numpy and Python 2 wrote it with protocol 2, with the memo's numbers."""
    rows, columns = pixels.shape
    return (
        b"cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08K\x00\x85U\x01b\x87Rq\x09"
        b"(K\x01" + number(rows) + number(columns) + b"\x86cnumpy\ndtype\nq\x0a"
        b"U\x02"
        + dtype
        + b"K\x00K\x01\x87Rq\x0b(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89" + text(pixels.tobytes()) + b"tb"
    )


def python2(**items: bytes) -> bytes:
    """A dictionary as Python 2 writes it with protocol 2."""
    body = b"".join(text(key.encode()) + value for key, value in items.items())
    return b"\x80\x02}q\x01(" + body + b"u."


def cifar(pixels: Array, truth: list[int], **more: bytes) -> bytes:
    files = [text(f"ship_s_{k:06d}.png".encode()) for k in range(len(truth))]
    items = {
        "batch_label": text(b"training batch 1 of 5"),
        "labels": listed([number(one) for one in truth]),
        "data": array(pixels),
        "filenames": listed(files),
    }
    return python2(**{**items, **more})


@pytest.fixture
def pixels(random: np.random.Generator) -> Array:
    return random.integers(0, 256, (4, 3072), dtype=np.uint8)


LABELS = [6, 9, 9, 0]


class TestBatches:
    def test_as_cifar_10_is_distributed(self, pixels: Array) -> None:
        """Bytes are 1024 red ones, 1024 green and 1024 blue, row by row."""
        found = read_batch(cifar(pixels, LABELS), "data_batch_1")
        assert found.images.shape == (4, 32, 32, 3)
        for row, y, x, colour in [(0, 0, 0, 0), (1, 0, 5, 0), (2, 31, 7, 1), (3, 31, 31, 2)]:
            wanted = pixels[row, 1024 * colour + 32 * y + x]
            assert found.images[row, y, x, colour] == wanted
        assert found.truth.tolist() == LABELS
        assert found.truth.dtype == np.int64
        assert found.files is not None
        assert found.files[3] == "ship_s_000003.png"

    def test_the_bytes_here_are_what_pickle_takes_for_a_batch(self, pixels: Array) -> None:
        found = pickle.loads(cifar(pixels, LABELS), encoding="bytes")
        np.testing.assert_array_equal(found[b"data"], pixels, strict=True)
        assert found[b"labels"] == LABELS

    @pytest.mark.parametrize("protocol", [2, 3, 4])
    @pytest.mark.parametrize("as_bytes", [True, False])
    def test_as_python_3_writes_it(self, pixels: Array, protocol: int, as_bytes: bool) -> None:
        words: dict[Any, Any] = {"data": pixels, "labels": LABELS, "filenames": list("abcd")}
        if as_bytes:
            words = {key.encode(): value for key, value in words.items()}
            words[b"filenames"] = [b"a", b"b", b"c", b"d"]
        found = read_batch(pickle.dumps(words, protocol), "data_batch_1")
        wanted = pixels.reshape(4, 3, 32, 32).transpose(0, 2, 3, 1)
        np.testing.assert_array_equal(found.images, wanted, strict=True)
        assert found.files is not None
        assert found.files.tolist() == list("abcd")

    def test_a_column_major_array(self, pixels: Array) -> None:
        data = pickle.dumps({"data": np.asfortranarray(pixels), "labels": LABELS}, 2)
        wanted = read_batch(cifar(pixels, LABELS), "x").images
        np.testing.assert_array_equal(read_batch(data, "x").images, wanted)

    def test_cifar_100(self, pixels: Array) -> None:
        coarse = listed([number(1)] * 4)
        fine = listed([number(one) for one in (99, 3, 0, 47)])
        data = python2(coarse_labels=coarse, fine_labels=fine, data=array(pixels))
        assert read_batch(data, "train").truth.tolist() == [99, 3, 0, 47]

    def test_class_names(self) -> None:
        names = listed([text(b"airplane"), text(b"automobile")])
        meta = python2(num_cases_per_batch=number(10_000), label_names=names, num_vis=number(3072))
        assert read_names(meta, "batches.meta") == ("airplane", "automobile")
        meta = python2(coarse_label_names=listed([text(b"fish")]), fine_label_names=names)
        assert read_names(meta, "meta") == ("airplane", "automobile")


class TestOtherContents:
    def test_other_pickles(self, pixels: Array) -> None:
        contents: list[Any] = [[], 3, "x", {}, {"data": 3}, {"labels": [1]}, {1: 2}]
        for content in contents:
            with pytest.raises(InputError, match=r"^x: expected"):
                read_batch(pickle.dumps(content, 2), "x")

    @pytest.mark.parametrize(
        "changes",
        [
            {"labels": listed([number(1)] * 3)},
            {"labels": listed([text(b"a")] * 4)},
            {"labels": listed([b"J\xff\xff\xff\xff"] * 4)},
            {"labels": listed([b"\x88"] * 4)},
            {"filenames": listed([text(b"a")] * 3)},
            {"filenames": listed([number(1)] * 4)},
            {"data": array(np.zeros((4, 3071), np.uint8))},
            {"data": array(np.zeros((4, 3072), np.uint8), b"i1")},
            {"data": array(np.zeros((4, 3072), np.uint8), b"O8")},
            {
                "data": array(np.zeros((4, 3072), np.uint8)).replace(
                    b"M\x00\x0c\x86", b"M\x00\x0d\x86"
                )
            },
            {"data": listed([])},
        ],
    )
    def test_contents_that_do_not_fit(self, pixels: Array, changes: dict[str, bytes]) -> None:
        with pytest.raises(SchemaError, match=r"^x: expected"):
            read_batch(cifar(pixels, LABELS, **changes), "x")

    @pytest.mark.parametrize("meta", [{}, {"label_names": []}, {"label_names": [1]}, [1]])
    def test_names_that_are_none(self, meta: Any) -> None:
        with pytest.raises(InputError, match=r"^x: expected"):
            read_names(pickle.dumps(meta, 2), "x")

    @pytest.mark.parametrize("share", [0, 0.01, 0.3, 0.9, 0.9999])
    def test_truncated(self, pixels: Array, share: float) -> None:
        data = cifar(pixels, LABELS)
        with pytest.raises(FileError, match="x: not a readable CIFAR batch"):
            read_batch(data[: int(len(data) * share)], "x")

    def test_any_byte_changed(self, pixels: Array, random: np.random.Generator) -> None:
        """Of all that is not a pixel: one line that names the file, or a batch of the same form."""
        data = cifar(pixels, LABELS)
        start = data.index(pixels.tobytes())
        outside = [*range(start), *range(start + pixels.nbytes, len(data))]
        refusals = []
        for place in outside:
            broken = bytearray(data)
            broken[place] ^= random.integers(1, 256)
            try:
                batch = read_batch(bytes(broken), "x")
            except InputError as error:
                refusals.append(str(error))
                continue
            assert (batch.images.shape, batch.images.dtype) == ((4, 32, 32, 3), np.uint8)
            assert np.array_equal(np.sort(batch.images, axis=None), np.sort(pixels, axis=None))
            assert (batch.truth.shape, batch.truth.dtype) == ((4,), np.int64)
            assert batch.files is None or batch.files.shape == (4,)
        assert 0 < len(refusals) < len(outside)
        assert all(said.startswith("x: ") and "\n" not in said for said in refusals)


DICT = b"}q\x00"
# Each would make a folder, import antigravity, or change a class; {} is the folder.
ATTACKS = {
    "GLOBAL": b"\x80\x02cposix\nmkdir\nX{}\x85R.",
    "GLOBAL of builtins": b"\x80\x02c__builtin__\neval\nX{}\x85R.",
    "STACK_GLOBAL": b"\x80\x04\x8c\x05posix\x8c\x05mkdir\x93X{}\x85R.",
    "INST": b"\x80\x02(X{}iposix\nmkdir\n.",
    "OBJ": b"\x80\x02(cposix\nmkdir\nX{}o.",
    "NEWOBJ": b"\x80\x02cnumpy\nndarray\nX{}\x85\x81.",
    "EXT1": b"\x80\x02\x82\x01X{}\x85R.",
    "EXT4": b"\x80\x02\x84\x01\x00\x00\x00X{}\x85R.",
    "PERSID": b"\x80\x02Pposix\n.",
    "BINPERSID": b"\x80\x02X{}Q.",
    "a name with dots": b"\x80\x04\x8c\x05numpy\x8c\x10ndarray.__init__\x93X{}\x85R.",
    "another name of numpy's": b"\x80\x02cnumpy.core.multiarray\nfromfile\nX{}\x85R.",
    "numpy's loader": b"\x80\x02cnumpy\nload\nX{}\x85R.",
    "a buffer from outside": b"\x80\x05\x97.",
    "DUP": b"\x80\x02]2a.",
    "a set": b"\x80\x04\x8f.",
    "INT as text": b"\x80\x02I" + b"9" * 3000 + b"\n.",
    "a long integer": b"\x80\x02\x8b\x04\x00\x00\x00\x01\x01\x01\x01.",
    "REDUCE of an instance": b"\x80\x02cnumpy\ndtype\nX{}\x85RX{}\x85R.",
    "BUILD of a class": b"\x80\x02cnumpy\ndtype\n}U\x08__init__U\x01xsb.",
    "BUILD of a class's slots": b"\x80\x02cnumpy\ndtype\nN}U\x0c__setstate__NsN\x86b.",
    "BUILD of a list": b"\x80\x02]}U\x01aU\x01bsb.",
    "BUILD of a dictionary": b"\x80\x02}}U\x01aU\x01bsb.",
    "encode with an object": b"\x80\x02c_codecs\nencode\ncnumpy\ndtype\nX{}\x85RX{}\x86R.",
    "deep": b"\x80\x02" + b")" + b"\x85" * 100_000 + b".",
    "a deep key": b"\x80\x02})" + b"\x85" * 1_000_000 + b"Ns.",
    "deep by lists": b"\x80\x02" + b"]" * 500_000 + b"a" * 499_999 + b".",
    "in itself": b"\x80\x02]q\x00h\x00a.",
    "a dictionary in itself": DICT.join([b"\x80\x02", b"U\x04datah\x00sU\x06labelsh\x00s."]),
    "nothing": b"\x80\x02",
    "no end": b"\x80\x02]",
    "memo that is not there": b"\x80\x02h\x05.",
    "protocol 9": b"\x80\x09].",
}


class TestHostile:
    @pytest.mark.parametrize("name", ATTACKS)
    def test_nothing_runs(self, tmp_path: Path, name: str) -> None:
        before = {one: dict(vars(one)) for one in set(cifar_batches._STAND_INS.values())}
        folder = os.fsencode(tmp_path / "it ran")
        data = ATTACKS[name].replace(b"X{}", b"X" + struct.pack("<I", len(folder)) + folder)
        for read in (read_batch, read_names):
            with pytest.raises(InputError, match=r"^x: "):
                read(data, "x")
        assert list(tmp_path.iterdir()) == []
        assert before == {one: dict(vars(one)) for one in before}

    @pytest.mark.parametrize("protocol", range(6))
    def test_an_object_that_runs_when_it_is_loaded(self, bomb: Bomb, protocol: int) -> None:
        for content in (bomb, {"data": bomb, "labels": [1]}, {b"label_names": [bomb]}):
            with pytest.raises(FileError, match=r"refused|which no CIFAR batch needs"):
                read_batch(pickle.dumps(content, protocol), "x")
        bomb.assert_not_run()

    def test_every_operation_that_is_not_needed(self) -> None:
        """Whatever pickle can do beside lists, dictionaries, numbers and texts is refused."""
        others = {one.name for one in pickletools.opcodes} - cifar_batches.OPERATIONS
        dangerous = {"INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "PERSID", "BINPERSID", "NEXT_BUFFER"}
        assert {*dangerous, "EXT1", "EXT2", "EXT4", "DUP", "PUT", "LONG4", "BINBYTES8"} <= others

    @pytest.mark.parametrize(
        "data",
        [
            b"\x80\x02]r\xff\xff\xff\x7f.",  # kept as object number 2^31
            b"\x80\x02]r\x00\x00\x00\x04.",  # 2^26: a gigabyte
            b"\x80\x02]p2147483647\n.",
            b"\x80\x03B\xff\xff\xff\x7f.",  # bytes that are not there
            b"\x80\x04\x8e\xff\xff\xff\xff\xff\x00\x00\x00.",
            b"\x80\x04\x8d\xff\xff\xff\xff\xff\x00\x00\x00.",
            b"\x80\x05\x96\xff\xff\xff\xff\xff\x00\x00\x00.",
            b"\x80\x02T\xff\xff\xff\x7f.",
            b"\x80\x02\x8b\xff\xff\xff\x7f.",
            b"\x80\x04\x95\xff\xff\xff\xff\xff\x00\x00\x00.",
        ],
    )
    def test_sizes_that_are_only_claimed(self, tmp_path: Path, data: bytes) -> None:
        (tmp_path / "x").write_bytes(data)
        code = (
            "import sys; from c10h.errors import FileError\n"
            "from c10h.images.cifar_batches import read_batch\n"
            "try: read_batch(open(sys.argv[1], 'rb').read(), 'x')\n"
            "except FileError: print('refused')\n"
            # Not ru_maxrss, which counts what the process was before it became this program.
            "peak = [row for row in open('/proc/self/status') if row.startswith('VmHWM')]\n"
            "print(int(peak[0].split()[1]) >> 10)"
        )

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_DATA, (2 << 30, 2 << 30))

        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "x")],
            stdout=subprocess.PIPE,
            check=False,
            preexec_fn=limit,
        )
        assert done.returncode == 0
        word, megabytes = done.stdout.split()
        assert word == b"refused"
        assert int(megabytes) < 300

    def test_a_huge_file(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cifar_batches, "MOST_BYTES", 1000)
        with pytest.raises(FileError, match="expected a CIFAR batch"):
            read_batch(bytes(1001), "x")
