"""What results look like: tables and the formats that they are written in."""
