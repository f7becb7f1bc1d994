"""The forms that results are written and drawn in, one file each."""
