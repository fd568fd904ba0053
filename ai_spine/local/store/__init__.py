"""What the local server keeps, in SQLite."""
