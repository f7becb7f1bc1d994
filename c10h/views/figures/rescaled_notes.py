"""What figures of networks before and after rescaling say below."""

from __future__ import annotations

from collections.abc import Mapping

from c10h.stages.people_and_networks import Compared
from c10h.stages.rescaled_networks import BeforeAndAfter
from c10h.views.notes import exposure_notes


def rescaled_notes(compared: Compared, networks: Mapping[str, BeforeAndAfter]) -> list[str]:
    """The temperatures, why there is none, and what the networks were trained on."""
    temperatures = ", ".join(
        f"{name} {network.temperature:.3f}"
        for name, network in networks.items()
        if not network.missing
    )
    fitted = (
        f"Rescaled: logits divided by the temperature that fits people best, cross-fitted: "
        f"{temperatures}."
    )
    return [
        *([fitted] if temperatures else []),
        *(f"{name} is not rescaled: {network.missing}." for name, network in networks.items()
          if network.missing),
        *exposure_notes(compared.exposure.items()),
    ]  # fmt: skip
