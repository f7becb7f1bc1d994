"""Draw docs/synthetic.png: the kinds of drawings by grade, and pictures of both embedded sets.

    python benchmarks/embedded_pictures.py docs/synthetic.png

Six rows from grade 0 to grade 1, then two rows of synthetic and two of synthetic-far, as they come.
"""

import sys

import numpy as np
from PIL import Image

from c10h.datasets.embedded.drawings import KINDS
from c10h.datasets.embedded.generation import SETTINGS, make
from c10h.datasets.embedded.rendering import Camera, Random, paint

COLUMNS = 13
SCALE = 2


def main():
    """Put all pictures on one sheet."""
    random = Random(2)
    grades = np.linspace(0, 1, COLUMNS, dtype=np.float32)
    rows = [np.rint(255 * paint(kind, grades, Camera(), random)) for kind in KINDS]
    for recipe in SETTINGS.values():
        images = make(recipe).images
        rows += [images[:COLUMNS], images[COLUMNS : 2 * COLUMNS]]
    sheet = np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
    picture = Image.fromarray(sheet.astype(np.uint8))
    size = (picture.width * SCALE, picture.height * SCALE)
    picture.resize(size, Image.Resampling.NEAREST).save(sys.argv[1], optimize=True)


if __name__ == "__main__":
    main()
