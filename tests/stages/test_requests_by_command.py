"""Command lines are written from what requests declare."""

from __future__ import annotations

from importlib import import_module

import pytest

from c10h.stages.requests_by_command import REQUESTS, has_seed, inputs_of, options_by_name


@pytest.mark.parametrize("command", REQUESTS)
def test_a_request_knows_its_command(command: str) -> None:
    module, _, name = REQUESTS[command].partition(":")
    assert f"c10h {getattr(import_module(module), name).command}" == command
    assert inputs_of(command)
    assert options_by_name(command)


def test_seeds() -> None:
    commands = [command for command in REQUESTS if has_seed(command)]
    assert commands == [
        "c10h data corrupt",
        "c10h labels build",
        "c10h train",
        "c10h attack",
        "c10h score",
    ]


def test_networks_stand_before_images() -> None:
    given = inputs_of("c10h attack")
    assert [one.roles[0] for one in given if not one.flag] == ["network", "images"]


def test_an_unknown_command() -> None:
    assert not inputs_of("rm")
    assert not options_by_name("rm")
    assert not has_seed("rm")
