"""How a file was made, as a tree."""

from __future__ import annotations

from c10h.records import Input, Lineage
from c10h.views.lineage import command_line, to_lines

BUILD = Lineage(
    command="c10h labels build",
    options={"as": "human"},
    inputs=(Input(role="source", name="counts.npy", sha256="c" * 64),),
    version="1.0",
)
SCORE = Lineage(
    command="c10h score",
    options={"tag": ["network=a", "data=b"], "in-sample": True, "probs": False, "by": None},
    seed=3,
    inputs=(
        Input(role="labels", name="l.h5", sha256="a" * 64, kind="labels", lineage=BUILD),
        Input(role="truth", name="y.npy", sha256="b" * 64),
    ),
    version="1.1",
)


def test_options_read_as_they_are_typed() -> None:
    assert command_line(SCORE) == "c10h score --tag network=a --tag data=b --in-sample"


def test_options_of_zero_are_told() -> None:
    lineage = Lineage(command="c10h x", options={"smoothing": 0.0, "resamples": 0})
    assert command_line(lineage) == "c10h x --smoothing 0 --resamples 0"


def test_inputs_are_branches_with_their_own_lineage() -> None:
    assert to_lines(SCORE) == [
        "c10h score --tag network=a --tag data=b --in-sample  (c10h 1.1)  seed 3",
        f"├─ labels: l.h5 (labels)  sha256 {'a' * 64}",
        "│  c10h labels build --as human  (c10h 1.0)",
        f"│  └─ source: counts.npy  sha256 {'c' * 64}",
        f"└─ truth: y.npy  sha256 {'b' * 64}",
    ]


def test_a_file_of_unknown_origin() -> None:
    assert to_lines(Lineage(command=""))[0].startswith("(unknown)")
