"""Files that mean harm: small ones that declare much, code, links, bombs, and odd types.

Each is made by a function that writes into a folder with the seeds and returns the command line.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
from bombs import Bomb
from edits import edited, state_of

Line = tuple[str, ...]
Maker = Callable[[Path], Line]
MAKERS: dict[str, Maker] = {}
# What is harmless: names where there may be any, and numbers as names.
HARMLESS = (
    "predictions: ids: text",
    "labels: ids: text",
    "labels: annotators/id: text",
    "labels: annotators/id: negative",
    "images: ids: text",
)
# What code of a hostile file makes where it is run.
MARK = "ran"
# Inputs that failed once, as a byte more or less made them.
CORPUS = Path(__file__).parent / "corpus"

SCORE: Line = ("--labels", "labels.h5", "--resamples", "20", "--json")
IMPORT: Line = ("data", "import")
OUT: Line = ("-o", "out.h5")
PREDICT: Line = ("predict", "run", "images.h5", "--arch", "tiny:net", *OUT)


def hostile(maker: Maker) -> Maker:
    """Add a function to MAKERS."""
    MAKERS[maker.__name__] = maker
    return maker


def score(name: str) -> Line:
    """Score a file as predictions."""
    return ("score", name, *SCORE)


@hostile
def a_text_of_4_gb_in_7_kb(folder: Path) -> Line:
    (folder / "x.h5").write_bytes((CORPUS / "foreign-length-of-text.h5").read_bytes())
    return score("x.h5:logits")


@hostile
def a_mat_on_which_its_reader_crashes(folder: Path) -> Line:
    (folder / "x.mat").write_bytes((CORPUS / "crash-of-reader.mat").read_bytes())
    return score("x.mat")


@hostile
def a_member_without_a_name(folder: Path) -> Line:
    (folder / "x.pt").write_bytes((CORPUS / "member-without-name.pt").read_bytes())
    return score("x.pt")


@hostile
def a_billion_votes_of_an_item(folder: Path) -> Line:
    np.save(folder / "x.npy", np.array([[900_000_000, 900_000_000, 1]] * 24))
    return ("score", "a.npy", "--labels", "x.npy", "--layout", "wide")


# Code


@hostile
def pickle_in_npy(folder: Path) -> Line:
    np.save(folder / "x.npy", np.array([Bomb(folder / MARK)], dtype=object))
    return score("x.npy")


@hostile
def pickle_in_npz(folder: Path) -> Line:
    np.savez(folder / "x.npz", logits=np.array([Bomb(folder / MARK)], dtype=object))
    return score("x.npz")


@hostile
def pickle_in_pt(folder: Path) -> Line:
    torch.save({"logits": Bomb(folder / MARK)}, folder / "x.pt")
    return score("x.pt")


@hostile
def pickle_in_a_batch(folder: Path) -> Line:
    (folder / "data_batch_1").write_bytes(pickle.dumps({b"data": Bomb(folder / MARK)}, 2))
    return (*IMPORT, "data_batch_1", "--classes", "3", *OUT)


@hostile
def pickle_in_a_checkpoint(folder: Path) -> Line:
    state = state_of(folder / "run" / "fold-0.pt")
    torch.save({**state, "history": Bomb(folder / MARK)}, folder / "run" / "fold-0.pt")
    return PREDICT


@hostile
def code_in_a_run(folder: Path) -> Line:
    _edit_run(folder, architecture="os:getcwd")
    return ("predict", "run", "images.h5", *OUT)


@hostile
def exit_in_a_run(folder: Path) -> Line:
    _edit_run(folder, architecture="sys:exit")
    return ("predict", "run", "images.h5", *OUT)


@hostile
def a_million_opcodes_in_a_batch(folder: Path) -> Line:
    (folder / "data_batch_1").write_bytes(b"\x80\x02" + b"N" * 1_000_000 + b".")
    return (*IMPORT, "data_batch_1", "--classes", "3", *OUT)


# Run folders


def _edit_run(folder: Path, **changes: Any) -> None:
    path = folder / "run" / "run.json"
    content = json.loads(path.read_text())
    del content["digest"]
    path.write_text(json.dumps({**content, **changes}))


@hostile
def a_billion_folds(folder: Path) -> Line:
    _edit_run(folder, folds=10**9)
    return PREDICT


@hostile
def a_network_of_terabytes(folder: Path) -> Line:
    _edit_run(folder, architecture="wrn_10_9000")
    return PREDICT


@hostile
def a_network_without_end(folder: Path) -> Line:
    _edit_run(folder, architecture="resnet_basic_9999998")
    return PREDICT


@hostile
def run_json_nested(folder: Path) -> Line:
    (folder / "run" / "run.json").write_text('{"a":' * 100_000)
    return PREDICT


@hostile
def run_json_is_huge_number(folder: Path) -> Line:
    (folder / "run" / "run.json").write_text('{"schema":' + "9" * 5000 + "}")
    return PREDICT


@hostile
def a_checkpoint_with_odd_results(folder: Path) -> Line:
    state = state_of(folder / "run" / "fold-0.pt")
    odd = {"results": 3, "history": "x", "grid": {"a": 1}, "running": None}
    torch.save({**state, **odd}, folder / "run" / "fold-0.pt")
    return ("show", "run", "--check")


@hostile
def a_checkpoint_with_nan_schema(folder: Path) -> Line:
    state = state_of(folder / "run" / "fold-0.pt")
    torch.save({**state, "schema": torch.ones(2)}, folder / "run" / "fold-0.pt")
    return PREDICT


# HDF5


def _changed(folder: Path, kind: str, change: Callable[[h5py.File], None]) -> None:
    with edited(folder / f"{kind}.h5") as file:
        change(file)


def _put(file: h5py.File, name: str, **options: Any) -> None:
    if name in file:
        del file[name]
    file.create_dataset(name, **options)


def _dataset(kind: str, name: str, line: Line, options: Mapping[str, Any]) -> Maker:
    def maker(folder: Path) -> Line:
        _changed(folder, kind, lambda file: _put(file, name, **options))
        return line

    return maker


COMPOUND = np.dtype([("a", "i4"), ("b", "f8")])
READERS: Mapping[str, tuple[Line, tuple[str, ...]]] = {
    "predictions": (
        score("predictions.h5"),
        ("logits", "truth", "member", "fold", "item", "trained/item", "trained/fold", "ids"),
    ),
    "labels": (
        ("score", "a.npy", "--labels", "labels.h5"),
        ("probs", "counts", "truth", "ids", "annotators/id"),
    ),
    "scores": (("report", "scores.h5"), ("value", "n", "run", "samples", "ceilings/x", "why")),
    "history": (("report", "history.h5"), ("epoch", "loss", "fold")),
    "images": (("show", "images.h5"), ("images", "truth", "ids", "original")),
    "attack": (
        ("report", "attack.h5"),
        ("logits", "correct", "epsilon", "health/value", "human/x", "examined"),
    ),
}
ODD: Mapping[str, Mapping[str, Any]] = {
    "declares 4e8": {"shape": (400_000_000,), "dtype": "i8", "chunks": (1024,)},
    "declares 1e12": {"shape": (10**12,), "dtype": "f8", "chunks": (1024,)},
    "declares 1e18 rows": {"shape": (10**18, 3), "dtype": "f4", "chunks": (1024, 3)},
    "contiguous 1e12": {"shape": (10**12,), "dtype": "u1"},
    "a chunk of 2 GB": {"shape": (1 << 31,), "dtype": "u1", "chunks": (1 << 31,),
                        "compression": "gzip"},
    "compound": {"data": np.zeros(24, COMPOUND)},
    "void": {"data": np.zeros(24, "V8")},
    "vlen": {"shape": (24,), "dtype": h5py.vlen_dtype("i4")},
    "reference": {"shape": (24,), "dtype": h5py.ref_dtype},
    "text": {"data": ["x"] * 24},
    "bytes that are no UTF-8": {"data": np.full(24, b"\xff\xfe", h5py.string_dtype("utf-8", 2))},
    "complex": {"data": np.zeros(24, "c16")},
    "empty": {"data": h5py.Empty("f4")},
    "scalar": {"data": 3},
    "negative": {"data": np.full(24, -7)},
}  # fmt: skip
for _kind, (_line, _names) in READERS.items():
    for _name in _names:
        for _what, _options in ODD.items():
            MAKERS[f"{_kind}: {_name}: {_what}"] = _dataset(_kind, _name, _line, _options)


def _attribute(kind: str, name: str, line: Line, value: Any) -> Maker:
    def maker(folder: Path) -> Line:
        def change(file: h5py.File) -> None:
            file.attrs[name] = value

        _changed(folder, kind, change)
        return line

    return maker


def _nested_lineage(depth: int) -> str:
    text = "null"
    for _ in range(depth):
        text = (
            '{"architecture":null,"command":"c","excluded":{},"inputs":[{"kind":null,"lineage":'
            f'{text},"name":"x","role":"labels","sha256":"0"}}],"options":{{}},"seed":null,'
            '"version":""}'
        )
    return text


def _lineage(**changes: Any) -> str:
    plain: dict[str, Any] = {
        "architecture": None,
        "command": "c10h score",
        "excluded": {},
        "inputs": [],
        "options": {},
        "seed": None,
        "version": "",
    }
    return json.dumps({**plain, **changes})


ATTRIBUTES: Mapping[str, tuple[str, Any]] = {
    "lineage 64 deep": ("lineage", _nested_lineage(70)),
    "lineage 10,000 deep": ("lineage", _nested_lineage(10_000)),
    "lineage of numbers": ("lineage", "[" * 5000),
    "lineage with odd parts": ("lineage", _lineage(inputs=3)),
    "lineage with odd options": ("lineage", _lineage(options=[1])),
    "lineage with NaN": ("lineage", '{"seed": NaN}'),
    "lineage is a number": ("lineage", 3.0),
    "classes are numbers": ("classes", [1.0, 2.0, 3.0]),
    "classes are one": ("classes", "a"),
    "schema is infinite": ("schema", float("inf")),
    "schema is text": ("schema", "1"),
    "setting is an array": ("setting", np.zeros(3)),
    "setting is NaN": ("setting", float("nan")),
    "setting is empty": ("setting", h5py.Empty("f4")),
    "kind is another": ("kind", "history"),
}
for _kind, (_line, _) in READERS.items():
    for _what, (_name, _value) in ATTRIBUTES.items():
        if (_kind, _what) != ("history", "kind is another"):
            MAKERS[f"{_kind}: {_what}"] = _attribute(_kind, _name, _line, _value)


@hostile
def groups_10000_deep(folder: Path) -> Line:
    def change(file: h5py.File) -> None:
        group = file
        for _ in range(10_000):
            group = group.create_group("g")

    _changed(folder, "predictions", change)
    return score("predictions.h5")


@hostile
def a_circle_of_groups(folder: Path) -> Line:
    def change(file: h5py.File) -> None:
        group = file.create_group("a/b")
        group["c"] = file["a"]

    _changed(folder, "predictions", change)
    return score("predictions.h5")


def _link(link: Any) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        del file["truth"]
        file["truth"] = link

    return change


@hostile
def an_external_link(folder: Path) -> Line:
    _changed(folder, "predictions", _link(h5py.ExternalLink("labels.h5", "/truth")))
    return score("predictions.h5")


@hostile
def a_soft_link(folder: Path) -> Line:
    _changed(folder, "predictions", _link(h5py.SoftLink("/fold")))
    return score("predictions.h5")


@hostile
def a_virtual_dataset(folder: Path) -> Line:
    layout = h5py.VirtualLayout(shape=(24,), dtype="i8")
    layout[:] = h5py.VirtualSource("labels.h5", "truth", shape=(24,))

    def change(file: h5py.File) -> None:
        del file["truth"]
        file.create_virtual_dataset("truth", layout)

    _changed(folder, "predictions", change)
    return score("predictions.h5")


@hostile
def external_storage(folder: Path) -> Line:
    options = {"shape": (24,), "dtype": "i8", "external": [("truth.npy", 128, 192)]}
    _changed(folder, "predictions", lambda file: _put(file, "truth", **options))
    return score("predictions.h5")


@hostile
def an_unknown_dataset(folder: Path) -> Line:
    _changed(folder, "predictions", lambda file: _put(file, "traaned", data=[1]))
    return score("predictions.h5")


@hostile
def a_heap_without_end(folder: Path) -> Line:
    def change(file: h5py.File) -> None:
        file.attrs["kind"] = "predictions"

    _changed(folder, "predictions", change)
    content = bytearray((folder / "predictions.h5").read_bytes())
    entry = content.index(b"GCOL") + 16
    content[entry : entry + 16] = bytes(16)
    (folder / "predictions.h5").write_bytes(content)
    return score("predictions.h5")


@hostile
def a_text_of_four_gigabytes(folder: Path) -> Line:
    def change(file: h5py.File) -> None:
        file.attrs["note"] = "x" * 37

    _changed(folder, "predictions", change)
    content = bytearray((folder / "predictions.h5").read_bytes())
    declared = content.index(struct.pack("<IQ", 37, content.index(b"GCOL")))
    content[declared : declared + 4] = b"\xff" * 4
    (folder / "predictions.h5").write_bytes(content)
    return score("predictions.h5")


@hostile
def many_rows_of_one_long_text(folder: Path) -> Line:
    path = folder / "x.h5"
    with h5py.File(path, "w") as file:
        file["logits"] = np.zeros((200_000, 3), "f4")
        file.create_dataset("ids", data=["x"] * 199_999 + ["y" * 1_000_000],
                            dtype=h5py.string_dtype())  # fmt: skip
    return score("x.h5:logits")


# Numbers


def _npy(folder: Path, header: str) -> Line:
    text = header.encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    (folder / "x.npy").write_bytes(
        b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + bytes(96)
    )
    return score("x.npy")


HEADERS = {
    "huge": "{'descr': '<f8', 'fortran_order': False, 'shape': (10**9, 3), }",
    "huge sizes": "{'descr': '<f8', 'fortran_order': False, 'shape': (100000000000000000000, 3), }",
    "negative": "{'descr': '<f8', 'fortran_order': False, 'shape': (-4, 3), }",
    "by columns": "{'descr': '<f8', 'fortran_order': True, 'shape': (9223372036854775807, 9), }",
    "subarray": "{'descr': ('<f4', (3,)), 'fortran_order': False, 'shape': (8,), }",
    "record": "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (24,), }",
    "object": "{'descr': '|O', 'fortran_order': False, 'shape': (4, 3), }",
    "void of no size": "{'descr': '|V0', 'fortran_order': False, 'shape': (4, 3), }",
    "parentheses": "(" * 3000,
    "no dictionary": "3",
    "text of no size": "{'descr': '<U0', 'fortran_order': False, 'shape': (10000000000, 3), }",
}
for _what, _header in HEADERS.items():
    MAKERS[f"npy: {_what}"] = lambda folder, header=_header: _npy(folder, header)  # type: ignore[misc]


def _zip(folder: Path, name: str, members: Mapping[str, bytes], method: int) -> None:
    with zipfile.ZipFile(folder / name, "w", method) as archive:
        for member, content in members.items():
            archive.writestr(member, content)


@hostile
def npz_bomb(folder: Path) -> Line:
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "<f8", "fortran_order": False, "shape": (400_000_000, 1)}
    )
    _zip(folder, "x.npz", {"logits.npy": head.getvalue() + bytes(64 << 20)}, zipfile.ZIP_DEFLATED)
    return score("x.npz")


@hostile
def npz_of_3_gb(folder: Path) -> Line:
    with (
        zipfile.ZipFile(folder / "x.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("logits.npy", "w", force_zip64=True) as stream,
    ):
        np.lib.format.write_array_header_1_0(
            stream, {"descr": "<f8", "fortran_order": False, "shape": (134_000_000, 3)}
        )
        for _ in range(3216):
            stream.write(bytes(1_000_000))
    return score("x.npz")


@hostile
def npz_with_another_method(folder: Path) -> Line:
    _zip(folder, "x.npz", {"logits.npy": bytes(1000)}, zipfile.ZIP_BZIP2)
    return score("x.npz")


@hostile
def npz_without_arrays(folder: Path) -> Line:
    _zip(folder, "x.npz", {"readme": b"x"}, zipfile.ZIP_STORED)
    return score("x.npz")


@hostile
def pt_of_a_huge_bytearray(folder: Path) -> Line:
    class Huge:
        def __reduce__(self) -> tuple[object, tuple[int]]:
            return bytearray, (13_000_000_000,)

    torch.save({"logits": torch.ones(24, 3), "x": Huge()}, folder / "x.pt")
    return score("x.pt")


@hostile
def pt_of_a_huge_view(folder: Path) -> Line:
    torch.save(torch.zeros(1).expand(2_000_000_000, 3), folder / "x.pt")
    return score("x.pt")


@hostile
def pt_on_no_device(folder: Path) -> Line:
    torch.save(torch.zeros(24, 3, device="meta"), folder / "x.pt")
    return score("x.pt")


@hostile
def pt_quantized(folder: Path) -> Line:
    values = torch.quantize_per_tensor(torch.zeros(24, 3), 0.1, 0, torch.qint8)
    torch.save(values, folder / "x.pt")
    return score("x.pt")


@hostile
def pt_sparse(folder: Path) -> Line:
    torch.save(torch.sparse_coo_tensor(torch.tensor([[0], [0]]), [1.0], (24, 3)), folder / "x.pt")
    return score("x.pt")


# Tables


@hostile
def a_csv_of_a_million_columns(folder: Path) -> Line:
    (folder / "x.csv").write_text(",".join(["1"] * 1_000_000) + "\n" + ",".join(["2"] * 1_000_000))
    return score("x.csv")


@hostile
def a_csv_of_one_long_line(folder: Path) -> Line:
    (folder / "x.csv").write_bytes(b"9" * 60_000_000)
    return score("x.csv")


@hostile
def a_csv_of_mixed_encodings(folder: Path) -> Line:
    (folder / "x.csv").write_bytes("naïve,b,c\n".encode() + "naïve,1,2\n".encode("latin-1"))
    return score("x.csv")


@hostile
def a_csv_of_numbers_beyond_all(folder: Path) -> Line:
    (folder / "x.csv").write_text("a,b,c\n" + "1e400,1,2\n" * 24)
    return score("x.csv")


@hostile
def a_csv_of_numbers_of_5000_digits(folder: Path) -> Line:
    (folder / "x.csv").write_text("a,b,c\n" + f"{'9' * 5000},1,2\n" * 24)
    return ("labels", "build", "x.csv", *OUT)


@hostile
def a_json_nested(folder: Path) -> Line:
    (folder / "x.json").write_text("[" * 200_000)
    return score("x.json")


@hostile
def one_long_name_among_many(folder: Path) -> Line:
    rows = [f"item {number},p{number % 50},{'ab'[number % 2]}" for number in range(300_000)]
    (folder / "x.csv").write_text(
        "item,annotator,answer\n" + "\n".join(rows) + f"\n{'x' * 100_000},p1,a\n"
    )
    return ("labels", "build", "x.csv", *OUT)


@hostile
def parquet_bomb(folder: Path) -> Line:
    code = (
        "import numpy as np, polars as pl\n"
        "zeros = np.zeros(60_000_000, 'i1')\n"
        "frame = pl.DataFrame(dict.fromkeys('abc', zeros)).with_columns(pl.all().cast(pl.Int64))\n"
        "frame.write_parquet('x.parquet')\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)
    return ("labels", "build", "x.parquet", *OUT)


@hostile
def gzip_bomb(folder: Path) -> Line:
    (folder / "x.csv.gz").write_bytes(gzip.compress(bytes(300 << 20)))
    return ("labels", "build", "x.csv.gz", *OUT)


@hostile
def xz_bomb(folder: Path) -> Line:
    (folder / "x.csv.xz").write_bytes(lzma.compress(bytes(300 << 20), preset=0))
    return ("labels", "build", "x.csv.xz", *OUT)


@hostile
def bz2_bomb_in_a_zip_of_tables(folder: Path) -> Line:
    _zip(folder, "x.csv.zip", {"x.csv": bytes(300 << 20)}, zipfile.ZIP_BZIP2)
    return ("labels", "build", "x.csv.zip", *OUT)


# Pictures


@hostile
def bz2_bomb_in_a_zip_of_pictures(folder: Path) -> Line:
    _zip(folder, "x.zip", {"a/1.png": bytes(300 << 20), "b/1.png": b""}, zipfile.ZIP_BZIP2)
    content = bytearray((folder / "x.zip").read_bytes())
    size = (300 << 20).to_bytes(4, "little")
    while size in content:  # it says that it is small
        place = content.index(size)
        content[place : place + 4] = (1000).to_bytes(4, "little")
    (folder / "x.zip").write_bytes(content)
    return (*IMPORT, "x.zip", *OUT)


@hostile
def deflate_bomb_in_a_zip_of_pictures(folder: Path) -> Line:
    _zip(folder, "x.zip", {"a/1.png": bytes(300 << 20), "b/1.png": b""}, zipfile.ZIP_DEFLATED)
    return (*IMPORT, "x.zip", *OUT)


@hostile
def an_encrypted_zip(folder: Path) -> Line:
    content = bytearray((folder / "pictures.zip").read_bytes())
    for signature, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        place = -1
        while (place := content.find(signature, place + 1)) >= 0:
            content[place + offset] |= 1
    (folder / "x.zip").write_bytes(content)
    return (*IMPORT, "x.zip", *OUT)


def _tar(folder: Path, **changes: Any) -> Line:
    with tarfile.open(folder / "x.tar", "w") as archive:
        for number in range(2):
            info = tarfile.TarInfo(f"{'ab'[number]}/1.png")
            for name, value in changes.items():
                setattr(info, name, value)
            archive.addfile(info, io.BytesIO(b"x" * 10) if info.size == 10 else None)
    return (*IMPORT, "x.tar", *OUT)


TARS: Mapping[str, Mapping[str, Any]] = {
    "a symbolic link": {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
    "a hard link": {"type": tarfile.LNKTYPE, "linkname": "../x"},
    "a device": {"type": tarfile.CHRTYPE},
    "a fifo": {"type": tarfile.FIFOTYPE},
    "a path out of it": {"name": "../../a/1.png", "size": 10},
    "an absolute path": {"name": "/tmp/a/1.png", "size": 10},
    "the same member twice": {"name": "a/1.png", "size": 10},
    "no picture": {"size": 10},
}
for _what, _changes in TARS.items():
    MAKERS[f"tar: {_what}"] = lambda folder, changes=_changes: _tar(folder, **changes)  # type: ignore[misc]


@hostile
def a_tar_of_a_huge_member(folder: Path) -> Line:
    info = tarfile.TarInfo("a/1.png")
    info.size = 10**14
    (folder / "x.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    return (*IMPORT, "x.tar", *OUT)


@hostile
def a_compressed_tar_of_a_huge_member(folder: Path) -> Line:
    info = tarfile.TarInfo("a/1.png")
    info.size = 10**14
    (folder / "x.tar.bz2").write_bytes(bz2.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024)))
    return (*IMPORT, "x.tar.bz2", *OUT)


@hostile
def a_picture_of_50000_by_50000(folder: Path) -> Line:
    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1 << 20))
    content = b"\x89PNG\r\n\x1a\n"
    for kind, data in ((b"IHDR", head), (b"IDAT", rows), (b"IEND", b"")):
        checksum = zlib.crc32(kind + data)
        content += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
    (folder / "png" / "a" / "big.png").write_bytes(content)
    return (*IMPORT, "png", *OUT)
