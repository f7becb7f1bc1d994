"""Training on soft labels: recipes, loop, targets, augmentation, folds, checkpoints."""
