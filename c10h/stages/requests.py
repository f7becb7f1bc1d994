"""What training, predicting and attacking are asked: requests, which are checked as they are made.

Nothing here imports torch or numpy, which a request that cannot be carried out does not wait for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from c10h.errors import InputError

if TYPE_CHECKING:
    from c10h.files import Source
    from c10h.records import Images
    from c10h.run_folder import Run


@dataclass(frozen=True)
class RunNetworks:
    """The networks of runs that c10h trained, each run once.

    held_out: demand that each image is answered for by a network that did not see it. members: each
    network by itself. names: what messages call the runs, unless by their folders. Raises
    InputError for a run that is there twice.
    """

    runs: tuple[Run, ...]
    held_out: bool = False
    members: bool = False
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        places = [run.folder.resolve() for run in self.runs]
        for number, place in enumerate(places):
            if place in places[:number]:
                name = self.names[number] if self.names else self.runs[number].folder
                raise InputError(f"{name}: was given twice")

    @property
    def architecture(self) -> str:
        return self.runs[0].architecture


@dataclass(frozen=True)
class ForeignNetwork:
    """A network that no run of c10h made.

    architecture: a name that :func:`c10h.models.build` knows. weights: a file of them; random ones
    without. classes: names as ``--classes`` has them; without, those of the images. probs: it
    returns probabilities, not logits. Raises InputError for the checkpoint of a run as weights,
    and for classes that cannot be.
    """

    architecture: str
    weights: Source | None = None
    classes: str | None = None
    probs: bool = False

    def __post_init__(self) -> None:
        from c10h.formats.classes import parse_classes
        from c10h.run_folder import refuse_checkpoint

        if self.weights is not None:
            refuse_checkpoint("--weights", self.weights.path)
        if self.classes is not None:
            parse_classes(self.classes)


Networks: TypeAlias = RunNetworks | ForeignNetwork


@dataclass(frozen=True)
class PredictRequest:
    """What to predict.

    images, images_file: pictures, and the file that they are from. networks: who answers.
    batch_size: images at a time. device: auto, or a name of torch's. precision: auto, fp32, bf16 or
    fp16, of the networks' products.
    """

    images: Images
    images_file: Source
    networks: Networks
    batch_size: int = 500
    device: str = "auto"
    precision: str = "fp32"
