"""What the name of an output says of its form: one table for every command."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from c10h.errors import InputError, OutputError
from c10h.views.forms.tables import TABLE_FORMS

RECORD = "HDF5"
# Forms by the suffix that says so. Other suffixes, and none, say nothing; those of forms that no
# command writes are here so that no file has them that is something else.
SUFFIXES = {
    **{suffix: name for name, form in TABLE_FORMS.items() for suffix in form.suffixes},
    ".csv": "csv",
    ".json": "json",
    ".html": "html",
    ".htm": "html",
    ".svg": "svg",
    ".png": "png",
    ".pdf": "pdf",
    ".h5": RECORD,
    ".hdf5": RECORD,
    **{
        f".{name}": name
        for name in (
            "7z", "arrow", "bz2", "doc", "docx", "eps", "feather", "gif", "gz", "ipynb", "jpeg",
            "jpg", "jsonl", "mat", "npy", "npz", "parquet", "pickle", "pkl", "ps", "pt", "pth",
            "safetensors", "tar", "tgz", "tif", "tiff", "tsv", "webp", "xls", "xlsx", "xml", "xz",
            "yaml", "yml", "zip", "zst",
        )
    },
}  # fmt: skip


# Forms that other commands make of an HDF5 file.
OF_REPORT = ("html", "svg", "png", "pdf")
OF_ITEMS = ("parquet", "csv")


def form_of_text(output: str | None, named: str | None, json: bool, *forms: str) -> str:
    """The form of a result: what ``--format`` or ``--json`` says, the suffix of ``-o``, terminal.

    forms: those that the command has. Raises InputError where these contradict each other,
    OutputError for a suffix of another form than the command has.
    """
    said = SUFFIXES.get(suffix(output))
    if json and named not in (None, "json"):
        raise InputError(f"--json and --format {named} exclude each other")
    if said is not None and said not in forms:
        known = ", ".join(name for name, form in SUFFIXES.items() if form in forms)
        raise OutputError(
            f"{output}: {suffix(output)} is not a format that this command writes: {known}"
        )
    named = "json" if json else named
    if named is not None and said not in (None, named):
        option = "--json" if json else f"--format {named}"
        raise InputError(f"-o {output}: {option} contradicts the suffix {suffix(output)}")
    return named or said or "terminal"


def check_record(output: str | None, printed: Collection[str] = ()) -> str | None:
    """The output, unless its suffix says that it is no HDF5 file: then OutputError.

    printed: the forms in which the command prints its result besides.
    """
    said = SUFFIXES.get(suffix(output), RECORD)
    if said == RECORD:
        return output
    hint = ""
    if said in printed:
        hint = f"; --format {said} > {output} writes the result there"
    elif said in OF_REPORT:
        hint = f", of which c10h report -o {output} makes a page or a figure"
    elif said in OF_ITEMS:
        hint = f", of which c10h show -o {output} makes a table of items"
    raise OutputError(
        f"{output}: this command writes an HDF5 file, such as {_renamed(output)}{hint}"
    )


def check_folder(output: str) -> str:
    """The output, unless its suffix says that it is a file: then OutputError."""
    if suffix(output) in SUFFIXES:
        raise OutputError(f"{output}: this command writes a folder, found the name of a file")
    return output


def _renamed(output: str | None) -> str:
    return Path(str(output)).with_suffix(".h5").name


def form_of_printed(output: str | None, named: str | None, json: bool) -> str:
    """The form of a result that is printed besides a file: what ``--format`` or ``--json`` says.

    Raises InputError where the file goes to stdout, too, and a form for programs is asked for.
    """
    form = form_of_text(None, named, json)
    if output == "-" and form != "terminal":
        option = "--json" if json else f"--format {form}"
        raise InputError(f"-o - and {option} would both write to stdout: name a file")
    return form


def suffix(output: str | None) -> str:
    """The suffix of an output's name in small letters; empty for stdout and for none."""
    return "" if output in (None, "-") else Path(str(output)).suffix.lower()
