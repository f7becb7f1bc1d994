"""What a foreign file is: arrays, tables, judgments, class names."""
