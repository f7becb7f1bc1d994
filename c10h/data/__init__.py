"""Data from elsewhere: class names, and matrices in the formats that people have."""
