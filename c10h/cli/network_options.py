"""Options and arguments that train, predict and attack share, each declared once."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from c10h.cli.options import MACHINE, chosen, complete_architectures, complete_inputs
from c10h.stages.network_requests import PRECISIONS

FOREIGN = "Networks without a run"

ImagesFile: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="IMAGES",
        help="Images: a file that c10h data import wrote, or the name of a data set.",
        autocompletion=complete_inputs,
    ),
]
RunsAndImages: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="[RUN…] IMAGES",
        help="Run folders of c10h train, and the images; with --arch only the images.",
        autocompletion=complete_inputs,
    ),
]
Architecture: TypeAlias = Annotated[
    str,
    typer.Option(
        "--arch",
        metavar="NAME",
        help="The network: resnet_basic_20, wrn_28_10, … (c10h train --list-architectures), "
        "torchvision:resnet18, timm:resnet18, or your own package.module:callable.",
        autocompletion=complete_architectures,
    ),
]
Device: TypeAlias = Annotated[
    str,
    typer.Option(
        "--device",
        metavar="auto|cpu|cuda|mps",
        help="Where to compute; auto uses a GPU if there is one.",
        autocompletion=lambda: ["auto", "cpu", "cuda", "mps"],
        rich_help_panel=MACHINE,
    ),
]
Precision: TypeAlias = Annotated[
    str,
    chosen(
        PRECISIONS,
        "--precision",
        "Precision of the networks' arithmetic.",
        rich_help_panel=MACHINE,
    ),
]
ForeignArchitecture: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--arch",
        metavar="NAME",
        help="Network to use instead of a run: a name, torchvision:NAME, timm:NAME or "
        "package.module:callable. A run of such a callable needs it, too: a folder alone runs no "
        "code.",
        autocompletion=complete_architectures,
        rich_help_panel=FOREIGN,
    ),
]
Weights: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--weights",
        metavar="FILE",
        help="Weights for --arch: a state dict saved by torch or safetensors; nothing else is "
        "loaded.",
        rich_help_panel=FOREIGN,
    ),
]
Mean: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--mean",
        metavar="R,G,B",
        help="What the network of --arch expects to be subtracted from pixels in [0, 1], by "
        "channel; one number for all.",
        rich_help_panel=FOREIGN,
    ),
]
Std: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--std",
        metavar="R,G,B",
        help="What it expects them to be divided by then. Without both, your own network gets "
        "pixels in [0, 1].",
        rich_help_panel=FOREIGN,
    ),
]
NetworkProbs: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--probs", help="The network of --arch returns probabilities: take their logarithm."
    ),
]
BatchSize: TypeAlias = Annotated[
    int,
    typer.Option("--batch-size", metavar="B", min=1, help="Batch size.", rich_help_panel=MACHINE),
]
