"""From the command line of ``c10h attack`` to what is attacked, and how it is carried out."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from c10h import h5
from c10h.attacks import ATTACKS
from c10h.attacks import parts as parts_of
from c10h.attacks.losses import LEAST_CLASSES
from c10h.attacks.parts import Parts
from c10h.attacks.run import Plan
from c10h.cli.budget import budgets
from c10h.cli.console import print_tables, print_text, progress, say
from c10h.cli.meant import open_images
from c10h.cli.network_arguments import check_named, open_networks
from c10h.datasets.cache import open_input
from c10h.datasets.catalogue import LABELS
from c10h.errors import InputError, StoppedError
from c10h.files import Source, check_distinct, check_output, check_single_stdin
from c10h.formats.readers import open_labels
from c10h.lineage import Made, lineage_of
from c10h.records import Attack, Images, Labels, Lineage
from c10h.run_folder import open_run
from c10h.stages.answering import Answering, answering
from c10h.stages.attack import (
    Material,
    Options,
    attackable_rows,
    choose_rows,
    collect,
    people_for,
    run,
    shapes_of,
)
from c10h.stages.attack_health import examine, work_of
from c10h.stages.attack_human import compare
from c10h.stages.report import report
from c10h.stages.requests import RunNetworks
from c10h.training.precision import choose_device, choose_precision
from c10h.training.prediction import Machine


@dataclass(frozen=True)
class Prepared:
    """Everything that is settled before the first step. examined: images for the health block."""

    material: Material
    options: Options
    lineage: Lineage
    examined: int
    has_people: bool


def prepare(**arguments: Any) -> Prepared:
    """Open the inputs of a command line and check all that can be checked before computing.

    Raises C10hError (one line) for whatever cannot be.
    """
    method = ATTACKS[arguments["method"]]
    loss = arguments["loss"] or method.losses[0]
    if loss not in method.losses:
        raise InputError(
            f"--loss {loss}: --method {arguments['method']} has {', '.join(method.losses)}"
        )
    limits = budgets(
        arguments["epsilons"],
        arguments["norm"],
        method,
        arguments["steps"],
        arguments["step_size"],
        arguments["random_start"],
    )
    _check_paths(arguments)
    device = choose_device(arguments["device"])
    precision = choose_precision(arguments["precision"], device)
    machine = Machine(device, precision, arguments["batch_size"], lambda items: None)
    image_file, images = open_images(arguments["paths"][-1])
    least, found = LEAST_CLASSES.get(loss, 0), len(images.classes)
    if found < least:
        raise InputError(f"--loss {loss}: has no gradient under {least} classes, found {found}")
    told: list[str] = []
    labels_file, labels = _labels(arguments["labels"], told)
    asked = _asked(arguments, images)
    source = _source(arguments["source"], images)
    material, left_out = _material(arguments, images, labels, asked, source, machine, told)
    plan = Plan(arguments["method"], loss, arguments["restarts"], precision)
    options = Options(
        plan, limits, machine, arguments["toward"], arguments["seed"], arguments["save_images"]
    )
    needs_gradient = method.needs_gradient or arguments["examined"] > 0
    names = material.asked.member.tolist()
    material.subject(options).check(names, arguments["source"], needs_gradient=needs_gradient)
    for note in filter(None, [*told, *asked.notes, left_out]):
        say(note)
    inputs: list[tuple[str, Source, Made | None]] = [("images", image_file, images), *asked.inputs]
    if labels_file is not None:
        inputs.append(("labels", labels_file, labels))
    if source is not None:
        inputs += [(f"source {role}", file, made) for role, file, made in source.inputs]
    lineage = lineage_of(
        "attack",
        _shaping(arguments, options, asked),
        inputs,
        seed=arguments["seed"],
        architecture=arguments["arch"] or _architecture(arguments["paths"][:-1]),
    )
    return Prepared(material, options, lineage, arguments["examined"], labels is not None)


def _check_paths(arguments: Mapping[str, Any]) -> None:
    paths, arch = arguments["paths"], arguments["arch"]
    weights, output = arguments["weights"], arguments["output"]
    check_named(paths, arch, weights, arguments["classes"], held_out=arguments["held_out"])
    inputs = [paths[-1], arguments["labels"] or "", weights or ""]
    check_single_stdin(inputs)
    check_distinct([output], inputs)
    check_output(output, force=arguments["force"])


def _labels(argument: str | None, told: list[str]) -> tuple[Source | None, Labels | None]:
    if argument is None:
        return None, None
    file = open_input(argument, LABELS)
    return file, open_labels(file, tell=told.append)


def _asked(arguments: Mapping[str, Any], images: Images) -> Answering:
    networks = open_networks(
        arguments["paths"][:-1],
        arguments["arch"],
        arguments["weights"],
        arguments["classes"],
        held_out=arguments["held_out"],
        members=arguments["members"],
    )
    return answering(networks, images, say)


def _source(argument: str | None, images: Images) -> Answering | None:
    """The networks of ``--from``, of which those that did not see an image answer, too."""
    if argument is None:
        return None
    return answering(RunNetworks((open_run(Path(argument)),)), images, say)


def _material(
    arguments: Mapping[str, Any],
    images: Images,
    labels: Labels | None,
    asked: Answering,
    source: Answering | None,
    machine: Machine,
    told: list[str],
) -> tuple[Material, str]:
    networks = asked.predict(machine)
    people = people_for(images, labels, networks, told.append)
    chosen = choose_rows(images.images.shape[0], arguments["limit"], arguments["seed"])
    rows, note = attackable_rows(chosen, people, arguments["toward"])
    others = None if source is None else source.predict(machine)
    if others is not None and others.classes != networks.classes:
        raise InputError(f"--from {arguments['source']}: has other classes than the networks")
    return Material(images, networks, people, rows, others), note


def _architecture(folders: Sequence[str]) -> str:
    return open_run(Path(folders[0])).architecture


def _shaping(arguments: Mapping[str, Any], options: Options, asked: Answering) -> dict[str, Any]:
    """The options that decide the result, for its lineage."""
    budget = options.budgets[0]
    return {
        "method": options.plan.method,
        "loss": options.plan.loss,
        "epsilon": list(arguments["epsilons"]),
        "norm": budget.norm,
        "steps": budget.steps,
        "step-size": arguments["step_size"],
        "restarts": options.plan.restarts,
        "random-start": budget.random_start,
        "no-random-start": not budget.random_start,  # a switch that is off is not kept
        "toward": options.toward or None,
        "limit": arguments["limit"],
        "health": arguments["examined"],
        "save-images": options.keeps_images,
        "batch-size": options.machine.batch,
        "precision": options.plan.precision,
        "answer": asked.how,
        "arch": arguments["arch"],
        "classes": arguments["classes"],
        "device": None if options.machine.device.type == "cpu" else options.machine.device.type,
    }


def carry_out(prepared: Prepared, output: str) -> Attack:
    """Attack, or go on with it, and write the file. Raises StoppedError on Ctrl-C."""
    material, options = prepared.material, prepared.options
    with _store(prepared, output) as (store, begun):
        if begun:
            say(f"going on: {begun:,} of {len(store.done):,} batches are done")
        with _stopping(store, output):
            work = material.members * len(material.rows) * options.work
            with progress("attacking", work, "image-steps") as advance:
                run(material, options, store, advance)
            found = collect(material, options, store)
            found = _with_health(prepared, found)
        if prepared.has_people:
            people = material.people.take(material.rows)
            found = replace(found, human=compare(found, people))
        found = replace(found, lineage=prepared.lineage)
        h5.write(found, output)
    return found


def _with_health(prepared: Prepared, found: Attack) -> Attack:
    if not prepared.examined:
        return found
    material, options, count = prepared.material, prepared.options, prepared.examined
    work = work_of(material, options, count)
    with progress("examining", work, "image-steps") as advance:
        return replace(found, health=examine(material, options, found, count, advance))


@contextmanager
def _store(prepared: Prepared, output: str) -> Iterator[tuple[Parts, int]]:
    """Where batches leave what they found, and how many did before; removed at a good end."""
    shapes = shapes_of(prepared.material, prepared.options)
    if output == "-":
        with tempfile.TemporaryDirectory(prefix="c10h-") as folder:
            yield Parts(Path(folder), shapes), 0
        return
    folder_of_parts = Path(f"{output}.parts")
    plan = json.loads(json.dumps(prepared.lineage.to_dict()))
    parts_of.begin(folder_of_parts, plan)
    store = Parts(folder_of_parts, shapes)
    yield store, int(store.done.sum())
    parts_of.remove(folder_of_parts)


@contextmanager
def _stopping(store: Parts, output: str) -> Iterator[None]:
    """Ctrl-C says how far it is, and that the same command goes on."""
    try:
        yield
    except KeyboardInterrupt:
        goes_on = "" if output == "-" else "; the same command goes on"
        raise StoppedError(
            f"stopped: {int(store.done.sum()):,} of {len(store.done):,} batches are done{goes_on}"
        ) from None


def show(found: Attack, name: str, form: str, *, to_stderr: bool) -> None:
    """Print what came of an attack, in one of SCORE_FORMATS."""
    made = report([], {name: found})
    if form == "terminal" or to_stderr:
        print_tables(made.tables(), to_stderr=to_stderr)
    else:
        print_text(made.render(form))
