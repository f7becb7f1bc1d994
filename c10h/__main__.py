"""``python -m c10h`` is the same as ``c10h``."""

from c10h.cli import main

if __name__ == "__main__":
    main()
