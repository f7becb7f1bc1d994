"""What ``c10h train`` does around the training itself: inputs, the run folder, progress, Ctrl-C."""

from __future__ import annotations

import dataclasses
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from c10h import h5
from c10h.cli.console import progress, say
from c10h.data.cache import open_input
from c10h.data.catalogue import IMAGES, LABELS
from c10h.data.readers import open_labels
from c10h.errors import InputError, MismatchError
from c10h.files import Source
from c10h.lineage import Made, lineage_of
from c10h.models import build, family_of
from c10h.records import Images, Labels
from c10h.stages.train import join, split
from c10h.training import checkpoint as checkpoints
from c10h.training.distributed import World, world_of_environment
from c10h.training.folds import item_hashes
from c10h.training.loop import Reports
from c10h.training.networks import Material, Options, Outcome
from c10h.training.precision import choose_device, choose_precision
from c10h.training.recipes import DEFAULT, RECIPES, Recipe, recipe_for
from c10h.training.run import ALL, FILE, Run, begin_or_resume, open_run

# Seconds between lines of progress where there is no terminal.
BETWEEN_LINES = 60.0
# Options that replace a part of the recipe.
PARTS = ("optimizer", "schedule", "epochs", "batch_size", "weight_decay", "augment")


@dataclass
class Prepared:
    """A run, what it is trained on, and how. The folder is made by :meth:`begin`."""

    run: Run
    material: Material
    options: Options
    tensorboard: bool

    def begin(self) -> None:
        """Make the run folder, or find it as it was; the first process does."""
        if self.options.world.is_first:
            begin_or_resume(self.run)
        self.options.world.wait()


def prepare(arguments: Mapping[str, Any]) -> Prepared:
    """Open the inputs of a command line and settle everything that it leaves open.

    Raises C10hError (one line) for whatever cannot be.
    """
    world = world_of_environment()
    device = choose_device(arguments["device"])
    if world.size > 1 and device.type == "cuda":
        device = torch.device("cuda", world.local_rank)
    folder = Path(arguments["output"])
    recipe = _recipe(arguments)
    files, images, labels = _open(arguments)
    build(arguments["arch"], len(images.classes), images.images.shape[1])  # or say why not
    items = item_hashes(images.images)
    material = join(images, labels, items)
    parent = _parent(arguments["init"], arguments["arch"], material, files, arguments["folds"])
    options = Options(
        architecture=arguments["arch"],
        recipe=recipe,
        target=arguments["target"],
        rates=tuple(arguments["lr"] or [recipe.lr]),
        mixups=tuple(arguments["mixup"] or [0.0]),
        seed=arguments["seed"],
        precision=_precision(arguments["precision"], folder, device),
        device=device,
        world=world,
        compiled=arguments["compile_"],
        minutes=arguments["checkpoint_minutes"],
        parent=parent,
    )
    run = _run(folder, arguments, options, material, files, labels)
    return Prepared(run, material, options, arguments["tensorboard"])


def _recipe(arguments: Mapping[str, Any]) -> Recipe:
    """The recipe of the network's authors or the one asked for, with what options replace."""
    family = family_of(arguments["arch"])
    name: str = arguments["recipe"] or (family if family in RECIPES else None) or DEFAULT
    if name not in RECIPES:
        raise InputError(f"--recipe {name}: expected one of {', '.join(RECIPES)}")
    told = {part: arguments[part] for part in PARTS if arguments[part] is not None}
    return replace(recipe_for(name, family), **told)


def _open(
    arguments: Mapping[str, Any],
) -> tuple[list[tuple[str, Source, Made | None]], Images, Labels | None]:
    """The inputs with their roles, for the lineage, and as records."""
    source = open_input(arguments["images"], IMAGES)
    images = h5.read(source, Images)
    assert isinstance(images, Images)
    files: list[tuple[str, Source, Made | None]] = [("images", source, images)]
    if arguments["labels"] is None:
        return files, images, None
    file = open_input(arguments["labels"], LABELS)
    labels = open_labels(file)
    return [*files, ("labels", file, labels)], images, labels


def _precision(name: str, folder: Path, device: torch.device) -> str:
    """The precision; a run that goes on keeps the one that it began with, unless told another."""
    if name == "auto" and (folder / FILE).is_file():
        return str(open_run(folder).arguments.get("precision", "fp32"))
    return choose_precision(name, device)


def _parent(
    argument: str | None,
    architecture: str,
    material: Material,
    files: list[tuple[str, Source, Made | None]],
    folds: int | None,
) -> Run | Path | None:
    """Where the first weights come from. Raises MismatchError for a run that does not fit."""
    if argument is None:
        return None
    path = Path(argument)
    if not path.is_dir():
        files.append(("init", Source.open(argument), None))
        return path
    parent = open_run(path)
    files.append(("init", Source.open(str(path / FILE)), parent))
    if parent.architecture != architecture or len(parent.classes) != len(material.classes):
        raise MismatchError(
            f"--init {argument}: expected {architecture} with {len(material.classes)} classes, "
            f"found {parent.architecture} with {len(parent.classes)}"
        )
    _check_split(parent, argument, material, folds)
    return parent


def _check_split(parent: Run, argument: str, material: Material, folds: int | None) -> None:
    """Refuse folds that mix, and say where nothing is held out any more."""
    if parent.folds is not None:
        ours = split(material, folds, int(parent.arguments["seed"])) if folds else None
        if ours is None or parent.split is None or list(ours) != list(parent.split):
            raise MismatchError(
                f"--init {argument}: its networks are of {parent.folds} folds of other items or of "
                "another seed: a network would be tested on what its parent was trained on"
            )
        return
    seen = checkpoints.load(parent.checkpoint(ALL)).trained.numpy().view("u8")
    known = int(sum(1 for item in material.items.tolist() if item in set(seen.tolist())))
    if folds and known:
        say(
            f"warning: --init {argument} was trained on {known:,} of these images: no fold of a "
            "network that begins with it is held out from them"
        )


def _run(
    folder: Path,
    arguments: Mapping[str, Any],
    options: Options,
    material: Material,
    files: Sequence[tuple[str, Source, Made | None]],
    labels: Labels | None,
) -> Run:
    """The run as it is to be: see :class:`Run`."""
    shaping = {
        "arch": options.architecture,
        "folds": arguments["folds"],
        "target": options.target if labels is not None else "hard",
        "lr": list(options.rates),
        "mixup": [one for one in options.mixups if one],
        "seed": options.seed,
        "precision": options.precision,
        "compile": options.compiled,
    }
    told = {part.replace("_", "-"): arguments[part] for part in ("recipe", *PARTS)}
    lineage = lineage_of(
        "train", {**shaping, **told}, files, options.seed, architecture=options.architecture
    )
    hashes = {role: source.sha256 for role, source, _ in files}
    return Run(
        folder=folder,
        architecture=options.architecture,
        classes=material.classes,
        image_size=int(material.images.shape[1]),
        folds=arguments["folds"],
        split=split(material, arguments["folds"], options.seed),
        arguments={**dataclasses.asdict(options.recipe), **shaping, **hashes},
        lineage=lineage,
        machine={
            "device": str(options.device),
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
            "processes": options.world.size,
        },
    )


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C be asked for, which yields a function; a second one ends at once."""
    asked: list[bool] = []

    def ask(number: int, frame: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(True)
        say("stopping after this step (Ctrl-C again ends at once)")

    earlier = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


@contextmanager
def watched(
    prepared: Prepared, number: int, stop: Callable[[], bool]
) -> Iterator[Callable[[str, int], Reports]]:
    """A bar on a terminal, a line a minute elsewhere, and TensorBoard if it is wanted."""
    from contextlib import ExitStack

    quiet = not prepared.options.world.is_first
    with ExitStack() as stack:
        board = _board(prepared, number) if prepared.tensorboard and not quiet else None
        if board is not None:
            stack.callback(board.close)

        def tell(what: str, pictures: int) -> Reports:
            if quiet:
                return Reports(stop=stop)
            advance = stack.enter_context(progress(what, pictures, "images"))
            last = [time.monotonic()]
            epochs = prepared.options.recipe.epochs

            def step(items: int, epoch: int, loss: float) -> None:
                text = f"{what}, epoch {epoch}/{epochs:g}, loss {loss:.4f}"
                advance(items, text)
                if not sys.stderr.isatty() and time.monotonic() - last[0] > BETWEEN_LINES:
                    last[0] = time.monotonic()
                    say(text)

            def epoch_ends(epoch: int, loss: float, accuracy: float, rate: float) -> None:
                if board is not None:
                    for name, value in (("loss", loss), ("accuracy", accuracy), ("lr", rate)):
                        board.add_scalar(name, value, epoch)

            return Reports(step, epoch_ends, stop)

        yield tell


def _board(prepared: Prepared, number: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise InputError("--tensorboard: not installed: pip install 'c10h[tensorboard]'") from error
    name = prepared.run.checkpoint(number).stem
    return SummaryWriter(str(prepared.run.folder / "tensorboard" / name))


def say_outcome(outcome: Outcome, world: World) -> None:
    """One line on a network that is done."""
    if not world.is_first:
        return
    what = "all items" if outcome.fold == ALL else f"fold {outcome.fold}"
    figures = [
        f"{name} {outcome.results[key]:.4f}"
        for name, key in (("accuracy", "accuracy"), ("cross-entropy", "loss"))
        if key in outcome.results
    ]
    say(f"{what}: trained" + (f"; held out: {', '.join(figures)}" if figures else ""))


def fold_numbers(arguments: Mapping[str, Any]) -> list[int]:
    """The folds that a command line asks for. Raises InputError where there are none to share."""
    if arguments["folds"] is None:
        raise InputError("--parallel-folds: needs --folds")
    return sorted(set(arguments["fold"] or range(arguments["folds"])))


def train_in_processes(arguments: Mapping[str, Any], numbers: Sequence[int]) -> None:
    """Train folds in several processes of this program, each with its share of the cores.

    Raises C10hError where one of them fails; its own message is on stderr.
    """
    import os
    import subprocess
    from concurrent.futures import ThreadPoolExecutor

    from c10h.errors import C10hError
    from c10h.parallel import workers

    together = min(arguments["parallel_folds"], len(numbers))
    environment = {**os.environ, "OMP_NUM_THREADS": str(max(1, workers() // together))}
    prepare(arguments).begin()  # so that no two processes make the folder

    def train(number: int) -> int:
        words = [*_without(sys.argv[1:]), "--fold", str(number)]
        command = [sys.executable, "-m", "c10h", *words]
        done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)  # noqa: S603
        return done.returncode

    with ThreadPoolExecutor(together) as pool:
        statuses = list(pool.map(train, numbers))
    for number, status in zip(numbers, statuses, strict=True):
        if status:
            raise C10hError(f"fold {number}: its process ended with status {status}")


def _without(words: Sequence[str]) -> list[str]:
    """A command line without --parallel-folds and --fold."""
    left: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in ("--parallel-folds", "--fold"):
            skip = True
        elif not word.startswith(("--parallel-folds=", "--fold=")):
            left.append(word)
    return left
