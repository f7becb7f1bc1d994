"""Pictures from folders, archives, arrays and batches."""
