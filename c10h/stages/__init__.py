"""One pure function a command: records in, records out; no paths, no console."""
