"""Pictures of a folder or archive, read once, whatever tells their classes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from c10h.errors import AmbiguousError, InputError
from c10h.files import Source
from c10h.formats.archives import Member, members
from c10h.images.class_folders import ClassFolders
from c10h.images.file_class_tables import FileClassTable
from c10h.images.import_request import IDS, Imported, ImportRequest, Start
from c10h.images.loose_files import LooseFiles
from c10h.images.parallel_decoding import decoded
from c10h.images.picture_file import MOST_BYTES
from c10h.images.picture_listing import Listing, make_ids
from c10h.images.pixel_spool import Spool
from c10h.records import Images


def import_folder(source: Source, request: ImportRequest, scratch: Path, start: Start) -> Imported:
    """Read the pictures of a folder or archive, in several processes.

    scratch: a folder with room for the pixels. start: given the number of pictures, where it is
    known, returns what is called with how many more are done.
    Raises InputError or FileError with the picture or folder that is wrong, OutputError where the
    pixels do not fit on the disk.
    """
    if request.ids_file is not None:
        raise InputError(f"--ids: expected {', '.join(IDS)} for images in folders, found a file")
    listing, choice = _listing(source, request), request.choice
    files: Iterable[Member] = members(source, listing.wants, MOST_BYTES)
    total = None
    if source.path.is_dir():
        files = list(files)
        total = sum(member.content is not None for member in files)
    advance = start(total)
    with (
        closing(Spool(source.name, scratch)) as spool,
        closing(decoded(listing.pictures(files), choice.side)) as batches,
    ):
        for batch in batches:
            spool.add(batch, skip_bad=choice.skip_bad)
            advance(len(batch.members))
        return _in_order(source, request, listing, spool)


def _listing(source: Source, request: ImportRequest) -> Listing:
    """What tells the classes of pictures: folders, a table, or nothing."""
    choice = request.choice
    if request.labels is None and choice.skip_unlabeled:
        raise InputError("--skip-unlabeled needs --labels TABLE of file,class")
    if request.labels is None and not request.no_truth:
        return ClassFolders(source.name, request)
    option = "--labels" if request.labels is not None else "--no-truth"
    if choice.to_class is not None:
        raise InputError(f"--map cannot be combined with {option}")
    if request.labels is not None:
        return LooseFiles(
            source.name,
            request,
            table=FileClassTable(request.labels, request.classes, one_based=request.one_based),
        )
    if request.classes is None:
        raise AmbiguousError(
            f"{source.name}: --no-truth: which classes are possible? Name them, e.g. --classes a,b"
        )
    return LooseFiles(source.name, request)


def _in_order(source: Source, request: ImportRequest, listing: Listing, spool: Spool) -> Imported:
    listing.check(taken=len(spool.digests))
    spool.check_any()
    arranged = listing.arrange(spool.paths)
    images = Images(
        classes=arranged.classes,
        images=spool.rows(arranged.order),
        truth=arranged.truth,
        ids=make_ids(arranged.paths, request.ids or "path", source.name),
    )
    if source.path.is_dir():
        lines = "".join(f"{digest}  {path}\n" for path, digest in sorted(spool.digests))
        source = replace(source, digest=hashlib.sha256(lines.encode()).hexdigest())
    notes = (*spool.notes(), *listing.notes())
    return Imported(images, source, notes, spool.excluded())
