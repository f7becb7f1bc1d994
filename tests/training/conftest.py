"""What tests of training share."""

from models.conftest import seeded

__all__ = ["seeded"]
