"""Corruptions of images, as those of CIFAR-10-C: a file for each family, and their table."""
