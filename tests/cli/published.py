"""Small files of the same structure as the published data sets."""

from __future__ import annotations

import hashlib
import io
import pickle
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
from PIL import Image

from c10h.datasets.catalogue import CIFAR10_C, Dataset
from c10h.formats.class_names import CLASS_LISTS
from c10h.records import Array

CLASSES = CLASS_LISTS["cifar10"]


def npy(values: Array) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


def tar(files: Mapping[str, bytes], mode: Literal["w", "w:gz"] = "w:gz") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def png(grey: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (32, 32), (grey, 0, 0)).save(stream, "PNG")
    return stream.getvalue()


class StandIns:
    """Small files of the same structure as the published ones."""

    def __init__(self) -> None:
        random = np.random.default_rng(5)
        self.pixels = random.integers(0, 256, (60, 3072), dtype=np.uint8)
        self.truth = np.arange(60) % 10
        self.counts = random.multinomial(30, np.full(10, 0.1), 12).astype(float)
        self.version = {"v4": random.integers(0, 256, (7, 32, 32, 3), dtype=np.uint8),
                        "v6": random.integers(0, 256, (10, 32, 32, 3), dtype=np.uint8)}  # fmt: skip

    def files(self) -> dict[str, bytes]:
        found = {
            "cifar-10-python.tar.gz": self.cifar10(),
            "cifar10h-counts.npy": npy(self.counts),
            "cifar10h-probs.npy": npy(self.counts / 30),
            "cifar10h-raw.zip": self.trials(),
            "CIFAR-10-C.tar": self.cifar10_c(),
            "CINIC-10.tar.gz": self.cinic10(),
        }
        for version, pixels in self.version.items():
            labels = (np.arange(len(pixels)) % 10).astype("i4")
            found[f"cifar10.1_{version}_data.npy"] = npy(pixels)
            found[f"cifar10.1_{version}_labels.npy"] = npy(labels)
        return found

    def cifar10(self) -> bytes:
        parts = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
        content = {
            f"cifar-10-batches-py/{part}": pickle.dumps(
                {
                    b"data": self.pixels[10 * number : 10 * number + 10],
                    b"labels": self.truth[10 * number : 10 * number + 10].tolist(),
                },
                protocol=2,
            )
            for number, part in enumerate(parts)
        }
        names = pickle.dumps({"label_names": list(CLASSES)}, protocol=2)
        return tar({"cifar-10-batches-py/batches.meta": names, **content})

    def cifar10_c(self) -> bytes:
        """The 10 test images in one grey: 10 times the number of the kind, and the severity."""
        severities = np.repeat(np.arange(1, 6), 10)[:, None, None, None]
        grey = np.ones((50, 32, 32, 3)) * severities
        arrays = {kind: npy((grey + 10 * k).astype(np.uint8)) for k, kind in enumerate(CIFAR10_C)}
        arrays["labels"] = npy(np.tile(self.truth[50:], 5).astype(np.uint8))
        files = {f"CIFAR-10-C/{name}.npy": content for name, content in arrays.items()}
        return tar({"CIFAR-10-C/README.txt": b"about", **files}, "w")

    def trials(self) -> bytes:
        lines = [
            "annotator_id,is_attn_check,true_label,chosen_label,chosen_category,correct_guess,"
            "cifar10_test_test_idx,reaction_time"
        ]
        for item, row in enumerate(self.counts.astype(int)):
            chosen = np.repeat(np.arange(10), row)
            true = item % 10
            lines += [
                f"{who},0,{true},{label},{CLASSES[label]},{int(label == true)},{item},1000"
                for who, label in enumerate(chosen.tolist())
            ]
        for who in range(30):
            lines += [f"{who},1,3,3,cat,1,-99999,900"] * 4
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("cifar10h-raw.csv", "\n".join(lines) + "\n")
        return stream.getvalue()

    def cinic10(self) -> bytes:
        files = {"README.md": b"about"}
        for split_number, split in enumerate(("test", "train", "valid")):
            for number, name in enumerate(CLASSES):
                grey = 10 * number + split_number
                files[f"{split}/{name}/cifar10-train-{number}.png"] = png(255)
                files[f"{split}/{name}/n0{number}_{split_number}.png"] = png(grey)
        return tar(files)


def known(dataset: Dataset, files: Mapping[str, bytes], address: str) -> Dataset:
    """The data set with the size and checksum of the stand-ins, on another server."""
    return replace(
        dataset,
        downloads=tuple(
            replace(
                one,
                address=f"{address}/{one.name}",
                size=len(files[one.name]),
                check=f"sha256:{hashlib.sha256(files[one.name]).hexdigest()}",
            )
            for one in dataset.downloads
        ),
    )
