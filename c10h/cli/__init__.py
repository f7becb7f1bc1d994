"""The command line: one thin file a command, which parses, calls one stage and writes."""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated

import typer

from c10h import __version__
from c10h.cli import console
from c10h.cli.lazy_commands import lazy
from c10h.cli.zsh_completion import complete_at_first_tab
from c10h.errors import C10hError
from c10h.files import reason

# Packages that only networks need, and that the group "light" of pyproject.toml leaves out.
LEFT_OUT = ("torch", "torchvision", "cleverhans")
# What threads and the loader of modules say where there is no memory for them.
NO_MEMORY = ("can't start new thread", "failed to map segment")

app = typer.Typer(
    name="c10h",
    cls=lazy(
        {
            "data": "c10h.cli.data:app",
            "labels": "c10h.cli.labels:app",
            "train": "c10h.cli.train:train",
            "predict": "c10h.cli.predict:predict",
            "attack": "c10h.cli.attack:attack",
            "score": "c10h.cli.score:score",
            "report": "c10h.cli.report:report",
            "show": "c10h.cli.show:show",
            "demo": "c10h.cli.demo:demo",
        }
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        console.print_text(f"c10h {__version__}\n")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the version and exit.",
            is_eager=True,
            callback=_print_version,
        ),
    ] = False,
) -> None:
    """Does a classifier's uncertainty look like people's?

    Commands exchange HDF5 files of labels, predictions, attacks and scores; - means stdin or
    stdout.

    [bold]c10h labels build counts.npy --truth y.npy -o labels.h5[/]

    [bold]c10h score logits.npy --labels labels.h5[/]
    """


def main() -> None:
    """Run a command line. Errors of the user's end with one line."""
    complete_at_first_tab()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # for terminals that lack a letter
    if sys.stdout is None:
        console.fail("stdout is closed")
        sys.exit(1)
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except C10hError as error:
        console.fail(str(error))
        sys.exit(error.exit_status)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in LEFT_OUT:
            raise
        names = " ".join(LEFT_OUT)
        console.fail(f"{package} is not installed here, which this needs: pip install {names}")
        sys.exit(1)
    except (MemoryError, RuntimeError, ImportError) as error:
        if not isinstance(error, MemoryError) and not any(w in str(error) for w in NO_MEMORY):
            raise
        console.fail("out of memory: more than the machine has, or than a limit allows")
        sys.exit(1)
    except OSError as error:
        # Python flushes stdout once more at exit, which must not fail aloud.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        console.fail(reason(error))
        sys.exit(1)
