"""Attack networks: from a request to a record, batch by batch; an attack that stopped resumes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from c10h.attacks import partial_results
from c10h.attacks.budget import GREY, INFINITY, Budget
from c10h.attacks.methods import ATTACKS
from c10h.attacks.partial_results import PartialResults
from c10h.attacks.restarts import Plan
from c10h.decisions import decided
from c10h.errors import InputError, StoppedError
from c10h.files import Source
from c10h.formats.hints import Tell, silent
from c10h.lineage import HasLineage, lineage_of
from c10h.locks import only_one
from c10h.records import Array, Attack, Lineage
from c10h.run_folder import is_own
from c10h.stages.attack_batches import (
    AttackData,
    Options,
    attack_batches,
    attackable_rows,
    choose_rows,
    collect,
    people_for,
    shapes_of,
)
from c10h.stages.attack_budgets import epsilon_name
from c10h.stages.attack_health import default_count, examine, work_of
from c10h.stages.attack_human import compare
from c10h.stages.attack_runs import no_better_than_guesses
from c10h.stages.labelled_images import LabelledImages, labelled_images
from c10h.stages.network_requests import AttackRequest, ForeignNetwork, Networks, RunNetworks
from c10h.stages.progress_callback import Show, show_nothing
from c10h.stages.requested_networks import RequestedNetworks, requested_networks
from c10h.training.device_and_precision import choose_device, choose_precision
from c10h.training.lazy_logits import Machine

# Images that tell whether a network is at chance: so many in each of so many places, as neighbours
# may be of one class.
SPAN, SPANS = 4, 64
NORMALISED = "; or does it expect normalised pixels (--mean, --std)?"
# The share of images from which one answer is told.
MOST_ANSWERS = 0.5


@contextmanager
def attack(
    request: AttackRequest, show: Show = show_nothing, tell: Tell = silent
) -> Iterator[Attack]:
    """Attack, or resume; the attack's arrays are files until the block ends.

    The files are removed when it ends without an error. show: how each of the two works is shown,
    with images times steps. tell: called with lines on who answers and what is left out. Raises
    StoppedError on Ctrl-C, InSampleError where an image has no network that did not see it and one
    is demanded, MismatchError where the files are of another attack, InputError for what cannot be.
    """
    chosen = labelled_images(request.images, request.labels, skip=request.skip_unlabeled, tell=tell)
    prepared = _prepare(replace(request, images=chosen.images), chosen, tell)
    data, options = prepared.data, prepared.options
    with _store(prepared, request.parts) as (store, begun):
        if begun:
            tell(f"resuming: {begun:,} of {len(store.done):,} batches are done")
        with _stopping(store, goes_on=request.parts is not None):
            work = data.members * len(data.rows) * options.work
            with show("attacking", work) as advance:
                attack_batches(data, options, store, advance)
            record = collect(data, options, store)
            if prepared.examined:
                work = work_of(data, options, prepared.examined)
                with show("examining", work) as advance:
                    record = examine(data, options, record, prepared.examined, advance)
        if request.labels is not None:
            record = replace(record, human=compare(record, data.people.take(data.rows)))
        yield replace(record, lineage=prepared.lineage)


@dataclass(frozen=True)
class _Prepared:
    """Everything that is settled before the first step."""

    data: AttackData
    options: Options
    examined: int
    lineage: Lineage


def _prepare(request: AttackRequest, chosen: LabelledImages, tell: Tell) -> _Prepared:
    """Settle and check all that can be before anything is computed.

    chosen: where the images of the request stand in their file.
    """
    method = ATTACKS[request.method]
    device = choose_device(request.device)
    precision = choose_precision(request.precision, device)
    machine = Machine(device, precision, request.batch_size, lambda items: None)
    networks = requested_networks(request.networks, request.images, tell)
    source = _source_networks(request, tell)
    notes = list(request.notes)
    data, left_out = _attack_data(request, networks, source, machine, notes.append)
    if chosen.rows is not None:
        data = replace(data, predictions=replace(data.predictions, index=chosen.rows))
    options = Options(
        Plan(request.method, request.maximised, request.restarts, precision),
        request.budgets,
        machine,
        request.toward,
        request.seed,
        request.save_images,
    )
    examined = request.examined
    if examined is None:
        examined = default_count(data, options)
        decided("--health: %d images, as many as take no longer than the attack", examined)
    if request.loss is None:
        decided("--loss: %s, the first of %s", request.maximised, request.method)
    needs_gradient = method.needs_gradient or examined > 0
    names = data.predictions.member.tolist()
    source_name = None if request.source is None else _source_name(request)
    data.attacked_items(options).check(names, source_name, needs_gradient=needs_gradient)
    notes += [
        *networks.notes,
        left_out,
        *_at_chance(data, request.networks),
        _too_large(request.budgets),
    ]
    for note in filter(None, notes):
        tell(note)
    lineage = lineage_of(
        request,
        _inputs(request, networks, source),
        settled={
            **request.settled,
            "precision": precision,
            "examined": examined,
            "answer": networks.how,
            "device": None if device.type == "cpu" else device.type,
        },
        excluded=chosen.excluded,
        architecture=request.networks.architecture,
    )
    return _Prepared(data, options, examined, lineage)


def _source_networks(request: AttackRequest, tell: Tell) -> RequestedNetworks | None:
    """The networks that perturbations are made on, where these are others than the attacked ones.

    Those of them that did not see an image answer, too.
    """
    if request.source is None:
        return None
    networks = RunNetworks((request.source,), code=request.networks.code)
    return requested_networks(networks, request.images, tell)


def _inputs(
    request: AttackRequest, networks: RequestedNetworks, source: RequestedNetworks | None
) -> list[tuple[str, Source, HasLineage | None]]:
    """What the attack is made of, for its lineage."""
    inputs: list[tuple[str, Source, HasLineage | None]] = [
        ("images", request.images_file, request.images),
        *networks.inputs,
    ]
    if request.labels_file is not None:
        inputs.append(("labels", request.labels_file, request.labels))
    if source is not None:
        inputs += [(f"source {role}", file, record) for role, file, record in source.inputs]
    return inputs


def _attack_data(
    request: AttackRequest,
    networks: RequestedNetworks,
    source: RequestedNetworks | None,
    machine: Machine,
    tell: Tell,
) -> tuple[AttackData, str]:
    """What is attacked, and a note on what is left out of it."""
    images = request.images
    predictions = networks.predict(machine)
    people = people_for(images, request.labels, predictions, tell)
    chosen = choose_rows(images.images.shape[0], request.limit, request.seed)
    rows, note = attackable_rows(chosen, people, request.toward)
    source_predictions = None if source is None else source.predict(machine)
    if source_predictions is not None and source_predictions.classes != predictions.classes:
        raise InputError(
            f"--from {_source_name(request)}: its classes differ from those of the networks"
        )
    return AttackData(images, predictions, people, rows, source_predictions), note


def _at_chance(data: AttackData, networks: Networks) -> list[str]:
    """A note on each network that answers no better than guesses on some of the images."""
    truth, predictions = data.people.truth, data.predictions
    size = predictions.logits.shape[1]
    if truth is None or size < SPAN:
        return []
    # From all over the file: images of one class may stand together.
    starts = np.unique(np.linspace(0, size - SPAN, SPANS).astype(int)).tolist()
    rows = np.unique([np.arange(start, start + SPAN) for start in starts])
    notes = []
    for member, name in enumerate(predictions.member.tolist()):
        logits = [predictions.logits[member, start : start + SPAN] for start in starts]
        answer = np.zeros(size, dtype=np.int64)
        for start, part in zip(starts, logits, strict=True):
            answer[start : start + SPAN] = part.argmax(axis=1)
        right = int((answer[rows] == truth[rows]).sum())
        if why := no_better_than_guesses(right, len(rows), len(predictions.classes)):
            one = _one_answer(answer[rows], predictions.classes)
            hint = NORMALISED if _may_lack_normalisation(networks) else ""
            notes.append(f"{name}: right on {right} of {len(rows):,} images{one}, {why}{hint}")
    return notes


def _one_answer(answer: Array, classes: Sequence[str]) -> str:
    """That most answers are the same class; "" where they are not."""
    most = int(np.bincount(answer).argmax())
    share = float((answer == most).mean())
    return (
        "" if share < MOST_ANSWERS else f", {100 * share:.0f} % of which it calls {classes[most]}"
    )


def _may_lack_normalisation(networks: Networks) -> bool:
    """Whether a network may expect other pixels than it gets: one of a user's own does."""
    if not isinstance(networks, ForeignNetwork):
        return False
    return networks.mean is None and networks.std is None and is_own(networks.architecture)


def _too_large(budgets: Sequence[Budget]) -> str:
    """That an attack within a budget can leave nothing of any image; "" where it cannot."""
    large = [b.epsilon for b in budgets if b.norm == INFINITY and b.epsilon >= GREY]
    if not large:
        return ""
    return (
        f"warning: within {epsilon_name(min(large))} every image can become plain grey, in which "
        "nobody sees anything: what is left of accuracy says nothing of robustness"
    )


def _source_name(request: AttackRequest) -> str:
    assert request.source is not None
    return request.source_name or str(request.source.folder)


@contextmanager
def _store(prepared: _Prepared, folder: Path | None) -> Iterator[tuple[PartialResults, int]]:
    """The results of batches, and how many are done already; removed at a good end."""
    shapes = shapes_of(prepared.data, prepared.options)
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="c10h-") as temporary:
            yield PartialResults(Path(temporary), shapes), 0
        return
    partial_results.begin(folder, json.loads(json.dumps(prepared.lineage.to_dict())))
    with only_one(folder / ".lock", str(folder)):
        store = PartialResults(folder, shapes)
        yield store, int(store.done.sum())
        partial_results.remove(folder)


@contextmanager
def _stopping(store: PartialResults, *, goes_on: bool) -> Iterator[None]:
    """Ctrl-C says how far it is, and whether the same command resumes."""
    try:
        yield
    except KeyboardInterrupt:
        more = "; the same command resumes" if goes_on else ""
        raise StoppedError(
            f"stopped: {int(store.done.sum()):,} of {len(store.done):,} batches are done{more}"
        ) from None
