"""``c10h report PRED LABELS IMAGES --figure gallery``."""

from __future__ import annotations

from collections.abc import Sequence

from c10h import h5
from c10h.cli.console import PLAIN_WIDTH, print_tables, print_text, progress, terminal, write
from c10h.cli.inputs import split_name
from c10h.data.cache import open_input
from c10h.data.catalogue import IMAGES, LABELS
from c10h.data.readers import open_labels, open_predictions
from c10h.errors import InputError
from c10h.files import Source, check_single_stdin
from c10h.records import Images
from c10h.report.gallery import HEADER, Gallery
from c10h.report.gallery_text import to_text
from c10h.report.given import File, Given
from c10h.report.report import FEET, Report
from c10h.report.report_page import to_html
from c10h.report.table import FORMATS, to_csv, to_json_text, to_plain
from c10h.stages.gallery import gallery


def read_gallery(arguments: Sequence[str]) -> tuple[Gallery, list[File]]:
    """The gallery of the three files, and the files for the lineage.

    Raises InputError for another number of files, and what their readers and the stage raise.
    """
    if len(arguments) != 3:
        raise InputError(
            "--figure gallery needs predictions, labels and images, in this order; found "
            f"{len(arguments)} files"
        )
    name, first = split_name(arguments[0])
    check_single_stdin([first, *arguments[1:]])
    sources = [
        Source.open(first), open_input(arguments[1], LABELS), open_input(arguments[2], IMAGES)
    ]  # fmt: skip
    predictions, labels = open_predictions(sources[0]), open_labels(sources[1])
    images = h5.read(sources[2], Images)
    assert isinstance(images, Images)
    with progress("comparing", predictions.logits.shape[1]) as advance:
        found = gallery(predictions, labels, images, run=name or sources[0].stem, advance=advance)
    records = (predictions, labels, images)
    files = [
        File(source.name, record.kind, source.sha256, record.lineage)
        for source, record in zip(sources, records, strict=True)
    ]
    return found, files


def write_gallery(arguments: Sequence[str], form: str, output: str | None) -> None:
    """The gallery of three files in any textual form, at the foot how they were made.

    Raises InputError for another form, and what :func:`read_gallery` raises.
    """
    if form in ("svg", "png", "pdf"):
        raise InputError(f"--format {form}: a gallery is no drawing: html has its pictures")
    found, files = read_gallery(arguments)
    foot = Report(Given(), files=files)
    if form == "terminal":
        _write_terminal(found, foot, output)
    elif form == "html":
        write(output, to_html(foot, found))
    elif form == "json":
        write(output, to_json_text({"figure": found.to_json(), **foot.to_json()}))
    elif form == "csv":
        write(output, to_csv(HEADER, found.rows()))
    else:
        lines = [step.line() for step in foot.lineage()]
        write(output, FEET[form](FORMATS[form]([found.table()]), lines))


def _write_terminal(found: Gallery, foot: Report, output: str | None) -> None:
    """Pictures where the terminal has colours, else a table."""
    shown = terminal() if output is None else None
    if shown is None:
        write(output, f"{to_plain([found.table()])}\n{foot.charts(PLAIN_WIDTH)}")
        return
    width, colours = shown
    text = to_text(found, width, colours)
    if text:
        print_text(text)
    else:
        print_tables([found.table()])
    print_text(f"\n{foot.charts(width)}")
