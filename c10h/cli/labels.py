"""``c10h labels``: the commands that make labels and look at them."""

from __future__ import annotations

import typer

from c10h.cli.lazy_commands import lazy

app = typer.Typer(
    cls=lazy(
        {
            "build": "c10h.cli.labels_build:build",
            "annotators": "c10h.cli.labels_annotators:annotators",
            "noise": "c10h.cli.labels_noise:noise",
            "plan": "c10h.cli.labels_plan:plan",
        }
    ),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
)


@app.callback()
def labels() -> None:
    """Soft labels: build them, measure their noise, plan further judgments."""
