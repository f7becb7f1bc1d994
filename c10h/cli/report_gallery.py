"""``c10h report PRED LABELS IMAGES --figure gallery``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from c10h.cli.console import print_text, terminal, write
from c10h.cli.progress_bar import progress
from c10h.datasets.cache import open_input
from c10h.datasets.catalogue import LABELS
from c10h.errors import InputError
from c10h.files import Source, atomic_output, check_single_stdin, split_name, write_all
from c10h.formats.predictions_and_labels import open_labels, open_predictions
from c10h.records import Images, Input, Labels, Predictions
from c10h.stages.arguments import check_predictions, open_images
from c10h.stages.gallery import PICTURES, Gallery, gallery
from c10h.stages.report import Results
from c10h.views import gallery as views
from c10h.views.display import WIDTH
from c10h.views.figures.gallery import gallery_figure
from c10h.views.forms.csv_rows import rows_to_csv
from c10h.views.forms.figure_look import Look
from c10h.views.forms.html_report import to_html
from c10h.views.forms.json_text import to_json_text
from c10h.views.forms.plain import to_plain
from c10h.views.forms.tables import render_with_foot
from c10h.views.forms.terminal_gallery import to_text
from c10h.views.lineage_script import to_script
from c10h.views.lineage_steps import Step, steps
from c10h.views.report import Report, files_to_json, foot_lines
from c10h.views.report_forms import PICTURES as PICTURE_FORMS


@dataclass(frozen=True)
class Opened:
    """The three files of a gallery. files: the same for the lineage, in this order."""

    run: str
    predictions: Predictions
    labels: Labels
    images: Images
    files: Sequence[Input]


def open_files(arguments: Sequence[str]) -> Opened:
    """Predictions, labels and images, in this order.

    Raises InputError for another number of files, and what their readers raise.
    """
    if len(arguments) != 3:
        raise InputError(
            "--figure gallery needs predictions, labels and images, in this order; found "
            f"{len(arguments)} files"
        )
    name, first = split_name(arguments[0])
    check_single_stdin([first, *arguments[1:]])
    check_predictions(first)
    sources = [Source.open(first), open_input(arguments[1], LABELS)]
    predictions, labels = open_predictions(sources[0]), open_labels(sources[1])
    pictures, images = open_images(arguments[2])
    files = [
        Input(
            role="file",
            name=source.name,
            sha256=source.sha256,
            kind=record.kind,
            lineage=record.lineage,
        )
        for source, record in zip([*sources, pictures], (predictions, labels, images), strict=True)
    ]
    return Opened(name or sources[0].stem, predictions, labels, images, files)


def report_gallery(
    arguments: Sequence[str], count: int | None, form: str, output: str | None, look: Look
) -> None:
    """The ``count`` pictures of three files in any form, at the foot how they were made.

    form: ``script`` is for the commands that make the files alone. look: of drawings. Raises what
    :func:`open_files` and the stage raise.
    """
    opened = open_files(arguments)
    if form == "script":
        write(output, to_script(steps(opened.files)))
        return
    with progress("comparing", opened.predictions.logits.shape[1]) as advance:
        pictures = gallery(
            opened.predictions,
            opened.labels,
            opened.images,
            PICTURES if count is None else count,
            opened.run,
            images_sha256=opened.files[2].sha256,
            advance=advance,
        )
    results, behind = Results(files=opened.files), steps(opened.files)
    if form == "terminal":
        _write_terminal(pictures, behind, output)
    elif form == "html":
        write(output, to_html(Report(results), pictures))
    elif form in PICTURE_FORMS:
        from c10h.views.forms.drawn_figures import draw

        drawn = draw(gallery_figure(pictures), form, [step.line() for step in behind], look)
        with atomic_output(output or "-") as stream:
            write_all(stream, drawn)
    elif form == "json":
        write(output, to_json_text({"figure": views.to_json(pictures), **files_to_json(results)}))
    elif form == "csv":
        write(output, rows_to_csv(views.to_rows(pictures)))
    else:
        lines = [step.line() for step in behind]
        write(output, render_with_foot(form, [views.gallery_table(pictures)], lines))


def _write_terminal(pictures: Gallery, behind: Sequence[Step], output: str | None) -> None:
    """Pictures where the terminal has colours; a table where there is no terminal."""
    shown = terminal() if output is None else None
    if shown is None:
        text, width = to_plain([views.gallery_table(pictures)]), WIDTH
        write(output, "\n".join([text, *foot_lines(behind, width)]))
    else:
        width, colours = shown
        print_text("\n".join([to_text(pictures, width, colours), *foot_lines(behind, width)]))
