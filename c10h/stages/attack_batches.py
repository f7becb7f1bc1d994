"""Attack: which network each image is taken to, batch by batch, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from c10h.attacks.attacked_items import AttackedItems, attack_items
from c10h.attacks.budget import Budget
from c10h.attacks.methods import ATTACKS
from c10h.attacks.partial_results import PartialResults
from c10h.attacks.restarts import Plan
from c10h.errors import InputError, MismatchError, counted, unknown_name
from c10h.formats.class_names import are_default
from c10h.formats.hints import Tell, silent
from c10h.records import Array, Attack, Images, Labels, Predictions
from c10h.stages.people import People, people_of_images
from c10h.training.lazy_logits import Machine, lazy_logits

LEAST_LIKELY, HUMAN_SECOND = "least-likely", "human-second"

Shapes: TypeAlias = Mapping[str, tuple[str, tuple[int, ...]]]


@dataclass(frozen=True)
class Options:
    """How to attack.

    budgets: the same but for ε and the step. toward: LEAST_LIKELY, HUMAN_SECOND, a class, or empty
    for away from the truth. keeps_images: perturbed ones, too.
    """

    plan: Plan
    budgets: Sequence[Budget]
    machine: Machine
    toward: str = ""
    seed: int = 0
    keeps_images: bool = False

    @property
    def work(self) -> int:
        """Steps for each image."""
        return sum(budget.steps for budget in self.budgets) * self.plan.restarts


@dataclass(frozen=True)
class Job:
    """Some items of a member that one network answers for.

    network, source: which of the networks, taken together; source is empty where there is none.
    items: of the attacked ones.
    """

    member: int
    network: tuple[int, ...]
    source: tuple[int, ...]
    items: Array


@dataclass(frozen=True)
class AttackData:
    """What is attacked: n items, and who answers for them.

    predictions: of the networks under attack; their logits are not computed. source: the same of
    the networks that perturbations are made on, if these are others. rows: which of the images.
    people: what is known of all images, with the classes of the networks.
    """

    images: Images
    predictions: Predictions
    people: People
    rows: Array
    source: Predictions | None = None

    @property
    def members(self) -> int:
        return self.predictions.logits.shape[0]

    @cached_property
    def jobs(self) -> list[Job]:
        """What is to be done, in order: for each member, the items of each network."""
        sources = [] if self.source is None else [lazy_logits(self.source).network_numbers()[0]]
        jobs = []
        for member, answers in enumerate(lazy_logits(self.predictions).network_numbers()):
            both = np.concatenate([answers, *sources])[:, self.rows]
            split = len(answers)
            for numbers in np.unique(both, axis=1).T.tolist():
                items = np.flatnonzero((both == np.array(numbers)[:, None]).all(axis=0))
                jobs.append(Job(member, (*numbers[:split],), (*numbers[split:],), items))
        return jobs

    def attacked_items(self, options: Options) -> AttackedItems:
        """The networks and the items as an attack takes them."""
        assert self.people.truth is not None
        targets = None
        if options.toward == HUMAN_SECOND:
            targets = second_classes(self.people)[self.rows]
        elif options.toward not in ("", LEAST_LIKELY):
            targets = np.full(len(self.rows), self.people.classes.index(options.toward))
        return AttackedItems(
            images=self.images.images,
            rows=self.rows,
            truth=self.people.truth[self.rows],
            networks=lazy_logits(self.predictions).networks,
            sources=() if self.source is None else lazy_logits(self.source).networks,
            targets=targets,
            least_likely=options.toward == LEAST_LIKELY,
            device=options.machine.device,
        )


def people_for(
    images: Images, labels: Labels | None, predictions: Predictions, tell: Tell = silent
) -> People:
    """What is known of the images, with the classes of the networks.

    tell: called with a line on how images and labels were matched.
    Raises MismatchError where the classes differ, InputError where no true classes are known.
    """
    if are_default(images.classes) and len(images.classes) == len(predictions.classes):
        images = replace(images, classes=predictions.classes)
    if labels is not None:
        remedy = "--skip-unlabeled leaves out images without labels"
        people = people_of_images(images, labels, tell, remedy)
    else:
        size = images.images.shape[0]
        people = People(images.classes, size, truth=images.truth, ids=images.ids)
    if people.classes != predictions.classes:
        names = f" (--classes {','.join(people.classes[:2])},… names the network's outputs)"
        raise MismatchError(
            f"the images{'' if labels is None else ' and labels'}: expected the classes of the "
            f"network, {', '.join(predictions.classes)}, found {', '.join(people.classes)}"
            f"{names if are_default(predictions.classes) else ''}"
        )
    if people.truth is None:
        raise InputError("images: expected true classes, in the images or in --labels, found none")
    return people


def choose_rows(size: int, limit: int | None, seed: int) -> Array:
    """The rows to attack, in order: all, or as many as the limit, drawn by the seed."""
    if limit is None or limit >= size:
        return np.arange(size)
    return np.sort(np.random.default_rng(seed).choice(size, limit, replace=False))


def attackable_rows(rows: Array, people: People, toward: str) -> tuple[Array, str]:
    """The rows that can be attacked, and a note on those left out.

    An attack leads away from the one true class, and not where it is already. Raises InputError
    for a class that there is not, and where nothing is left.
    """
    assert people.one_answer is not None
    unknown = people.one_answer[rows] < 0
    if unknown.any():
        if unknown.all():
            raise InputError("no image has exactly one true class")
        kept, note = attackable_rows(rows[~unknown], people, toward)
        unknown_note = (
            f"left out: {counted(int(unknown.sum()), 'image')} without exactly one true class"
        )
        return kept, f"{unknown_note}; {note}" if note else unknown_note
    if toward in ("", LEAST_LIKELY):
        return rows, ""
    if toward == HUMAN_SECOND:
        possible = second_classes(people)[rows] >= 0
        why = "in which people saw only the true class"
    else:
        if toward not in people.classes:
            names = (LEAST_LIKELY, HUMAN_SECOND, *people.classes)
            raise InputError(f"--toward: {unknown_name('class', toward, names)}")
        possible = people.one_answer[rows] != people.classes.index(toward)
        why = f"that are {toward} already"
    if not possible.any():
        raise InputError(f"--toward {toward}: no image is left without those {why}")
    left_out = int((~possible).sum())
    return rows[possible], f"left out: {counted(left_out, 'image')} {why}" if left_out else ""


def second_classes(people: People) -> Array:
    """What most people saw besides the true class, int64 (n); -1 where nobody saw anything else.

    The first of several classes that equally many saw; -1, too, where the true class is not known.
    Raises InputError without people.
    """
    if people.probs is None:
        raise InputError(f"--toward {HUMAN_SECOND}: needs --labels")
    assert people.one_answer is not None
    votes_or_shares = people.counts if people.counts is not None else people.probs
    votes = np.array(votes_or_shares[0 : people.size], dtype=np.float64)
    votes[np.arange(people.size), people.one_answer] = -1
    votes[people.one_answer < 0] = -1
    return np.where(votes.max(axis=1) > 0, votes.argmax(axis=1), -1)


def batches_of(jobs: Sequence[Job], size: int) -> Iterator[tuple[int, Job, Array]]:
    """The batches of all jobs: number, job, attacked items."""
    number = 0
    for job in jobs:
        for start in range(0, len(job.items), size):
            yield number, job, job.items[start : start + size]
            number += 1


def shapes_of(data: AttackData, options: Options) -> Shapes:
    """The arrays that an attack fills: dtype and shape by name."""
    members, classes = data.members, len(data.predictions.classes)
    k, n, steps = len(options.budgets), len(data.rows), options.budgets[0].steps
    batches = sum(1 for _ in batches_of(data.jobs, options.machine.batch))
    shapes: dict[str, tuple[str, tuple[int, ...]]] = {
        "clean_logits": ("float32", (members, n, classes)),
        "logits": ("float32", (members, k, n, classes)),
        "loss": ("float32", (members, k, steps + 1, n)),
        "correct": ("uint8", (members, k, steps + 1, n)),
        "norm": ("float32", (members, k, n)),
        "done": ("uint8", (batches,)),
    }
    if options.toward:
        shapes["target"] = ("int64", (members, n))
    if options.keeps_images:
        shapes["images"] = ("float32", (members, k, n, *data.images.images.shape[1:]))
    return shapes


def attack_batches(
    data: AttackData, options: Options, store: PartialResults, advance: Callable[[int], None]
) -> None:
    """Attack all batches that are not done. advance: called with images times steps."""
    attacked = data.attacked_items(options)
    for number, job, items in batches_of(data.jobs, options.machine.batch):
        if not store.done[number]:
            _attack_batch(attacked, options, store.arrays, number, job, items)
            store.finish(number)
        advance(len(items) * options.work)


def _attack_batch(
    attacked: AttackedItems,
    options: Options,
    arrays: Mapping[str, Any],
    number: int,
    job: Job,
    items: Array,
) -> None:
    """Attack a batch, and put what came of it where it belongs."""
    plan, m = plan_of(attacked, options, job), job.member
    network, seeds = attacked.network(job.network), seeds_of(options, number)
    batch = attack_items(attacked, network, items, options.budgets, plan, seeds)
    arrays["clean_logits"][m, items] = batch.clean.logits.cpu().numpy()
    if batch.goal.target is not None:
        arrays["target"][m, items] = batch.goal.target.cpu().numpy()
    for k, outcome in enumerate(batch.outcomes):
        arrays["logits"][m, k, items] = outcome.logits.cpu().numpy()
        arrays["loss"][m, k][:, items] = outcome.losses.cpu().numpy()
        arrays["correct"][m, k][:, items] = outcome.correct.cpu().numpy()
        arrays["norm"][m, k, items] = outcome.norm.cpu().numpy()
        if options.keeps_images:
            arrays["images"][m, k, items] = outcome.pixels.permute(0, 2, 3, 1).cpu().numpy()


def plan_of(attacked: AttackedItems, options: Options, job: Job) -> Plan:
    """How the items of a job are attacked."""
    source = attacked.network(job.source, source=True) if job.source else None
    return replace(options.plan, source=source)


def seeds_of(options: Options, batch: int) -> list[int]:
    """A seed for each restart of a batch."""
    return [
        int(np.random.SeedSequence([options.seed, batch, restart]).generate_state(1)[0])
        for restart in range(options.plan.restarts)
    ]


def _step_sizes(options: Options) -> str:
    """That of each budget; empty where the method sets its own."""
    if "--step-size" not in ATTACKS[options.plan.method].takes:
        return ""
    return ",".join(f"{budget.step_size:.9g}" for budget in options.budgets)


def collect(data: AttackData, options: Options, store: PartialResults) -> Attack:
    """The record of what was found, without lineage, health and people."""
    predictions, rows, arrays = data.predictions, data.rows, store.arrays
    plan, budget = options.plan, options.budgets[0]
    assert data.people.truth is not None

    def of_rows(values: Array | None) -> Array | None:
        return None if values is None else values[rows]

    return Attack(
        classes=predictions.classes,
        settings={
            "method": plan.method,
            "loss": plan.loss,
            "norm": budget.norm,
            "steps": budget.steps,
            "step-size": _step_sizes(options),
            "restarts": plan.restarts,
            "random-start": budget.random_start,
            "toward": options.toward,
            "precision": plan.precision,
            "from": "" if data.source is None else str(data.source.member[0]),
        },
        **{name: arrays[name] for name in ("clean_logits", "logits", "loss", "correct", "norm")},
        epsilon=np.array([budget.epsilon for budget in options.budgets]),
        target=arrays.get("target"),
        images=arrays.get("images"),
        index=rows if predictions.index is None else predictions.index[rows],
        member=predictions.member,
        member_fold=predictions.member_fold,
        ids=of_rows(predictions.ids),
        truth=data.people.truth[rows],
        fold=of_rows(predictions.fold),
        item=of_rows(predictions.item),
        original=of_rows(predictions.original),
        trained=predictions.trained,
    )
