"""README.md's blocks run, one after another in a clone, and print what it shows."""

from __future__ import annotations

import pytest

from docs.blocks import README, agrees, outputs, runs, steps


# Those that show what they print take seconds; the others train and attack networks.
@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.full)])
def test_it_prints_what_it_shows(whole: bool) -> None:
    for step, printed in outputs(README, whole=whole):
        assert agrees(step, printed), f"{step.code}prints now:\n{printed}"
    blocks = steps(README.read_text(encoding="utf-8"))
    if left_out := [step.code for step in blocks if not step.why_not and not runs(step)]:
        pytest.skip(f"all but {len(left_out)} blocks, whose files C10H_DATA does not name")


def test_most_of_it_is_run_and_shown() -> None:
    blocks = steps(README.read_text(encoding="utf-8"))
    assert sum(not step.why_not for step in blocks) >= 8
    assert sum(step.shown is not None for step in blocks) >= 2
