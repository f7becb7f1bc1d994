"""The catalogue of data sets, their cache and downloads, and the embedded sets."""
