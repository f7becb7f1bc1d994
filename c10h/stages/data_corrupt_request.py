"""What is asked of a corruption of images, checked as it is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from c10h.errors import InputError
from c10h.files import Source
from c10h.images.corruptions.table import CORRUPTIONS, SEVERITIES
from c10h.request_fields import check_bounds, given_as, seeding, shaping

if TYPE_CHECKING:
    from c10h.records import Images


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class CorruptRequest:
    """What to corrupt and how.

    images, images_file: pictures, and the file that they are in. kind: a name in CORRUPTIONS.
    severity: one of SEVERITIES. seed: of what is random. Raises InputError for another kind or
    severity.
    """

    command: ClassVar[str] = "data corrupt"

    images: Images
    images_file: Source = given_as("", "images")
    kind: str = shaping("kind", among=CORRUPTIONS)
    severity: int = shaping("severity")
    seed: int = seeding()

    def __post_init__(self) -> None:
        check_bounds(self)
        if self.severity not in SEVERITIES:
            raise InputError(f"--severity {self.severity}: expected 1, 2, 3, 4 or 5")
