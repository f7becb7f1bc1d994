"""From a request to predictions: who answers, what is told, and the lineage."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from training.small import CLASSES, TINY

from c10h.errors import InputError, InSampleError
from c10h.files import Source
from c10h.models.building import build
from c10h.records import Images
from c10h.stages.network_requests import ForeignNetwork, Networks, PredictRequest, RunNetworks
from c10h.stages.predict import predict

from .test_networks_of_runs import DATA, OTHER, finished, images_of, logits_of


def request_of(images: Images, networks: Networks, folder: Path) -> PredictRequest:
    """A request on the CPU. The file of the images is one of any bytes."""
    path = folder / "images.h5"
    path.write_bytes(b"images")
    file = Source.open(str(path))
    return PredictRequest(
        networks=networks, images=images, images_file=file, batch_size=4, device="cpu"
    )


def test_held_out(tmp_path: Path) -> None:
    run = finished(tmp_path / "human")
    steps: list[int] = []
    told: list[str] = []
    request = request_of(images_of(DATA), RunNetworks((run,), code=TINY), tmp_path)
    found = predict(request, steps.append, told.append)
    assert told == ["held-out: 3 networks, each image by the fold that did not see it"]
    assert steps == []
    logits = np.asarray(found.logits[0, 0:18])
    assert sum(steps) == 18
    assert run.split is not None
    for fold in range(3):
        mine = run.split == fold
        np.testing.assert_allclose(logits[mine], logits_of(run, fold)[mine], rtol=1e-5, atol=1e-6)
    assert found.lineage is not None
    assert found.lineage.command == "c10h predict"
    assert found.lineage.architecture == TINY
    assert found.lineage.options == {
        "arch": TINY, "answer": "held-out", "precision": "fp32", "batch-size": 4,
    }  # fmt: skip
    assert [one.role for one in found.lineage.inputs] == [
        "images", *(f"network human/fold-{fold}" for fold in range(3)),
        "code training/small.py",
    ]  # fmt: skip
    # The networks of a run have one lineage.
    assert [one.kind for one in found.lineage.inputs] == [None, "run", None, None, None]


def test_held_out_is_demanded(tmp_path: Path) -> None:
    folds, whole = finished(tmp_path / "folds"), finished(tmp_path / "whole", None)
    request = request_of(images_of(DATA), RunNetworks((whole,), held_out=True, code=TINY), tmp_path)
    with pytest.raises(InSampleError, match="was trained on 18 of the images"):
        predict(request)
    networks = RunNetworks((folds,), held_out=True, code=TINY)
    with pytest.raises(InputError, match="trained on any of these images"):
        predict(request_of(images_of(OTHER), networks, tmp_path))


def test_what_is_in_sample_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    networks = RunNetworks((finished(tmp_path / "whole", None),), code=TINY)
    predict(request_of(images_of(DATA), networks, tmp_path), tell=told.append)
    assert told == [
        "ensemble: 1 network, alone",
        "warning: in-sample: a network was trained on 18 of these 18 images",
    ]


def test_a_foreign_network(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = build(TINY, 3, 8)
    weights = tmp_path / "w.pt"
    torch.save(network.state_dict(), weights)
    told: list[str] = []
    foreign = ForeignNetwork(TINY, Source.open(str(weights)))
    request = request_of(images_of(OTHER), foreign, tmp_path)
    found = predict(request, tell=told.append)
    with torch.no_grad():
        pixels = torch.from_numpy(OTHER.images).permute(0, 3, 1, 2).float() / 255
        wanted = network.eval()(pixels)
    np.testing.assert_allclose(found.logits[0, 0:7], wanted, rtol=1e-5, atol=1e-6)
    outputs = ", ".join(CLASSES)
    assert told == [f"{TINY}: takes pixels in [0, 1]; its outputs are {outputs}"]
    assert found.classes == CLASSES
    assert found.lineage is not None
    assert [one.role for one in found.lineage.inputs] == [
        "images", "code training/small.py", "weights",
    ]  # fmt: skip
    told.clear()
    found = predict(
        replace(request, networks=ForeignNetwork(TINY, classes="a,b,c")), tell=told.append
    )
    assert found.classes == ("a", "b", "c")
    assert told == [
        f"warning: {TINY} has random weights: --weights names a file of them",
        f"{TINY}: takes pixels in [0, 1]; its outputs are a, b, c",
    ]
