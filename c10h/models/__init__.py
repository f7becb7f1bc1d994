"""Networks: families by name, a user's own, and their weights."""
