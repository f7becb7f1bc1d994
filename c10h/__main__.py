"""``python -m c10h`` is the same as ``c10h``."""

from c10h.cli import run

if __name__ == "__main__":
    run()
