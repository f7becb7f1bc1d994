"""The Python door: what ``import c10h`` offers besides the command line."""
