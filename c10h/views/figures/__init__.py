"""Figures: each is made of numbers alone, which terminals and pictures draw."""
