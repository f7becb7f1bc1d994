"""``c10h labels``: the commands that make labels and look at them."""

from __future__ import annotations

import typer

from c10h.cli.labels_annotators import annotators
from c10h.cli.labels_build import build
from c10h.cli.labels_noise import noise
from c10h.cli.labels_plan import plan

app = typer.Typer(no_args_is_help=True)


@app.callback()
def labels() -> None:
    """Soft labels: make them, know how noisy they are, plan more judgments."""


for command in (build, annotators, noise, plan):
    app.command()(command)
