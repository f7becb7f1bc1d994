"""Predict: logits of trained networks, or of anybody's, for images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from c10h.formats.hints import Tell, silent
from c10h.lineage import lineage_of
from c10h.records import Predictions
from c10h.stages.network_requests import PredictRequest
from c10h.stages.requested_networks import requested_networks
from c10h.training.device_and_precision import choose_device, choose_precision
from c10h.training.lazy_logits import Machine


def predict(
    request: PredictRequest,
    advance: Callable[[int], None] = lambda images: None,
    tell: Tell = silent,
) -> Predictions:
    """The predictions of a request; their logits are computed as they are read.

    advance: called with numbers of images as logits of theirs are computed. tell: called with lines
    on who answers. Raises InSampleError where an image has no network that did not see it and one
    is demanded, MismatchError for classes or sizes that do not fit, other InputErrors for what
    cannot be.
    """
    device = choose_device(request.device)
    precision = choose_precision(request.precision, device)
    networks = request.networks
    answer = requested_networks(networks, request.images, tell)
    predictions = answer.predict(Machine(device, precision, request.batch_size, advance))
    for note in answer.notes:
        tell(note)
    lineage = lineage_of(
        request,
        [("images", request.images_file, request.images), *answer.inputs],
        settled={
            **request.settled,
            "answer": answer.how,
            "precision": precision,
            "device": None if device.type == "cpu" else device.type,
        },
        architecture=networks.architecture,
    )
    return replace(predictions, lineage=lineage)
