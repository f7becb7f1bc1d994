"""Labels: how they are made of people's judgments, of truth or of predictions."""
