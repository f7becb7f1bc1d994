"""Attacks on classifiers: budgets, losses, methods, and how one is carried out."""
